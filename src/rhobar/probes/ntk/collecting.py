"""The factored Jacobian of a batch, from one forward pass and one backward pass an output."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from rhobar.probes.curvature.forward import forward
from rhobar.probes.curvature.risk import Batch, Risk, gradients, num_samples
from rhobar.probes.noise.sampled import Plans, Sampled, sampled
from rhobar.probes.ntk.factors import Factor, Full
from rhobar.probes.ntk.stacking import Stack

__all__ = ["BatchJacobian", "batch_jacobian"]

_WITH_BIAS = {"AddmmBackward0": (2, 0), "ConvolutionBackward0": (1, 2)}
"""Slots of the matrix and of the bias that is added for every place of its output."""


@dataclass(frozen=True)
class BatchJacobian:
    """∂f_ia/∂p for every sample i and output a of a batch.

    Attributes:
        factors: For each parameter; `None` if no output depends on it.
        biases: Index of a map's bias by that of its matrix, where both enter nowhere else.
        reasons: For each parameter why it took a backward pass a sample and output; empty if it did not.
        num_backward: Backward passes.
    """

    factors: list[Factor | None] = field(repr=False)
    biases: dict[int, int]
    reasons: list[str]
    num_backward: int


def batch_jacobian(
    risk: Risk, batch: Batch, outputs: Sequence[int] | None, plans: Plans, *, traced: bool
) -> BatchJacobian:
    """Collect the factors of one batch; to be called by `Risk.run`.

    Args:
        risk: The model and its parameters.
        batch: A pair (inputs, targets).
        outputs: Which of the flattened outputs of a sample are meant; `None` for all.
        plans: Layouts found for earlier batches.
        traced: Whether inner products will be summed over outputs.
    """

    def values(risk: Risk, batch: Batch) -> Tensor:
        found = _flat_outputs(risk, batch)
        return found if outputs is None else found[:, list(outputs)]

    found = sampled(risk, batch, values, plans)
    n, C = found.values.shape
    stacks = [Stack(shape) for shape in found.shapes]
    for c in range(C):
        along = torch.zeros_like(found.values)
        along[:, c] = 1
        for k, contribution in enumerate(found.contributions(along)):
            if contribution is not None:
                stacks[found.uses[k].parameter].put(k, c, C, contribution)
    factors = [stack.factor() for stack in stacks]
    slow = [i for i, reason in enumerate(found.reasons) if reason]
    for i, J in zip(slow, _one_by_one(found, slow), strict=True):
        factors[i] = Full(J)
    if traced:
        factors = [None if factor is None else factor.traced() for factor in factors]
    return BatchJacobian(factors, _biases(found), found.reasons, C + (n * C if slow else 0))


def _flat_outputs(risk: Risk, batch: Batch) -> Tensor:
    n, found = num_samples(batch), forward(risk.model, batch).tensors
    if any(t.dim() == 0 or t.shape[0] != n for t in found):
        raise ValueError(
            f"The outputs' first dimension must be that of the {n} samples, got the shapes "
            f"{[tuple(t.shape) for t in found]}; wrap the model so that it returns samples first."
        )
    return torch.cat([t.reshape(n, -1) for t in found], 1)


def _biases(found: Sampled) -> dict[int, int]:
    """Return the bias of each map, where matrix and bias enter at that one place only."""
    times = [0] * len(found.edges)
    for use in found.uses:
        times[use.parameter] += 1
    at = {(use.node, use.slot): use for use in found.uses if times[use.parameter] == 1 and use.view is None}
    pairs: dict[int, int] = {}
    for (node, slot), use in at.items():
        matrix, bias = _WITH_BIAS.get(node.name(), (-1, -1))
        if slot == matrix and (node, bias) in at:
            pairs[use.parameter] = at[node, bias].parameter
    return pairs


def _one_by_one(found: Sampled, slow: Sequence[int]) -> list[Tensor]:
    """Return the Jacobians of some parameters by a backward pass for each output of each sample."""
    if not slow:
        return []
    n, C = found.values.shape
    sizes = [found.shapes[i].numel() for i in slow]
    J = [found.values.new_zeros(n, C, size) for size in sizes]
    for i in range(n):
        for c in range(C):
            parts = gradients([found.values[i, c]], [found.edges[k] for k in slow])
            for rows, part in zip(J, parts, strict=True):
                if part is not None:
                    rows[i, c] = part.flatten()
    return J
