"""The size of one operation's derivative: ‖∂(outputs)/∂(one input)‖_F, from products with its transpose.

torch keeps an operation's derivative as u ↦ Jᵀu. The sum of ‖Jᵀe_i‖² over all outputs is ‖J‖_F² exactly; the mean of
‖Jᵀv‖² over random signs v is so on average (Hutchinson), and exactly where J is diagonal.

Reference: Hutchinson (1989), A stochastic estimator of the trace of the influence matrix.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction

__all__ = ["LocalDerivative", "Node", "local_derivatives"]

Node = Any
"""torch.autograd.graph.Node; its dynamic attributes are unknown to type checkers."""

_FREED = "backward through the graph a second time"


@dataclass(frozen=True)
class LocalDerivative:
    """How strongly an operation's outputs depend on one of its inputs.

    Attributes:
        size: ‖J‖_F, NaN if it could not be measured.
        stderr: Standard error of `size`; 0 if it is exact.
        exact: Whether each output was differentiated, rather than random combinations of them.
        reason: Why the size is not known; empty if it is.
    """

    size: float
    stderr: float = 0.0
    exact: bool = True
    reason: str = ""


def local_derivatives(
    node: Node, *, exact_up_to: int, num_probes: int, generator: torch.Generator
) -> list[LocalDerivative]:
    """Measure a node's derivative with respect to each input that has a gradient, in order.

    Nothing is accumulated: the node's own function is called, not the engine, so no hook runs and no other path to
    the input is counted.

    Raises:
        ValueError: If the graph was freed by a backward pass.
    """
    children = [(child, k) for child, k in node.next_functions if child is not None]
    if type(node).__name__ == "CheckpointFunctionBackward":
        return [_unknown("reentrant checkpointing runs a backward pass of its own")] * len(children)
    num_outputs = sum(_shape(node, k).numel() for k in range(len(node._input_metadata)))
    exact = num_outputs <= exact_up_to
    probes = _units(node, num_outputs) if exact else _signs(node, num_probes, generator)
    try:
        with torch.no_grad():
            found = [[_square(g) for g in _pull(node, children, u)] for u in probes]
    except Exception as error:  # an operation of someone else's, whose derivative may fail in any way
        if _FREED in str(error):
            raise ValueError(
                "The graph was freed by a backward pass; draw it before, or call backward(retain_graph=True)."
            ) from error
        return [_unknown(str(error).strip().partition("\n")[0] or type(error).__name__)] * len(children)
    columns = torch.tensor(found, dtype=torch.float64).view(-1, len(children)).unbind(1)
    return [_exact(column) if exact else _estimate(column) for column in columns]


def _unknown(reason: str) -> LocalDerivative:
    return LocalDerivative(float("nan"), float("nan"), False, reason)


def _exact(squares: Tensor) -> LocalDerivative:
    return LocalDerivative(squares.sum().sqrt().item())


def _estimate(squares: Tensor) -> LocalDerivative:
    """‖J‖_F = √q for the mean q of ‖Jᵀv‖²; the error of a root is that of q over 2 √q."""
    size = squares.mean().sqrt().item()
    stderr = (squares.std() / len(squares) ** 0.5).item()
    return LocalDerivative(size, stderr / (2 * size) if size else 0.0, exact=False)


def _shape(node: Node, output: int) -> torch.Size:
    return torch.Size(node._input_metadata[output].shape)


def _zeros(node: Node) -> list[Tensor]:
    return [torch.zeros(m.shape, dtype=m.dtype, device=m.device) for m in node._input_metadata]


def _units(node: Node, num_outputs: int) -> Iterator[list[Tensor]]:
    for i in range(num_outputs):
        u = _zeros(node)
        for part in u:
            if 0 <= i < part.numel():
                part.view(-1)[i] = 1
            i -= part.numel()
        yield u


def _signs(node: Node, num_probes: int, generator: torch.Generator) -> Iterator[list[Tensor]]:
    for _ in range(num_probes):
        bits = [torch.randint(2, z.shape, generator=generator, device=generator.device) for z in _zeros(node)]
        yield [(2 * b - 1).to(z) for b, z in zip(bits, _zeros(node), strict=True)]


def _pull(node: Node, children: list[tuple[Node, int]], u: list[Tensor]) -> list[Tensor | None]:
    """Return Jᵀu for each input that has a gradient, in the input's own shape."""
    custom = isinstance(node, BackwardCFunction)
    found = node.apply(*u) if custom else node(*u)
    gradients = found if isinstance(found, tuple) else (found,)
    wanted = node.needs_input_grad if custom else [child is not None for child, _ in node.next_functions]
    kept = [g for g, want in zip(gradients, wanted, strict=False) if want]
    return [
        g if g is None or g.is_sparse else g.sum_to_size(_shape(child, k))  # as the engine undoes broadcasting
        for g, (child, k) in zip(kept, children, strict=True)
    ]


def _square(gradient: Tensor | None) -> float:
    if gradient is None:
        return 0.0
    values = gradient.coalesce().values() if gradient.is_sparse else gradient
    wide = torch.complex128 if values.is_complex() else torch.float64
    return float(torch.linalg.vector_norm(values, dtype=wide).item()) ** 2
