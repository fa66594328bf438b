"""Few-shot tasks: N classes, K labelled samples of each to learn from, others to be judged by.

Reference: Vinyals et al. (2016), Matching networks for one shot learning, section 2.2.
"""

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Int, Shaped
from torch import Tensor

__all__ = ["Episode", "FewShotAccuracy", "draw_episode", "few_shot_accuracy"]


@dataclass(frozen=True)
class Episode:
    """One task; its classes are numbered anew, 0 … N − 1.

    Attributes:
        support: What may be learned from, N·K samples.
        support_labels: Their classes.
        query: What the answer is judged by, N·Q samples.
        query_labels: Their classes.
    """

    support: Shaped[Tensor, " shots *shape"]
    support_labels: Int[Tensor, " shots"]
    query: Shaped[Tensor, " queries *shape"]
    query_labels: Int[Tensor, " queries"]


@dataclass(frozen=True)
class FewShotAccuracy:
    """Mean accuracy over tasks.

    Attributes:
        value: The mean.
        stderr: Standard error over the tasks.
        interval: 95 % interval, value ± 1.96 stderr.
        num_episodes: How many tasks.
    """

    value: float
    stderr: float
    interval: tuple[float, float]
    num_episodes: int


def draw_episode(
    inputs: Shaped[Tensor, " n *shape"],
    labels: Int[Tensor, " n"],
    *,
    classes: Sequence[int] | None = None,
    num_ways: int = 5,
    num_shots: int = 1,
    num_queries: int = 15,
    generator: torch.Generator | None = None,
) -> Episode:
    """Draw N classes, and K + Q different samples of each.

    Args:
        inputs: Samples of many classes.
        labels: Their classes.
        classes: Those to draw from; all by default. Keep those for the final judgement apart.
        num_ways: N.
        num_shots: K.
        num_queries: Q.
        generator: Source of randomness.

    Returns:
        The task.

    Raises:
        ValueError: If there are fewer classes than N, or fewer samples of one than K + Q.

    Example:
        >>> x, y = torch.arange(12.0)[:, None], torch.arange(12) // 4
        >>> task = draw_episode(x, y, num_ways=2, num_shots=1, num_queries=3)
        >>> task.support_labels, task.query_labels
        (tensor([0, 1]), tensor([0, 0, 0, 1, 1, 1]))

    Textbook: B74, C-§11.1.1.
    """
    names = torch.tensor(sorted(set(labels.tolist()) if classes is None else set(classes)))
    if not 2 <= num_ways <= len(names) or num_shots < 1 or num_queries < 1:
        raise ValueError(
            f"2 to {len(names)} ways and at least one shot and query are needed; got {num_ways}, {num_shots} and "
            f"{num_queries}."
        )
    support, query = [], []
    for name in names[torch.randperm(len(names), generator=generator)[:num_ways]].tolist():
        rows = (labels == name).nonzero()[:, 0]
        if len(rows) < num_shots + num_queries:
            raise ValueError(
                f"Class {name} must have num_shots + num_queries = {num_shots + num_queries} samples, got {len(rows)}; "
                "take fewer queries."
            )
        chosen = rows[torch.randperm(len(rows), generator=generator).to(rows.device)]
        support.append(chosen[:num_shots])
        query.append(chosen[num_shots : num_shots + num_queries])
    ways = torch.arange(num_ways, device=labels.device)
    return Episode(
        inputs[torch.cat(support)], ways.repeat_interleave(num_shots),
        inputs[torch.cat(query)], ways.repeat_interleave(num_queries),
    )  # fmt: skip


def few_shot_accuracy(answer: Callable[[Episode], Tensor], episodes: Iterable[Episode]) -> FewShotAccuracy:
    """Judge a way of answering by many tasks.

    Args:
        answer: Task ↦ logits of its queries; it must not look at the query labels.
        episodes: Tasks of classes that had no part in training.

    Returns:
        The mean accuracy with its error over the tasks, which are the independent units.

    Raises:
        ValueError: If there are fewer than two tasks.

    Example:
        >>> x = torch.tensor([[0.0], [1.0]])
        >>> task = Episode(x, torch.tensor([0, 1]), x, torch.tensor([0, 1]))
        >>> few_shot_accuracy(lambda t: -((t.query - t.support.T) ** 2), [task, task]).value
        1.0

    Textbook: B74.
    """
    shares = [float((answer(e).argmax(1) == e.query_labels).double().mean()) for e in episodes]
    if len(shares) < 2:
        raise ValueError(f"At least 2 episodes are needed for a standard error, got {len(shares)}.")
    value, stderr = statistics.mean(shares), statistics.stdev(shares) / math.sqrt(len(shares))
    return FewShotAccuracy(value, stderr, (value - 1.96 * stderr, value + 1.96 * stderr), len(shares))
