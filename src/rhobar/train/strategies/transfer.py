"""Transfer learning: start from what another task has taught, and move it no further than the new task can justify.

`freeze` keeps a part as it is; `gradual_unfreezing` thaws the stages from the head down, one more each epoch;
`discriminative_groups` gives earlier stages smaller rates, η_{l−1} = η_l/2.6.

References:
    Yosinski, Clune, Bengio and Lipson (2014), How transferable are features in deep neural networks?
    Howard and Ruder (2018), Universal language model fine-tuning for text classification, section 3.2 and 3.3.
"""

from collections.abc import Sequence
from typing import Any

from torch import nn

__all__ = ["discriminative_groups", "freeze", "gradual_unfreezing", "unfreeze"]


def freeze(*modules: nn.Module) -> None:
    """Let no gradient reach these modules, and no batch change their running statistics.

    Parameters get ``requires_grad = False``; modules that keep statistics of their inputs are put into evaluation mode,
    as they would drift otherwise. `fit` puts the whole model into training mode at its beginning: freeze after that,
    in its loop, or build the model with layers that keep no statistics.

    Args:
        *modules: Parts of a model.

    Example:
        >>> body = nn.Linear(2, 3)
        >>> freeze(body)
        >>> any(p.requires_grad for p in body.parameters())
        False

    Textbook: B72.
    """
    for module in modules:
        module.requires_grad_(False)
        for part in _with_statistics(module):
            part.eval()


def unfreeze(*modules: nn.Module) -> None:
    """Undo `freeze`: gradients flow and statistics are taken again.

    Args:
        *modules: Parts of a model.

    Example:
        >>> body = nn.Linear(2, 3)
        >>> freeze(body)
        >>> unfreeze(body)
        >>> all(p.requires_grad for p in body.parameters())
        True

    Textbook: B72.
    """
    for module in modules:
        module.requires_grad_(True)
        for part in _with_statistics(module):
            part.train()


def _with_statistics(module: nn.Module) -> list[nn.Module]:
    return [part for part in module.modules() if getattr(part, "running_mean", None) is not None]


def gradual_unfreezing(stages: Sequence[nn.Module], epoch: int, *, every: int = 1) -> int:
    """Thaw the last stages and freeze the others, as many as the epoch allows; call it before each epoch.

    Args:
        stages: Parts of the model from input to output, the new head last.
        epoch: From 0 on; then the head alone is trained.
        every: Epochs after which one more stage is thawed.

    Returns:
        How many stages are trained.

    Raises:
        ValueError: If the epoch is negative or `every` below 1.

    Example:
        >>> stages = [nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2)]
        >>> [gradual_unfreezing(stages, epoch) for epoch in range(4)]
        [1, 2, 3, 3]

    Textbook: B72.
    """
    if epoch < 0 or every < 1:
        raise ValueError(f"epoch must be at least 0 and every at least 1, got {epoch} and {every}.")
    count = min(1 + epoch // every, len(stages))
    freeze(*stages[: len(stages) - count])
    unfreeze(*stages[len(stages) - count :])
    return count


def discriminative_groups(stages: Sequence[nn.Module], lr: float, *, factor: float = 2.6) -> list[dict[str, Any]]:
    """Give each stage a rate of its own, the head `lr` and every earlier stage 1/factor of its successor's.

    Args:
        stages: Parts of the model from input to output, the head last; they must share no parameter.
        lr: η of the last stage.
        factor: 2.6 in the paper; 1 makes all equal.

    Returns:
        Groups for any torch optimizer, in the order of the stages; frozen parameters are in them, so that they move
        once they are thawed.

    Raises:
        ValueError: If the factor is below 1, or a parameter belongs to two stages.

    Example:
        >>> groups = discriminative_groups([nn.Linear(1, 1), nn.Linear(1, 1)], 0.26)
        >>> [round(group["lr"], 3) for group in groups]
        [0.1, 0.26]

    Textbook: B72.
    """
    if factor < 1:
        raise ValueError(f"factor must be at least 1, got {factor}; earlier stages learn slower, not faster.")
    seen: set[int] = set()
    groups: list[dict[str, Any]] = []
    for depth, stage in enumerate(stages):
        params = list(stage.parameters())
        if shared := seen & {id(p) for p in params}:
            raise ValueError(f"Stage {depth} shares {len(shared)} parameters with an earlier one; put them into one.")
        seen |= {id(p) for p in params}
        if params:
            groups.append({"params": params, "lr": lr / factor ** (len(stages) - 1 - depth)})
    return groups
