"""The empirical neural tangent kernel, by structure.

    K_ia,jb = ⟨∂f_a(x_i)/∂θ, ∂f_b(x_j)/∂θ⟩

A step of gradient descent with rate η changes the outputs by −η K ∂L/∂f to first order. The Jacobian is never formed
where its factors are smaller: for linear maps K = Σ_layers (A Aᵀ) ∘ (Δ Δᵀ).

Textbook: C92

References:
    Jacot, Gabriel and Hongler (2018), Neural tangent kernel, section 4.
    Novak, Sohl-Dickstein and Schoenholz (2022), Fast finite width neural tangent kernel, section 3.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations_with_replacement

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rhobar.probes.curvature.risk import Batch, Risk, num_samples
from rhobar.probes.noise.sampled import Plans
from rhobar.probes.ntk.collecting import BatchJacobian, batch_jacobian
from rhobar.probes.ntk.contraction import add_full, add_places, by_places
from rhobar.probes.ntk.factors import Factor, Places

__all__ = ["EmpiricalNTK", "empirical_ntk"]


@dataclass(frozen=True)
class EmpiricalNTK:
    """The kernel of the samples of all batches, in their order.

    Attributes:
        blocks: K_ia,jb; summed over a = b where only the trace was asked for.
        traced: Whether it was.
        names: The parameters.
        slow: Parameters that took a backward pass for each output of each sample, each with the reason.
        num_backward: Backward passes in all.
    """

    blocks: Float[Tensor, "n outputs n outputs"] = field(repr=False)
    traced: bool
    names: tuple[str, ...]
    slow: dict[str, str]
    num_backward: int

    @property
    def matrix(self) -> Float[Tensor, "rows rows"]:
        """K with one row for each output of each sample, outputs last."""
        rows = self.blocks.shape[0] * self.blocks.shape[1]
        return self.blocks.reshape(rows, rows)

    @property
    def trace(self) -> Float[Tensor, "n n"]:
        """Σ_a K_ia,ja."""
        return self.blocks.diagonal(dim1=1, dim2=3).sum(-1)


def empirical_ntk(
    model: nn.Module,
    batches: Iterable[Batch],
    *,
    outputs: Sequence[int] | None = None,
    traced: bool = False,
    names: Sequence[str] | None = None,
) -> EmpiricalNTK:
    """Compute the kernel of all samples.

    Linear maps, convolutions, embeddings, norms, recurrent layers and broadcast terms and factors go by structure,
    found in the autograd graph, however they were written. What does not (parameters that enter otherwise, or that
    reach a sample through the others, as before train-mode batch norm) takes a backward pass for each output of each
    sample.

    Args:
        model: Any module, in the mode that is meant; it is left as it was. What it returns has samples first; further
            dimensions and tensors are outputs.
        batches: Pairs (inputs, targets), of which the targets are not used, or tensors of inputs.
        outputs: Indices of the outputs that are meant; by default all, each of which costs a backward pass.
        traced: Whether to compute the n × n kernel summed over outputs only, which is cheaper.
        names: Parameters by name; by default all that require gradients.

    Returns:
        The kernel, in the dtype of the parameters, float32 at least.

    Note:
        A `ValueError` is raised if there is no batch or parameter, or an output does not have samples first.

    Example:
        >>> model = nn.Linear(2, 1)  # K_ij = x_i · x_j + 1
        >>> empirical_ntk(model, [torch.tensor([[1.0, 0.0], [2.0, 1.0]])]).matrix
        tensor([[2., 3.],
                [3., 6.]])
    """
    pairs = [batch if isinstance(batch, tuple | list) else (batch, None) for batch in batches]
    risk = Risk(model, _no_loss, pairs, names)
    plans: Plans = {}

    def collect(risk: Risk, batch: Batch) -> BatchJacobian:
        return batch_jacobian(risk, batch, outputs, plans, traced=traced)

    parts = [risk.run(collect, batch, twice=False) for batch in risk.batches]
    K = _kernel(parts, [num_samples(batch) for batch in risk.batches], risk)
    slow = {n: reason for part in parts for n, reason in zip(risk.space.names, part.reasons, strict=True) if reason}
    return EmpiricalNTK(K, traced, risk.space.names, slow, sum(part.num_backward for part in parts))


def _no_loss(*_: object) -> Tensor:
    raise NotImplementedError("The kernel has no loss.")


@torch.no_grad()
def _kernel(parts: list[BatchJacobian], sizes: list[int], risk: Risk) -> Tensor:
    outputs = next((f.shape[1] for part in parts for f in map(_any, part.factors) if f is not None), 1)
    n = sum(sizes)
    K = torch.zeros(n, outputs, n, outputs, dtype=risk.space.dtype, device=risk.space.device)
    starts = [sum(sizes[:b]) for b in range(len(sizes))]
    rows = [slice(start, start + size) for start, size in zip(starts, sizes, strict=True)]
    for a, b in combinations_with_replacement(range(len(parts)), 2):
        _add_pair(K[rows[a], :, rows[b]], parts[a], parts[b], upper=a == b)
    _mirror(K.view(n * outputs, n * outputs), 8 * outputs)
    return K


def _mirror(M: Tensor, step: int) -> None:
    """Copy the upper triangle to the lower one, block by block."""
    for i in range(0, len(M), step):
        rows = slice(i, i + step)
        M[rows, rows] = M[rows, rows].triu() + M[rows, rows].triu(1).mT
        M[i + step :, rows] = M[rows, i + step :].mT


def _any(factor: Factor | None) -> Tensor | None:
    return None if factor is None else (factor.delta if isinstance(factor, Places) else factor.J)


def _add_pair(K: Tensor, one: BatchJacobian, two: BatchJacobian, *, upper: bool) -> None:
    """Add what all parameters contribute to the block of two batches."""
    done: set[int] = set()
    for i in sorted(range(len(one.factors)), key=lambda i: one.factors[i] is None):  # biases after their matrices
        if i in done:
            continue
        x, y = one.factor(i), two.factor(i)
        if x is None or y is None:
            continue
        if isinstance(x, Places) and isinstance(y, Places) and by_places(x, y):
            bias = one.biases.get(i, -1)
            together = bias >= 0 and two.biases.get(i) == bias
            add_places(K, x, y, bias=together, upper=upper)
            done |= {bias} if together else set()
        else:
            X = x.full()
            add_full(K, X, X if upper else y.full(), upper=upper)
