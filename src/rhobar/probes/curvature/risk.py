"""The empirical risk over batches, and the operator of any of its curvature matrices.

With weights c_b, by default the share of samples in batch b,

    L(θ) = Σ_b c_b L_b(θ),      A = Σ_b c_b A_b.

A matrix is defined by what makes the product v ↦ A_b v of one batch. That function holds the batch's autograd
graph: making it costs a gradient and more, calling it again does not. Graphs of at most `max_kept` batches are
kept; with more batches each is made anew in every product, with the same random numbers, so that the operator
stays one matrix also through dropout.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge

from rhobar.linalg import LinearOperator
from rhobar.linalg.products import Parts, Product
from rhobar.probes.curvature.chain import FlatProduct
from rhobar.probes.curvature.parameters import ParameterSpace
from rhobar.probes.restoring import restored
from rhobar.probes.second_order import eager, once_differentiable, twice_differentiable

__all__ = ["Batch", "Loss", "Make", "Parts", "Product", "Risk", "num_samples"]

T = TypeVar("T")
Loss = Callable[..., Tensor]
Batch = object
Make = Callable[["Risk", Batch], Product | FlatProduct]


@dataclass(frozen=True)
class Risk:
    """A model, a loss, batches and the parameters with respect to which derivatives are taken.

    Args:
        model: Any module, in the mode that is meant; it is left as it was.
        loss: `loss(model(inputs), targets)` for batches that are pairs, else `loss(model, batch)`.
        batches: Kept in a list.
        names: Parameters by name; by default those that require gradients.
        weights: c_b; by default each batch's share of the samples, or one each if `loss.reduction` is "sum".
        max_kept: Batches whose graphs are kept.

    Raises:
        ValueError: If there is no batch, a batch has no sample, or the weights do not fit.
    """

    model: nn.Module
    loss: Loss
    batches: Iterable[Batch]
    names: Sequence[str] | None = None
    weights: Sequence[float] | None = None
    max_kept: int = 1
    space: ParameterSpace = field(init=False)
    shares: list[float] = field(init=False)
    moment: "_Moment" = field(init=False)

    def __post_init__(self) -> None:
        batches = list(self.batches)
        if not batches:
            raise ValueError("batches must hold at least one batch, got none; pass a list such as [(inputs, targets)].")
        weights = self._shares(batches) if self.weights is None else list(self.weights)
        if len(weights) != len(batches):
            raise ValueError(f"weights must be one a batch, got {len(weights)} for {len(batches)} batches.")
        object.__setattr__(self, "model", eager(self.model))
        object.__setattr__(self, "batches", batches)
        object.__setattr__(self, "shares", weights)
        object.__setattr__(self, "space", ParameterSpace.of(self.model, self.names))
        object.__setattr__(self, "moment", _Moment(self.model))

    def _shares(self, batches: list[Batch]) -> list[float]:
        counts = [num_samples(batch) for batch in batches]
        if getattr(self.loss, "reduction", "mean") == "sum":
            return [1.0] * len(batches)
        return [count / sum(counts) for count in counts]

    def run(self, make: Callable[["Risk", Batch], T], batch: Batch, *, twice: bool = True) -> T:
        """Call `make` on one batch: with the modes and random numbers there were, ready to be differentiated."""
        model, chosen = self.model, set(self.space.names)
        with restored(model), twice_differentiable(model) if twice else once_differentiable():
            self.moment.recall(model)
            for name, p in model.named_parameters():
                if p.requires_grad != (name in chosen):
                    p.requires_grad_(name in chosen)
            return make(self, batch)

    def edges(self) -> list[GradientEdge]:
        """Return where the parameters enter the graph, valid also when their flags have changed back."""
        params = dict(self.model.named_parameters())
        return [get_gradient_edge(params[name]) for name in self.space.names]

    def operator(self, make: Make) -> LinearOperator:
        """Return v ↦ Σ_b c_b A_b v, where `make(risk, batch)` returns v ↦ A_b v, flat or in the parameters' shapes."""
        matvec = _Matvec(self, make)
        return LinearOperator.symmetric(matvec, self.space.size, self.space.dtype, self.space.device)


class _Moment:
    """The modes of a model's modules and the state of the random generators."""

    def __init__(self, model: nn.Module) -> None:
        self.modes = [module.training for module in model.modules()]
        devices = sorted({p.device for p in model.parameters() if p.device.type == "cuda"}, key=str)
        self.cpu, self.cuda = torch.get_rng_state(), {d: torch.cuda.get_rng_state(d) for d in devices}

    def recall(self, model: nn.Module) -> None:
        """Bring them back."""
        torch.set_rng_state(self.cpu)
        for device, state in self.cuda.items():
            torch.cuda.set_rng_state(state, device)
        for module, mode in zip(model.modules(), self.modes, strict=True):
            module.training = mode


class _Matvec:
    """The product, with the graphs it keeps."""

    def __init__(self, risk: Risk, make: Make) -> None:
        self.risk, self.make = risk, make
        params = dict(risk.model.named_parameters())
        self.dtypes = [params[name].dtype for name in risk.space.names]
        self.versions = [p._version for p in params.values()]
        self.kept: list[Product | FlatProduct] | None = None

    def __call__(self, v: Tensor) -> Tensor:
        if self.versions != [p._version for p in self.risk.model.parameters()]:
            raise RuntimeError(
                "The parameters must be those the operator was made for, but they have changed since; make it anew."
            )
        space, total = self.risk.space, torch.zeros(0)
        parts = [part.to(dtype) for part, dtype in zip(space.split(v), self.dtypes, strict=True)]
        for weight, product in zip(self.risk.shares, self._products(), strict=True):
            with torch.inference_mode(False):
                found = product(parts)
            Av = found.to(space.dtype) if isinstance(found, Tensor) else space.flatten(found)
            Av = Av if weight == 1 else Av.mul_(weight)
            total = Av if total.numel() == 0 else total.add_(Av)
        return total

    def _products(self) -> Iterable[Product | FlatProduct]:
        if self.kept is not None:
            return self.kept
        made = (self.risk.run(self.make, batch) for batch in self.risk.batches)
        if len(self.risk.shares) <= self.risk.max_kept:
            self.kept = list(made)
            return self.kept
        return made


def num_samples(batch: Batch) -> int:
    """Return the leading size of the targets, or of the first tensor with a dimension.

    Raises:
        ValueError: If there is none, or it is zero.
    """
    parts = list(batch) if isinstance(batch, tuple | list) else [batch]
    leaves = torch.utils._pytree.tree_leaves([parts[1:], parts[:1]] if len(parts) == 2 else parts)
    for leaf in leaves:
        if isinstance(leaf, Tensor) and leaf.dim() > 0:
            if leaf.shape[0] > 0:
                return leaf.shape[0]
            raise ValueError(f"A batch must hold at least one sample, got a tensor of shape {tuple(leaf.shape)}.")
    raise ValueError(f"A batch must hold a tensor to count its samples by, got {type(batch).__name__}; pass weights.")
