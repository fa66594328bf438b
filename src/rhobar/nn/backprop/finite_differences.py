"""Finite differences: a gradient from the loss alone, and what that costs beside backpropagation.

With W parameters, backpropagation takes one forward and one backward pass, O(W) each; differences take two forward
passes for every parameter, O(W²).

Textbook: A53, C-§4.3.4.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

__all__ = ["FiniteDifferences", "GradientCost", "finite_differences", "gradient_cost"]


@dataclass(frozen=True)
class FiniteDifferences:
    """A gradient by central differences.

    Attributes:
        gradients: One for each parameter, of its shape.
        num_forwards: Evaluations of the loss: 2 W.
    """

    gradients: tuple[Tensor, ...]
    num_forwards: int


@dataclass(frozen=True)
class GradientCost:
    """Floating-point operations of one gradient, by either way.

    Counted are products of matrices, convolutions and attention, as torch counts them; elementwise operations are
    not, so a model without such products costs nothing here.

    Attributes:
        num_parameters: W.
        forward: One evaluation of the loss.
        backward: The backward pass after it: twice the forward, but for the first layer, whose input needs no
            gradient.
        finite_differences: 2 W evaluations.
    """

    num_parameters: int
    forward: int
    backward: int
    finite_differences: int


def finite_differences(
    loss: Callable[[], Tensor], parameters: Sequence[Tensor], *, step: float | None = None
) -> FiniteDifferences:
    """Move each parameter a little to both sides, and compare the losses.

        ∂L/∂w_i ≈ (L(w + h e_i) − L(w − h e_i)) / 2h,   error O(h²) + O(ε/h)

    The default h = ε^(1/3) max(1, |w_i|) balances the two, with ε the resolution of the dtype: use float64.

    Textbook: A53, C-§4.3.4.

    Args:
        loss: Computes the loss from the present values of the parameters; it must not draw random numbers.
        parameters: Moved in place one entry at a time, and given back exactly, also if the loss raises.
        step: h, for all entries alike.

    Raises:
        ValueError: If the step is not positive.

    Example:
        >>> w = torch.tensor([3.0, 1.0], dtype=torch.float64)
        >>> found = finite_differences(lambda: (w**2).sum(), [w])
        >>> found.gradients[0].round(decimals=6), found.num_forwards
        (tensor([6., 2.], dtype=torch.float64), 4)

    Reference: Nocedal and Wright (2006), Numerical optimization, eq. 8.7.
    """
    if step is not None and not step > 0:
        raise ValueError(f"step must be positive, got {step}.")
    with torch.no_grad():
        gradients = tuple(_by_differences(loss, parameter, step) for parameter in parameters)
    return FiniteDifferences(gradients, 2 * sum(p.numel() for p in parameters))


def _by_differences(loss: Callable[[], Tensor], parameter: Tensor, step: float | None) -> Tensor:
    gradient = torch.zeros_like(parameter)
    for place in itertools.product(*map(range, parameter.shape)):
        w = parameter[place].clone()
        h = step or torch.finfo(w.dtype).eps ** (1 / 3) * max(1.0, abs(w.item()))
        try:
            ends = []
            for moved in (w + h, w - h):
                parameter[place] = moved
                ends.append((loss(), moved))
        finally:
            parameter[place] = w
        (above, right), (below, left) = ends
        gradient[place] = (above - below) / (right - left)  # the step that was really taken
    return gradient


def gradient_cost(loss: Callable[[], Tensor], parameters: Sequence[Tensor]) -> GradientCost:
    """Count the operations of a gradient by backpropagation and by finite differences.

    Textbook: A53 (whose "same cost" is loose: backward ≈ 2 forwards), C-§4.3.4.

    Args:
        loss: Computes the loss.
        parameters: With respect to which. Their `.grad` is not touched.

    Example:
        >>> layer, x = torch.nn.Linear(3, 2), torch.ones(5, 3, requires_grad=True)
        >>> gradient_cost(lambda: layer(x).sum(), [x, *layer.parameters()])
        GradientCost(num_parameters=23, forward=60, backward=120, finite_differences=2760)

    Reference: Griewank and Walther (2008), Evaluating derivatives, eq. 4.21 (the cheap gradient principle).
    """
    num_parameters = sum(p.numel() for p in parameters)
    with torch.enable_grad(), FlopCounterMode(display=False) as forward:
        value = loss()
    with FlopCounterMode(display=False) as backward:
        torch.autograd.grad(value, list(parameters), allow_unused=True)
    once = forward.get_total_flops()
    return GradientCost(num_parameters, once, backward.get_total_flops(), 2 * num_parameters * once)
