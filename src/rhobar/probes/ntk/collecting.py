"""The factored Jacobian of a batch, from one forward pass and one backward pass an output."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

import torch
from torch import Tensor

from rhobar.linalg.products import gradients
from rhobar.probes.curvature.forward import forward
from rhobar.probes.curvature.risk import Batch, Risk, num_samples
from rhobar.probes.noise.sampled import Plans, Sampled, sampled
from rhobar.probes.ntk.factors import Factor, Full, Places
from rhobar.probes.ntk.stacking import Stack

__all__ = ["BatchJacobian", "batch_jacobian"]

_AT_ONCE = 1 << 20
"""Gradients of outputs of operations that may be held at once."""
_WITH_BIAS = {"AddmmBackward0": (2, 0), "ConvolutionBackward0": (1, 2)}
"""Slots of the matrix and of the bias that is added for every place of its output."""


@dataclass(frozen=True)
class BatchJacobian:
    """∂f_ia/∂p for every sample i and output a of a batch.

    Attributes:
        factors: For each parameter; `None` if no output depends on it, or it is one of the biases.
        biases: Index of the bias that belongs to the places of a matrix, by the matrix's index.
        reasons: For each parameter why it took a backward pass a sample and output; empty if it did not.
        num_backward: Backward passes.
    """

    factors: list[Factor | None] = field(repr=False)
    biases: dict[int, int]
    reasons: list[str]
    num_backward: int

    def factor(self, i: int) -> Factor | None:
        """Return the factor of a parameter, biases included."""
        matrix = next((matrix for matrix, bias in self.biases.items() if bias == i), None)
        places = None if matrix is None else self.factors[matrix]
        return places.summed() if isinstance(places, Places) else self.factors[i]


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
    with torch.no_grad():
        return _jacobian_of(found, traced)


def _jacobian_of(found: Sampled, traced: bool) -> BatchJacobian:
    n, C = found.values.shape
    stacks, implied = _stacked(found)
    factors = [None if i in implied.values() else stack.factor() for i, stack in enumerate(stacks)]
    slow = [i for i, reason in enumerate(found.reasons) if reason]
    for i, J in zip(slow, _one_by_one(found, slow), strict=True):
        factors[i] = Full(J)
    if traced:
        factors = [None if factor is None else factor.traced() for factor in factors]
    return BatchJacobian(factors, implied, found.reasons, C + (n * C if slow else 0))


def _stacked(found: Sampled) -> tuple[list[Stack], dict[int, int]]:
    """Return what belongs to each parameter, and those biases, by their matrices, that need nothing of their own."""
    _n, C = found.values.shape
    stacks, biases, implied = [Stack(shape) for shape in found.shapes], _biases(found), dict[int, int]()
    for c in range(C):
        if c == 1 and _all_at_once(found, stacks, implied):
            break
        along = torch.zeros_like(found.values)
        along[:, c] = 1
        for k, contribution in enumerate(found.contributions(along, implied.values())):
            if contribution is not None:
                stacks[found.uses[k].parameter].put(k, c, C, contribution)
        implied = {matrix: bias for matrix, bias in biases.items() if stacks[matrix].places}
    return stacks, implied


def _all_at_once(found: Sampled, stacks: list[Stack], implied: dict[int, int]) -> bool:
    """Whether all outputs but the first could be entered by one batched backward pass: worth it for small networks."""
    n, C = found.values.shape
    met = {k for stack in stacks for k in stack.met}
    wanted = [k for k, use in enumerate(found.uses) if k in met and use.parameter not in implied.values()]
    edges = [found.uses[k].output for k in wanted]
    held = sum(prod(edge.node._input_metadata[0].shape) for edge in edges) * C
    if held > _AT_ONCE or not edges:
        return False
    along = torch.eye(C, dtype=found.values.dtype, device=found.values.device)[1:, None].expand(-1, n, -1)
    try:
        with warnings.catch_warnings(action="error"):
            deltas = torch.autograd.grad([found.values], edges, [along], retain_graph=True, is_grads_batched=True)
            tensors = [_each(found, stacks, k, delta) for k, delta in zip(wanted, deltas, strict=True)]
    except (RuntimeError, UserWarning):  # an operation that cannot be batched
        return False
    for k, tensor in zip(wanted, tensors, strict=True):
        stacks[found.uses[k].parameter].add(k, slice(1, C), tensor)
    return True


def _each(found: Sampled, stacks: list[Stack], k: int, deltas: Tensor) -> Tensor:
    """Return what one use enters for each of several outputs."""
    use, layout = found.uses[k], found.layouts[k]
    stack, edge = stacks[use.parameter], found.edges[use.parameter]
    return torch.vmap(lambda delta: stack.wanted(k, use.contribution(delta, layout, edge)))(deltas)


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
    at = {
        (use.node, use.slot): use
        for use in found.uses
        if times[use.parameter] == 1 and use.view is None and _unscaled(use.node)
    }
    pairs: dict[int, int] = {}
    for (node, slot), use in at.items():
        matrix, bias = _WITH_BIAS.get(node.name(), (-1, -1))
        if slot == matrix and (node, bias) in at:
            pairs[use.parameter] = at[node, bias].parameter
    return pairs


def _unscaled(node: object) -> bool:
    return getattr(node, "_saved_alpha", 1) == 1 and getattr(node, "_saved_beta", 1) == 1


def _one_by_one(found: Sampled, slow: Sequence[int]) -> list[Tensor]:
    """Return the Jacobians of some parameters by a backward pass for each output of each sample."""
    if not slow:
        return []
    n, C = found.values.shape
    sizes = [found.shapes[i].numel() for i in slow]
    J = [found.values.new_zeros(n, C, size) for size in sizes]
    for i in range(n):
        for c in range(C):
            along = torch.zeros_like(found.values)
            along[i, c] = 1
            parts = gradients([found.values], [found.edges[k] for k in slow], [along])
            for rows, part in zip(J, parts, strict=True):
                if part is not None:
                    rows[i, c] = part.flatten()
    return J
