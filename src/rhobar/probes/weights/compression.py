"""How much of the loss each layer's smaller singular values carry.

W_k = Σ_{i≤k} σ_i u_i v_iᵀ is the nearest matrix of rank k. The layer is replaced by it and the loss measured again.

Reference: Eckart and Young (1936), The approximation of one matrix by another of lower rank.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rhobar.probes.curvature.forward import loss_of
from rhobar.probes.curvature.risk import Batch, Loss, num_samples
from rhobar.probes.restoring import restored
from rhobar.probes.second_order import eager
from rhobar.probes.weights.matrices import as_matrix, energy_kept, least_rank, matrix_parameters

__all__ = ["Compression", "low_rank_losses"]


@dataclass(frozen=True)
class Compression:
    """One layer, or all at once, at several ranks.

    Attributes:
        name: The parameter; "all" for all of them together.
        ranks: Ranks tried, one for each share; of "all" the sum over layers.
        energies: Shares of ‖W‖_F² kept (of "all" the shares that were asked for).
        losses: The loss at each.
        full: The loss of the model as it is.
        parameters: Numbers that W_k takes as two factors, k (m + n), over those of W: below one, space is saved.
    """

    name: str
    ranks: tuple[int, ...]
    energies: tuple[float, ...]
    losses: tuple[float, ...]
    full: float
    parameters: tuple[float, ...]


def low_rank_losses(
    model: nn.Module,
    loss: Loss,
    batches: Iterable[Batch],
    *,
    energies: Sequence[float] = (0.5, 0.8, 0.9, 0.95, 0.99),
    names: Sequence[str] | None = None,
) -> tuple[Compression, ...]:
    """Measure the loss with each weight matrix, and with all of them, at lower rank.

    Args:
        model: Any module, in the mode that is meant (evaluation, as a rule); it is left as it was.
        loss: `loss(model(inputs), targets)` for batches that are pairs, else `loss(model, batch)`; any scalar will do,
            such as the share of wrong answers.
        batches: The data; of unequal batches each counts by its samples.
        energies: Shares of ‖W‖_F² to keep; each takes the least rank that does.
        names: Parameters by name; by default all with two rows and two columns at least.

    Returns:
        One entry a matrix, and one for all.

    Raises:
        ValueError: If there is no batch. One comes from `least_rank` if a share is not in (0, 1].

    Example:
        >>> model = nn.Linear(2, 2, bias=False)
        >>> _ = model.weight.data.copy_(torch.diag(torch.tensor([3.0, 1.0])))
        >>> batch = (torch.eye(2), torch.diag(torch.tensor([3.0, 1.0])))
        >>> low_rank_losses(model, nn.MSELoss(), [batch], energies=[0.9, 1.0])[0].losses
        (0.25, 0.0)
    """
    batches, model = list(batches), eager(model)
    if not batches:
        raise ValueError("batches must hold at least one batch, got none; pass a list such as [(inputs, targets)].")
    params = matrix_parameters(model, names)
    factors = {name: torch.linalg.svd(as_matrix(p), full_matrices=False) for name, p in params.items()}
    full = _risk(model, loss, batches, {})
    found: list[Compression] = []
    for name, p in params.items():
        ranks = tuple(least_rank(factors[name][1], energy) for energy in energies)
        kept = tuple(energy_kept(factors[name][1], k) for k in ranks)
        losses = tuple(_risk(model, loss, batches, {id(p): _truncated(p, factors[name], k)}) for k in ranks)
        found.append(Compression(name, ranks, kept, losses, full, tuple(_share(p, k) for k in ranks)))
    together = [
        {id(p): _truncated(p, factors[name], found[i].ranks[e]) for i, (name, p) in enumerate(params.items())}
        for e in range(len(energies))
    ]
    sizes = [p.numel() for p in params.values()]
    found.append(
        Compression(
            "all",
            tuple(sum(one.ranks[e] for one in found) for e in range(len(energies))),
            tuple(energies),
            tuple(_risk(model, loss, batches, new) for new in together),
            full,
            tuple(
                sum(one.parameters[e] * size for one, size in zip(found, sizes, strict=True)) / sum(sizes)
                for e in range(len(energies))
            ),
        )
    )
    return tuple(found)


@torch.no_grad()
def _risk(model: nn.Module, loss: Loss, batches: Sequence[Batch], new: Mapping[int, Tensor]) -> float:
    """Return the loss with some parameters replaced, by their ids."""
    counts = [num_samples(batch) for batch in batches]
    summed = getattr(loss, "reduction", "mean") == "sum"
    with restored(model), _replaced(model, new):
        values = [loss_of(model, loss, batch).item() for batch in batches]
    if summed:
        return sum(values)
    return sum(value * count for value, count in zip(values, counts, strict=True)) / sum(counts)


@contextmanager
def _replaced(model: nn.Module, new: Mapping[int, Tensor]) -> Iterator[None]:
    """Put other parameters in the places of some, wherever they are tied to, and the very same ones back on exit."""
    places = [
        (module._parameters, name, p)
        for module in model.modules()
        for name, p in module._parameters.items()
        if p is not None and id(p) in new
    ]
    try:
        for of, name, p in places:
            of[name] = nn.Parameter(new[id(p)], requires_grad=False)
        yield
    finally:
        for of, name, p in places:
            of[name] = p


def _truncated(p: Tensor, factors: tuple[Tensor, Tensor, Tensor], rank: int) -> Tensor:
    U, S, Vh = factors
    return ((U[:, :rank] * S[:rank]) @ Vh[:rank]).view(p.shape).to(p)


def _share(p: Tensor, rank: int) -> float:
    m, n = as_matrix(p).shape
    return rank * (m + n) / (m * n)
