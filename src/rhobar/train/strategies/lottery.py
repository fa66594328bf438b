"""Lottery tickets: train, remove the smallest weights, rewind the rest to where they were early on, train again.

Each round removes a share p of the weights that are left, so that after r rounds (1 − p)^r remain. The claim is that
the small network that is found, trained alone from its original weights (those of step k; k = 0 is the initialisation),
reaches the accuracy of the whole one; with other initial weights it does not. It says nothing of the removed rest.

References:
    Frankle and Carbin (2019), The lottery ticket hypothesis, section 1 (iterative pruning, resetting).
    Frankle et al. (2020), Linear mode connectivity and the lottery ticket hypothesis, algorithm 2 (rewinding).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

__all__ = ["Masks", "Ticket", "apply_masks_", "lottery_rounds", "magnitude_masks", "prunable"]

Masks = Mapping[str, Bool[Tensor, "*shape"]]
"""Parameter name ↦ which of its weights remain."""


@dataclass(frozen=True)
class Ticket:
    """One round: what remained, trained.

    Attributes:
        number: The round, from 0; in round 0 all weights remain.
        density: Share of the prunable weights that remain.
        masks: Which.
        start: The whole state from which the round's training began, masked: with `masks` it is the ticket.
    """

    number: int
    density: float
    masks: Masks
    start: Mapping[str, Tensor]


def prunable(model: nn.Module) -> dict[str, Tensor]:
    """Weights with two axes or more: matrices and kernels; biases and gains stay whole.

    Args:
        model: The network.

    Returns:
        Name ↦ parameter.

    Example:
        >>> list(prunable(nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3))))
        ['0.weight']

    Textbook: A99.
    """
    return {name: p for name, p in model.named_parameters() if p.ndim >= 2}


def magnitude_masks(
    weights: Mapping[str, Float[Tensor, "*shape"]], masks: Masks, share: float, *, whole: bool = True
) -> dict[str, Tensor]:
    """Remove the share of the remaining weights that is smallest in absolute value.

    Args:
        weights: The trained weights.
        masks: What remained so far; new masks lie within.
        share: p in (0, 1).
        whole: Compare all weights of the network, or only those of one parameter.

    Returns:
        The new masks; exactly ⌊p·remaining⌋ weights fewer, of each parameter if not `whole`.

    Raises:
        ValueError: If the share is not in (0, 1).

    Example:
        >>> w = {"w": torch.tensor([0.1, -3.0, 2.0, -0.2])}
        >>> magnitude_masks(w, {"w": torch.ones(4, dtype=torch.bool)}, 0.5)["w"]
        tensor([False,  True,  True, False])

    Textbook: A99.
    """
    if not 0 < share < 1:
        raise ValueError(f"share must be in (0, 1), got {share}.")
    if not whole:
        alone = [magnitude_masks({name: w}, {name: masks[name]}, share) for name, w in weights.items()]
        return {name: mask for part in alone for name, mask in part.items()}
    sizes = torch.cat([w.detach().abs()[masks[name]] for name, w in weights.items()])
    count = int(share * sizes.numel())
    kept = torch.ones_like(sizes, dtype=torch.bool)
    kept[sizes.argsort(stable=True)[:count]] = False
    parts = kept.split([int(masks[name].sum()) for name in weights])
    fresh = {name: masks[name].clone() for name in weights}
    for mask, part in zip(fresh.values(), parts, strict=True):
        mask[mask.clone()] = part
    return fresh


@torch.no_grad()
def apply_masks_(model: nn.Module, masks: Masks) -> None:
    """Set the removed weights to zero, in place.

    Args:
        model: The network.
        masks: What remains.

    Example:
        >>> layer = nn.Linear(2, 1)
        >>> apply_masks_(layer, {"weight": torch.tensor([[True, False]])})
        >>> layer.weight[0, 1].item()
        0.0

    Textbook: A99.
    """
    params = dict(model.named_parameters())
    for name, mask in masks.items():
        params[name].masked_fill_(~mask, 0)


def lottery_rounds(
    model: nn.Module,
    train: Callable[[nn.Module], Iterable[object]],
    *,
    num_rounds: int,
    share: float = 0.2,
    rewind_to: int = 0,
    whole: bool = True,
) -> Iterator[Ticket]:
    """Train and prune in turn; after each round the model is trained and masked, for the caller to judge.

    Args:
        model: The network; it is changed in place.
        train: Model ↦ its training as an iterator with one item a step, such as
            ``lambda m: fit(m, loss, batches, torch.optim.SGD(m.parameters(), lr=0.1))``, with a fresh optimizer.
        num_rounds: Rounds, the first without pruning included.
        share: p, removed after each round.
        rewind_to: k; large networks need some hundred steps.
        whole: Compare weights over the whole network.

    Yields:
        The ticket of each round.

    Raises:
        ValueError: If there is no round, k is negative, or the first training ends before step k.

    Example:
        >>> from rhobar.train import Batches, fit
        >>> _ = torch.manual_seed(0)
        >>> x = torch.randn(64, 4)
        >>> data = Batches(x, x[:, :1], size=16)
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
        >>> rounds = lottery_rounds(
        ...     model,
        ...     lambda m: fit(m, nn.MSELoss(), data, torch.optim.SGD(m.parameters(), lr=0.1)),
        ...     num_rounds=3,
        ...     share=0.5,
        ... )
        >>> [round.density for round in rounds]
        [1.0, 0.5, 0.25]

    Textbook: A99.
    """
    if num_rounds < 1 or rewind_to < 0:
        raise ValueError(f"num_rounds must be at least 1 and rewind_to at least 0, got {num_rounds} and {rewind_to}.")
    masks: Masks = {name: torch.ones_like(w, dtype=torch.bool) for name, w in prunable(model).items()}
    total = sum(mask.numel() for mask in masks.values())
    early = _state(model) if rewind_to == 0 else None
    start = _state(model)
    for number in range(num_rounds):
        for step, _ in enumerate(train(model), 1):
            apply_masks_(model, masks)
            if number == 0 and step == rewind_to:
                early = _state(model)
        apply_masks_(model, masks)  # once more: a training may end with averaged or best weights
        if early is None:
            raise ValueError(f"The training must be longer than rewind_to = {rewind_to} steps; it ended before.")
        yield Ticket(number, sum(int(m.sum()) for m in masks.values()) / total, masks, start)
        masks = magnitude_masks(prunable(model), masks, share, whole=whole)
        model.load_state_dict(early)
        apply_masks_(model, masks)
        start = _state(model)


def _state(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}
