"""Searches that evaluate one architecture after the other: at random, and by evolution that forgets the old.

Regularised evolution keeps a queue of P architectures. Each turn draws S of them, copies the best with one mutation,
evaluates the copy, appends it, and drops the oldest, however good: what survives does so because its descendants are
good again, not by one lucky evaluation.

References:
    Li and Talwalkar (2019), Random search and reproducibility for neural architecture search.
    Real, Aggarwal, Huang and Le (2019), Regularized evolution for image classifier architecture search, algorithm 1.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import torch

from rhobar.select.architecture.space import Genotype, mutated, random_genotype

__all__ = ["Found", "evolution_search", "random_architectures"]


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        best: The best architecture.
        score: Its score; the best of many noisy ones, so too good: judge it anew.
        history: All architectures with their scores, in order.
    """

    best: Genotype
    score: float
    history: tuple[tuple[Genotype, float], ...]


def random_architectures(
    evaluate: Callable[[Genotype], float],
    *,
    num_evaluations: int,
    draw: Callable[[torch.Generator | None], Genotype] = random_genotype,
    generator: torch.Generator | None = None,
) -> Found:
    """Evaluate architectures that are drawn independently.

    Args:
        evaluate: Architecture ↦ score, higher is better.
        num_evaluations: The budget.
        draw: Generator ↦ architecture.
        generator: Source of randomness.

    Returns:
        The best.

    Raises:
        ValueError: If there is no evaluation.

    Example:
        >>> random_architectures(lambda g: -g[0], num_evaluations=40, generator=torch.Generator().manual_seed(0)).best[
        ...     0
        ... ]
        0

    Textbook: B70.
    """
    if num_evaluations < 1:
        raise ValueError(f"num_evaluations must be at least 1, got {num_evaluations}.")
    drawn = [draw(generator) for _ in range(num_evaluations)]
    return _found([(g, float(evaluate(g))) for g in drawn])


def evolution_search(
    evaluate: Callable[[Genotype], float],
    *,
    num_evaluations: int,
    population: int = 10,
    sample: int = 3,
    draw: Callable[[torch.Generator | None], Genotype] = random_genotype,
    mutate: Callable[[Genotype, torch.Generator | None], Genotype] = mutated,
    generator: torch.Generator | None = None,
) -> Found:
    """Evolve a population, dropping the oldest.

    Args:
        evaluate: Architecture ↦ score, higher is better.
        num_evaluations: The budget, the first population included.
        population: P.
        sample: S, of which the best is the parent; 1 has no selection, P the strongest.
        draw: Generator ↦ architecture of the first population.
        mutate: (parent, generator) ↦ child.
        generator: Source of randomness.

    Returns:
        The best of all that were evaluated.

    Raises:
        ValueError: Unless 1 ≤ S ≤ P ≤ budget.

    Example:
        >>> found = evolution_search(lambda g: -sum(g), num_evaluations=120, generator=torch.Generator().manual_seed(0))
        >>> found.score > -3
        True

    Textbook: B70.
    """
    if not 1 <= sample <= population <= num_evaluations:
        raise ValueError(
            f"1 ≤ sample ≤ population ≤ num_evaluations is needed, got {sample}, {population} and {num_evaluations}."
        )
    history = [(g, float(evaluate(g))) for g in (draw(generator) for _ in range(population))]
    alive = deque(history, maxlen=population)
    while len(history) < num_evaluations:
        chosen = torch.randperm(population, generator=generator)[:sample].tolist()
        parent = max((alive[i] for i in chosen), key=lambda pair: pair[1])[0]
        child = mutate(parent, generator)
        history.append((child, float(evaluate(child))))
        alive.append(history[-1])  # the oldest falls out
    return _found(history)


def _found(history: list[tuple[Genotype, float]]) -> Found:
    best, score = max(history, key=lambda pair: pair[1])
    return Found(best, score, tuple(history))
