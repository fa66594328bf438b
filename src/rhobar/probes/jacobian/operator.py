"""The Jacobian of one tensor of a kept graph by another, as an operator."""

from functools import cache

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge

from rhobar.linalg import LinearOperator
from rhobar.probes.tracing import Signal

__all__ = ["is_adjoint", "jacobian_operator", "signs"]


def jacobian_operator(start: Signal, end: Signal) -> LinearOperator:
    """Return J = ∂end/∂start by its products on the kept graph.

    u ↦ Jᵀ u is one backward pass through the block. It is linear in u, so v ↦ J v is the derivative of its
    graph, whatever the u at which that was made: (∂(Jᵀ u)/∂u)ᵀ v = J v.
    """
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


def is_adjoint(J: LinearOperator, end: Signal, generator: torch.Generator) -> bool:
    """Whether uᵀ J Jᵀ u = ‖Jᵀ u‖², which fails if a path was lost to an operation differentiable once."""
    u = signs(J, generator)
    JTu = J.T @ u
    square = (JTu @ JTu).item()
    error = abs(((J @ JTu) @ u).item() - square)
    return not error > 10 * torch.finfo(end.dtype).eps ** 0.5 * square


def signs(J: LinearOperator, generator: torch.Generator) -> Tensor:
    """Return a vector of random signs on the side of the outputs."""
    bits = torch.randint(2, (J.shape[0],), generator=generator, device=generator.device)
    return (2 * bits - 1).to(J.device, J.dtype)
