"""Scores of a diagnosis over programs whose faults are known, with bootstrap intervals over the base programs.

    sensitivity   flagged sick / sick                 false alarms   flagged healthy / healthy
    precision     true causes named / causes named    recall         faults named / faults
    F₃            (1 + 3²) P R / (3² P + R)           top k          sick with a right answer among the first k / sick

Flagged means that anything was said. Causes named in healthy programs count against precision. Programs of one base
share their data, network and style, so the bases, not the programs, are drawn again.

Reference: van Rijsbergen (1979), Information retrieval, chapter 7 (F_β).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.select.bootstrap import Bootstrap, bootstrap

__all__ = ["MEASURES", "Verdict", "always_flag", "counts", "never_flag", "score"]


@dataclass(frozen=True)
class Verdict:
    """What a tool said of a program, beside what is true of it.

    Attributes:
        base: The base program.
        faults: For each fault the identifiers that name it rightly; none for a healthy program.
        flagged: Whether the tool called the program sick.
        causes: What it named as causes, ranked.
        ranked: All that it named, ranked; symptoms stand behind causes.
    """

    base: str
    faults: tuple[frozenset[str], ...]
    flagged: bool
    causes: tuple[str, ...]
    ranked: tuple[str, ...]

    @property
    def right(self) -> frozenset[str]:
        """Identifiers that name one of the faults."""
        return frozenset().union(*self.faults)


COLUMNS = ("healthy", "alarms", "sick", "flagged", "first", "three", "named", "true", "faults", "found")


def counts(verdict: Verdict) -> tuple[int, ...]:
    """Return what one program adds to the columns.

    Example:
        >>> sick = Verdict("a", (frozenset({"x"}), frozenset({"y"})), True, ("z", "x"), ("z", "x"))
        >>> counts(sick)
        (0, 0, 1, 1, 0, 1, 2, 1, 2, 1)
    """
    right, sick = verdict.right, bool(verdict.faults)
    return (
        int(not sick),
        int(not sick and verdict.flagged),
        int(sick),
        int(sick and verdict.flagged),
        int(bool(right & set(verdict.ranked[:1]))),
        int(bool(right & set(verdict.ranked[:3]))),
        len(verdict.causes),
        sum(cause in right for cause in verdict.causes),
        len(verdict.faults),
        sum(bool(fault & set(verdict.causes)) for fault in verdict.faults),
    )


def _ratio(above: str, below: str) -> Callable[[Tensor], Tensor]:
    a, b = COLUMNS.index(above), COLUMNS.index(below)

    def statistic(rows: Tensor) -> Tensor:
        total = rows.sum(0)
        return torch.where(total[b] > 0, total[a] / total[b].clamp(min=1), torch.zeros((), dtype=rows.dtype))

    return statistic


def _f3(rows: Tensor) -> Tensor:
    P, R = _ratio("true", "named")(rows), _ratio("found", "faults")(rows)
    return torch.where(P + R > 0, 10 * P * R / (9 * P + R).clamp(min=1e-12), torch.zeros_like(P))


MEASURES: dict[str, Callable[[Tensor], Tensor]] = {
    "sensitivity": _ratio("flagged", "sick"),
    "false alarms": _ratio("alarms", "healthy"),
    "precision": _ratio("true", "named"),
    "recall": _ratio("found", "faults"),
    "F3": _f3,
    "top 1": _ratio("first", "sick"),
    "top 3": _ratio("three", "sick"),
}


def score(verdicts: Sequence[Verdict], *, num_draws: int = 1000, seed: int = 0) -> dict[str, Bootstrap]:
    """Return every measure with its 95 % interval.

    Args:
        verdicts: Of all programs.
        num_draws: Of the bootstrap.
        seed: Of the draws.

    Raises:
        ValueError: If there are fewer than two base programs.

    Example:
        >>> right = [Verdict(str(i), (frozenset({"x"}),), True, ("x",), ("x",)) for i in range(4)]
        >>> score(right)["top 1"].value
        1.0
    """
    rows = _by_base(verdicts)
    if len(rows) < 2:
        raise ValueError(f"Intervals need the programs of at least 2 base programs, got {len(rows)}.")
    return {
        name: bootstrap(
            rows, measure, num_draws=num_draws, method="percentile", generator=torch.Generator().manual_seed(seed)
        )
        for name, measure in MEASURES.items()
    }


def _by_base(verdicts: Sequence[Verdict]) -> Float[Tensor, "bases columns"]:
    bases = list(dict.fromkeys(verdict.base for verdict in verdicts))
    rows = torch.zeros(len(bases), len(COLUMNS), dtype=torch.float64)
    for verdict in verdicts:
        rows[bases.index(verdict.base)] += torch.tensor(counts(verdict), dtype=torch.float64)
    return rows


def always_flag(verdicts: Sequence[Verdict], causes: Sequence[str]) -> list[Verdict]:
    """Return the verdicts of one who calls every program sick and names every cause in this order."""
    return [Verdict(v.base, v.faults, True, tuple(causes), tuple(causes)) for v in verdicts]


def never_flag(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts of one who calls every program healthy."""
    return [Verdict(v.base, v.faults, False, (), ()) for v in verdicts]
