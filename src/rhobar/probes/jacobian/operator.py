"""The Jacobian of one tensor of a kept graph by another, as an operator."""

from functools import cache

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge

from rhobar.linalg import LinearOperator
from rhobar.probes.jacobian.matrix_chain import matrix_chain
from rhobar.probes.tracing import Signal

__all__ = ["jacobian_operator", "num_independent", "signs"]


def jacobian_operator(start: Signal, end: Signal) -> LinearOperator:
    """Return J = ∂end/∂start by its factors if they are all matrices and slopes, else by products on the kept graph.

    u ↦ Jᵀ u is one backward pass through the block. It is linear in u, so v ↦ J v is the derivative of its
    graph, whatever the u at which that was made: (∂(Jᵀ u)/∂u)ᵀ v = J v.
    """
    chain = matrix_chain(start, end)
    if chain is not None:
        return chain
    dtype = torch.promote_types(torch.promote_types(start.dtype, end.dtype), torch.float32)

    def transposed(u: Tensor, create_graph: bool = False) -> Tensor:
        edges = GradientEdge(*end.edge), GradientEdge(*start.edge)
        (JTu,) = torch.autograd.grad(*edges, u, retain_graph=True, create_graph=create_graph)
        return JTu

    @cache
    def graph() -> tuple[Tensor, Tensor]:
        u = torch.zeros(end.shape, dtype=end.dtype, device=end.device, requires_grad=True)
        return u, transposed(u, create_graph=True)

    def matvec(v: Tensor) -> Tensor:
        u, JTu = graph()
        along = v.view(start.shape).to(JTu.dtype)
        (Jv,) = torch.autograd.grad(JTu, u, along, retain_graph=True, materialize_grads=True)
        return Jv.reshape(-1).to(dtype)

    def rmatvec(u: Tensor) -> Tensor:
        return transposed(u.view(end.shape).to(end.dtype)).reshape(-1).to(dtype)

    return LinearOperator(matvec, rmatvec, (end.shape.numel(), start.shape.numel()), dtype, start.device)


def num_independent(J: LinearOperator, start: Signal, end: Signal, generator: torch.Generator) -> int:
    """Return how many samples J treats apart, as diagonal blocks; 1 if it mixes them, or their axis is not the first.

    Shown by u on the outputs of the first sample: uᵀ J Jᵀ u = ‖Jᵀ u‖² fails if a path was lost to an operation that is
    differentiable once, and where samples are apart Jᵀ u and J Jᵀ u stay with the first. The other samples go the same
    way through the network.

    Raises:
        RuntimeError: If a path was lost.
    """
    n = end.shape[0] if end.shape and start.shape[:1] == end.shape[:1] else 1
    u = signs(J, generator)
    u[u.numel() // n :] = 0
    JTu = J.T @ u
    JJTu = J @ JTu
    square = (JTu @ JTu).item()
    if abs((JJTu @ u).item() - square) > 10 * torch.finfo(end.dtype).eps ** 0.5 * square:
        raise RuntimeError("an operation in it has no second derivative")
    apart = square > 0 and not any(bool(x[x.numel() // n :].ne(0).any()) for x in (JTu, JJTu))
    return n if apart else 1


def signs(J: LinearOperator, generator: torch.Generator) -> Tensor:
    """Return a vector of random signs on the side of the outputs."""
    bits = torch.randint(2, (J.shape[0],), generator=generator, device=generator.device)
    return (2 * bits - 1).to(J.device, J.dtype)
