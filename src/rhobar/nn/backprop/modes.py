"""Forward and reverse mode: a Jacobian by columns or by rows, and when each is cheaper.

For f: ℝⁿ → ℝᵐ one product with J (a JVP) or with its transpose (a VJP) costs about as much as f itself. The whole
Jacobian takes n JVPs or m VJPs; a loss has m = 1, so reverse mode wins by a factor of n.

Textbook: C-§4.3.5, A50, A54.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["ModeCosts", "jacobian", "jacobian_forward", "jacobian_reverse", "mode_costs"]

Function = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class ModeCosts:
    """What the whole Jacobian costs in either mode.

    Attributes:
        forward: Products with J, one a column: n. Memory does not grow with depth.
        reverse: Products with its transpose, one a row: m. Every intermediate value is kept for them.
        cheaper: ``forward`` or ``reverse``; forward where both are equal, since it keeps nothing.
    """

    forward: int
    reverse: int
    cheaper: str


def mode_costs(num_inputs: int, num_outputs: int) -> ModeCosts:
    """Count the products that the Jacobian of f: ℝⁿ → ℝᵐ takes.

    Textbook: C-§4.3.5.

    Args:
        num_inputs: n.
        num_outputs: m.

    Raises:
        ValueError: If there is no input or no output.

    Example:
        >>> mode_costs(1_000_000, 1)
        ModeCosts(forward=1000000, reverse=1, cheaper='reverse')

    Reference: Griewank and Walther (2008), Evaluating derivatives, sections 3.1 and 3.2.
    """
    if min(num_inputs, num_outputs) < 1:
        raise ValueError(f"There must be inputs and outputs, got {num_inputs} and {num_outputs}.")
    return ModeCosts(num_inputs, num_outputs, "forward" if num_inputs <= num_outputs else "reverse")


def jacobian_forward(f: Function, x: Float[Tensor, " n"]) -> Float[Tensor, "m n"]:
    """Build the Jacobian by columns, pushing each unit vector forward.

        J e_j = d/dt f(x + t e_j) at t = 0

    Production: ``torch.func.jacfwd``, which runs all columns at once by vmap.

    Textbook: C-§4.3.5.

    Args:
        f: A function of vectors.
        x: Where.

    Example:
        >>> jacobian_forward(lambda x: x**2, torch.tensor([1.0, 2.0]))
        tensor([[2., 0.],
                [0., 4.]])

    Reference: Griewank and Walther (2008), Evaluating derivatives, section 3.1.
    """
    _load_forward_mode()
    unit = torch.eye(len(x), dtype=x.dtype, device=x.device)
    return torch.stack([torch.func.jvp(f, (x,), (e,))[1] for e in unit], 1)


@cache
def _load_forward_mode() -> None:
    """Let torch load its rules for forward mode, which at first use calls something that it deprecated itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.func.jvp(torch.sin, (torch.zeros(1),), (torch.ones(1),))


def jacobian_reverse(f: Function, x: Float[Tensor, " n"]) -> Float[Tensor, "m n"]:
    """Build the Jacobian by rows, pulling each unit vector back through one kept graph.

        Jᵀ e_i = ∇ f_i(x)

    Production: ``torch.func.jacrev``, which runs all rows at once by vmap.

    Textbook: C-§4.3.5, A54.

    Args:
        f: A function of vectors.
        x: Where.

    Example:
        >>> jacobian_reverse(lambda x: x.sum()[None], torch.ones(3))
        tensor([[1., 1., 1.]])

    Reference: Griewank and Walther (2008), Evaluating derivatives, section 3.2.
    """
    y, pull, *_ = torch.func.vjp(f, x)
    unit = torch.eye(len(y), dtype=y.dtype, device=y.device)
    return torch.stack([pull(e)[0] for e in unit])


def jacobian(f: Function, x: Float[Tensor, " n"]) -> Float[Tensor, "m n"]:
    """Build the Jacobian in the cheaper mode, judged by the number of inputs and outputs.

    Textbook: C-§4.3.5.

    Args:
        f: A function of vectors; it is run once more to count its outputs.
        x: Where.

    Example:
        >>> jacobian(lambda x: x.repeat(2), torch.ones(1))
        tensor([[1.],
                [1.]])
    """
    with torch.no_grad():
        num_outputs = len(f(x))
    cheaper = mode_costs(len(x), num_outputs).cheaper
    return jacobian_forward(f, x) if cheaper == "forward" else jacobian_reverse(f, x)
