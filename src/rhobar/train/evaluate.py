"""Judge a model on data: means over the rows, whatever the batches' sizes."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from rhobar.train.objective import Objective, costs, on_device
from rhobar.train.ranks import Ranks, this_rank
from rhobar.train.step import Evaluation

__all__ = ["accuracy", "evaluate"]


def accuracy(outputs: Float[Tensor, "*batch classes"], targets: Int[Tensor, "*batch"]) -> Float[Tensor, ""]:
    """Return the share of targets that have the highest score; a tie counts for the first class.

    Example:
        >>> accuracy(torch.tensor([[0.1, 0.9], [0.8, 0.2]]), torch.tensor([1, 1])).item()
        0.5
    """
    right: Bool[Tensor, ...] = outputs.argmax(-1) == targets
    return right.float().mean()


@torch.no_grad()
def evaluate(
    model: nn.Module,
    loss: Objective,
    batches: Iterable[Any],
    *,
    metrics: Mapping[str, Objective] | None = None,
    ranks: Ranks | None = None,
) -> Evaluation:
    """Return the mean loss and metrics over all rows, in evaluation mode.

        L̄ = Σ_b n_b L_b / Σ_b n_b   over batches b of n_b rows

    The model's mode is put back, also when an exception passes through.

    Args:
        model: The network.
        loss: ``loss(model(inputs), targets)`` for batches that are pairs, else ``loss(model, batch)``.
        batches: The data; shuffle is of no use.
        metrics: Name ↦ a function called like the loss.
        ranks: The processes that share the rows; those that `torchrun` started if None.

    Returns:
        Loss, metrics and number of rows, the same on every process.

    Raises:
        ValueError: If there is no row.

    Example:
        >>> x, y = torch.eye(2), torch.tensor([0, 1])
        >>> evaluate(nn.Identity(), nn.CrossEntropyLoss(), [(x, y)], metrics={"accuracy": accuracy}).metrics
        {'accuracy': 1.0}
    """
    ranks = ranks or this_rank()
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    objectives = {"loss": loss, **(metrics or {})}
    totals = torch.zeros(len(objectives) + 1, dtype=torch.float64, device=device)
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        for batch in batches:
            part, rows, _ = ranks.share(batch)
            values = costs(model, objectives, on_device(part, device))
            if rows:
                each = torch.stack([v.detach().double().mean() for v in values.values()])
                totals += torch.cat([each, each.new_ones(1)]) * rows
    finally:
        for module, mode in modes.items():
            module.training = mode
    *sums, count = ranks.sum(totals).tolist()
    if not count:
        raise ValueError("batches must hold at least one row to judge a model on, got none.")
    loss_mean, *means = (value / count for value in sums)
    return Evaluation(loss_mean, dict(zip(metrics or {}, means, strict=True)), int(count))
