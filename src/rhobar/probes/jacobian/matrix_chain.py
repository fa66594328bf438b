"""The Jacobian of linear layers and elementwise functions in a row: a product of matrices and slopes.

    J = … diag(φ'(z)) W,   row by row of the signal.

Small layers take most of a backward pass to find their way through the graph; the matrices need no graph.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge, Node

from rhobar.linalg import LinearOperator
from rhobar.probes.curvature.find_chain import ELEMENTWISE, SLOTS
from rhobar.probes.dependence import Edge
from rhobar.probes.tracing import Signal

__all__ = ["matrix_chain"]


def matrix_chain(start: Signal, end: Signal) -> LinearOperator | None:
    """Return J = ∂end/∂start by its factors; `None` if anything else lies between, or in half precision."""
    factors = list(_factors(start.edge, end.edge))
    if not factors or any(factor is None for factor in factors) or start.dtype not in (torch.float32, torch.float64):
        return None
    known = [factor for factor in factors if factor is not None]

    def matvec(v: Tensor) -> Tensor:
        for factor, is_matrix in reversed(known):
            v = v.view(-1, factor.shape[0]) @ factor if is_matrix else v.view(factor.shape) * factor
        return v.reshape(-1)

    def rmatvec(u: Tensor) -> Tensor:
        for factor, is_matrix in known:
            u = u.view(-1, factor.shape[1]) @ factor.T if is_matrix else u.view(factor.shape) * factor
        return u.reshape(-1)

    shape = end.shape.numel(), start.shape.numel()
    return LinearOperator(matvec, rmatvec, shape, start.dtype, start.device)


def _factors(start: Edge, end: Edge) -> Iterator[tuple[Tensor, bool] | None]:
    """Yield from the end on Wᵀ, (inputs, outputs), and slopes, with whether it is a matrix; `None` for all else."""
    edge = end
    while edge != start:
        node = edge[0]
        slots = SLOTS.get(node.name())
        if slots is not None and node.next_functions[slots.weight][0] is None and getattr(node, "_saved_alpha", 1) == 1:
            below = node.next_functions[slots.input]
            yield _matrix(node), True
        elif node.name() in ELEMENTWISE:
            below = node.next_functions[0]
            while below[0] is not None and below != start and below[0].name() in ELEMENTWISE:
                below = below[0].next_functions[0]
            if below[0] is not None:
                yield _slope(edge, (below[0], below[1])), False
        else:
            below = None, 0
        if below[0] is None:
            yield None
            return
        edge = below[0], below[1]


def _matrix(node: Node) -> Tensor:
    saved: Tensor = node._saved_mat2  # type: ignore[attr-defined]
    return saved


def _slope(end: Edge, start: Edge) -> Tensor:
    made = end[0]._input_metadata[end[1]]
    ones = torch.ones(made.shape, dtype=made.dtype, device=made.device)
    (slope,) = torch.autograd.grad([GradientEdge(*end)], [GradientEdge(*start)], [ones], retain_graph=True)
    return slope
