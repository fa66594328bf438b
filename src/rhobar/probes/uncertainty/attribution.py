"""Which inputs an output rests on: saliency and integrated gradients.

    saliency               |∂f/∂x|
    integrated gradients   (x − x₀) ⊙ ∫₀¹ ∂f/∂x (x₀ + t (x − x₀)) dt

The latter sum to f(x) − f(x₀) (completeness). The integral is a Gauss–Legendre sum, and how far it misses completeness
is reported: it bounds the error of the sum from below, and more points mend it.

Textbook: C-§11.1.3.

References:
    Simonyan, Vedaldi and Zisserman (2014), Deep inside convolutional networks, section 3.
    Sundararajan, Taly and Yan (2017), Axiomatic attribution for deep networks, eq. 1 and proposition 1.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from rhobar.probes.restoring import restored
from rhobar.probes.second_order import eager

__all__ = ["Attribution", "integrated_gradients", "saliency"]

Score = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Attribution:
    """What each input contributes.

    Attributes:
        values: In the inputs' shape.
        change: f(x) − f(x₀) of each sample.
        residual: Sum of the values less `change`; zero if the integral is exact.
        num_points: Points of the integral.
    """

    values: Float[Tensor, "samples ..."] = field(repr=False)
    change: Float[Tensor, " samples"] = field(repr=False)
    residual: Float[Tensor, " samples"]
    num_points: int


def saliency(model: nn.Module, x: Float[Tensor, "samples ..."], target: int | Tensor) -> Float[Tensor, "samples ..."]:
    """Return the absolute gradient of an output by the inputs.

    Args:
        model: A module that returns one row of outputs a sample, in the mode that is meant; it is left as it was.
        x: Inputs.
        target: The output's index, one for all or one a sample.

    Note:
        A `ValueError` is raised if inputs or outputs do not fit.

    Example:
        >>> model = nn.Linear(2, 1)
        >>> _ = model.load_state_dict({"weight": torch.tensor([[3.0, -2.0]]), "bias": torch.zeros(1)})
        >>> saliency(model, torch.ones(1, 2), 0)
        tensor([[3., 2.]])
    """
    _, g = _scores(eager(model), x, target)
    return g.abs()


def integrated_gradients(
    model: nn.Module,
    x: Float[Tensor, "samples ..."],
    target: int | Tensor,
    *,
    baseline: Tensor | None = None,
    num_points: int = 50,
) -> Attribution:
    """Attribute the change of an output from a baseline to the inputs.

    Args:
        model: As for `saliency`.
        x: Inputs.
        target: The output's index, one for all or one a sample.
        baseline: x₀, by default zeros.
        num_points: Points of the integral.

    Raises:
        ValueError: If inputs or outputs do not fit, or there is no point.

    Example:
        >>> model = nn.Linear(2, 1)
        >>> _ = model.load_state_dict({"weight": torch.tensor([[3.0, -2.0]]), "bias": torch.ones(1)})
        >>> found = integrated_gradients(model, torch.tensor([[1.0, 2.0]]), 0)
        >>> found.values.round(decimals=3), found.change
        (tensor([[ 3., -4.]]), tensor([-1.]))
    """
    if num_points < 1:
        raise ValueError(f"num_points must be at least 1, got {num_points}.")
    model = eager(model)
    start = torch.zeros_like(x) if baseline is None else baseline.expand_as(x)
    nodes, weights = np.polynomial.legendre.leggauss(num_points)
    total = torch.zeros_like(x)
    for t, w in zip((nodes + 1) / 2, weights / 2, strict=True):
        _, g = _scores(model, start + float(t) * (x - start), target)
        total += float(w) * g
    values = (x - start) * total
    change = _scores(model, x, target)[0] - _scores(model, start, target)[0]
    return Attribution(values, change, values.flatten(1).sum(1) - change, num_points)


def _scores(model: nn.Module, x: Tensor, target: int | Tensor) -> tuple[Tensor, Tensor]:
    """Return the chosen output of each sample and its gradient by the inputs.

    Raises:
        ValueError: If they do not fit.
    """
    if not x.is_floating_point() or x.dim() < 2 or not x.isfinite().all():
        raise ValueError(f"x must be finite floating inputs, samples first, got {tuple(x.shape)} of {x.dtype}.")
    with restored(model), torch.inference_mode(False), torch.enable_grad():
        model.requires_grad_(False)
        at = x.detach().clone().requires_grad_()
        out = model(at)
        if not isinstance(out, Tensor) or out.dim() != 2 or out.shape[0] != x.shape[0]:
            what = tuple(out.shape) if isinstance(out, Tensor) else type(out).__name__
            raise ValueError(f"The model must return one row of outputs for each of {x.shape[0]} samples, got {what}.")
        index = torch.as_tensor(target, device=x.device).expand(x.shape[0])
        chosen = out.gather(1, index[:, None])[:, 0]
        (g,) = torch.autograd.grad(chosen.sum(), at)
    return chosen.detach(), g
