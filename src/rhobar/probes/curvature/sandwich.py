"""Products with Jᵀ M J on a kept graph, J the Jacobian of some outputs with respect to the parameters.

u ↦ Jᵀ u is one backward pass. It is linear in u, so v ↦ J v is the derivative of its graph, whatever the u at which
that was made: (∂(Jᵀ u)/∂u)ᵀ v = J v.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge

from rhobar.probes.curvature.risk import Parts, Product, gradients

__all__ = ["sandwich", "second_derivative"]

Middle = Callable[[Sequence[Tensor]], Sequence[Tensor | None]]


def sandwich(outputs: Sequence[Tensor], edges: Sequence[GradientEdge], middle: Middle) -> Product:
    """Return v ↦ J v → M J v → Jᵀ M J v."""
    u = [torch.zeros_like(o, requires_grad=True) for o in outputs]
    JTu = gradients(outputs, edges, u, create_graph=True)
    present = [i for i, part in enumerate(JTu) if part is not None]
    graph = [part for part in JTu if part is not None]

    def product(v: Parts) -> Sequence[Tensor | None]:
        Jv = _filled(gradients(graph, u, [v[i] for i in present]), u)
        MJv = _filled(middle(Jv), u)
        return gradients(outputs, edges, MJv)

    return product


def second_derivative(value: Tensor, at: Sequence[Tensor]) -> Middle:
    """Return w ↦ (∂²value/∂at∂atᵀ) w."""
    g = gradients([value], at, create_graph=True)
    present = [i for i, part in enumerate(g) if part is not None]
    graph = [part for part in g if part is not None]

    def middle(w: Sequence[Tensor]) -> Sequence[Tensor | None]:
        return gradients(graph, at, [w[i] for i in present])

    return middle


def _filled(parts: Sequence[Tensor | None], like: Sequence[Tensor]) -> list[Tensor]:
    return [torch.zeros_like(x) if p is None else p for p, x in zip(parts, like, strict=True)]
