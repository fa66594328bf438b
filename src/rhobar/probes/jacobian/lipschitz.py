"""Between which bounds the Lipschitz constant of a network lies, in the Euclidean norm.

    max_x σ₁(∂f/∂x)  ≤  Lip f  ≤  ∏ (norms of the layers)

The lower bound is local, the largest stretch at the given inputs. The upper one holds everywhere: it follows the
network's own graph, so that a sum adds bounds, a concatenation adds their squares, and a chain multiplies.

Textbook: B27

References:
    Szegedy et al. (2014), Intriguing properties of neural networks, section 4.3.
    Virmaux and Scaman (2018), Lipschitz regularity of deep neural networks, section 4.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Shaped
from torch import Tensor, nn

from rhobar.linalg import largest_singular_value
from rhobar.probes.jacobian.operator import jacobian_operator
from rhobar.probes.jacobian.upper import LayerBound, upper_bound
from rhobar.probes.restoring import restored
from rhobar.probes.second_order import eager, twice_differentiable
from rhobar.probes.tracing import Signal, trace_forward

__all__ = ["LipschitzBounds", "lipschitz_bounds"]


@dataclass(frozen=True)
class LipschitzBounds:
    """Two bounds of the Lipschitz constant.

    Attributes:
        lower: The largest singular value of the Jacobian at the inputs, from below: the constant is no less.
        lower_residual: The Jacobian has a singular value within this distance of it.
        upper: The constant is no more; infinite if a part has no bound.
        layers: The bound of each module and function that has one, in the order of the calls.
        refused: What has none, by the module's name, with the reason.
        num_products: Products with the Jacobian or its transpose.
    """

    lower: float
    lower_residual: float
    upper: float
    layers: tuple[LayerBound, ...]
    refused: dict[str, str]
    num_products: int


def lipschitz_bounds(
    model: nn.Module,
    inputs: Shaped[Tensor, "batch ..."],
    *,
    max_steps: int = 30,
    tol: float = 1e-2,
    generator: torch.Generator | None = None,
) -> LipschitzBounds:
    """Bound the Lipschitz constant of a model from both sides.

    Args:
        model: Any module that takes one tensor, in the mode that is meant (evaluation, as a rule).
        inputs: Where the lower bound is looked for.
        max_steps: Golub–Kahan steps.
        tol: Relative residual at which they stop.
        generator: Source of the random start; by default one seeded with zero.

    Returns:
        Both bounds.

    Raises:
        ValueError: If the inputs are no floating numbers, or no output depends on them.

    Example:
        >>> model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.ReLU(), nn.Linear(2, 1, bias=False))
        >>> _ = nn.init.eye_(model[0].weight), nn.init.constant_(model[2].weight, 3.0)
        >>> bounds = lipschitz_bounds(model, torch.ones(1, 2))
        >>> round(bounds.lower, 4), round(bounds.upper, 4)
        (4.2426, 4.2426)
    """
    if not inputs.is_floating_point():
        raise ValueError(f"inputs must be floating numbers to be changed a little, got {inputs.dtype}.")
    generator = generator or torch.Generator().manual_seed(0)
    model = eager(model)
    with restored(model), twice_differentiable(model):
        upper, layers, refused = upper_bound(model, inputs)
    with restored(model), twice_differentiable(model):
        trace = trace_forward(model, inputs)
        if trace.output is None:
            raise ValueError("The output must depend on the input, and no derivative leads from one to the other.")
        start = Signal((trace.sources[0], 0), inputs.shape, inputs.dtype, inputs.device, math.nan)
        J = jacobian_operator(start, trace.output)
        found = largest_singular_value(J, max_steps=max_steps, tol=tol, generator=generator)
    return LipschitzBounds(found.value, found.residual, upper, layers, refused, found.num_matvecs)
