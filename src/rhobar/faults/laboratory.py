"""Run the programs, decide which count, and hand out what was said of each.

A base program counts if its healthy twin reaches the score that its data allow. A sick program counts if it is truly
harmed: its score lies below its twin's by a tenth of what there was to learn, or is not a number; a fault that
flatters must show a score that is better than the twin's by a twentieth. A program with two faults counts if it is
harmed and so is each of the two alone.
"""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rhobar.faults.base import Base
from rhobar.faults.execute import Answer, execute
from rhobar.faults.program import Program, fresh_programs, programs

__all__ = ["Outcome", "Report", "harmed", "investigate", "select_programs"]

FRESH = 60
"""Base programs of a fresh draw, if no limit is given."""
HARM, FLATTERY = 0.10, 0.05
"""Shares of (healthy score − score of a constant) by which a fault must show."""


@dataclass(frozen=True)
class Outcome:
    """A program that counts, and what was said of it."""

    program: Program
    answer: Answer


@dataclass(frozen=True)
class Report:
    """What came of a part.

    Attributes:
        part: ``tuning``, ``test``, ``all`` or ``fresh``.
        outcomes: Programs that count.
        unhealthy: Names of bases whose healthy twin did not learn; none of their programs counts.
        unharmed: Names of programs whose faults do no harm.
        failed: Names of programs that got no diagnosis, with the reason; they count as silence.
    """

    part: str
    outcomes: tuple[Outcome, ...]
    unhealthy: tuple[str, ...]
    unharmed: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]


def select_programs(part: str, limit: int | None = None, *, draw: int = 1) -> tuple[Program, ...]:
    """Return the programs of a part, of at most so many base programs, evenly spaced; or a draw of fresh ones.

    Raises:
        ValueError: If the part is unknown or the limit is not positive.

    Example:
        >>> len({program.base.name for program in select_programs("test", 5)})
        5
    """
    if part not in ("tuning", "test", "all", "fresh") or (limit is not None and limit < 1):
        known = "'tuning', 'test', 'all' or 'fresh'"
        raise ValueError(f"part must be {known} and the limit positive, got {part!r} and {limit}.")
    if part == "fresh":
        return fresh_programs(draw, limit or FRESH)
    of_part = [program for program in programs() if part in ("all", program.base.part)]
    names = list(dict.fromkeys(program.base.name for program in of_part))
    if limit is not None and limit < len(names):
        names = [names[i * len(names) // limit] for i in range(limit)]
    kept = set(names)
    return tuple(program for program in of_part if program.base.name in kept)


def investigate(
    part: str = "all",
    *,
    limit: int | None = None,
    draw: int = 1,
    jobs: int = 1,
    cache: Path | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Report:
    """Run the programs of a part and return those that count with what was said of them.

    Args:
        part: ``tuning``, ``test``, ``all`` or ``fresh``.
        limit: At most so many base programs.
        draw: Which fresh programs.
        jobs: Programs at the same time.
        cache: Folder of answers, so that an interrupted call goes on.
        say: Called with a line a program.
    """
    chosen = select_programs(part, limit, draw=draw)
    answers: dict[str, Answer] = {}
    with ThreadPoolExecutor(jobs) as pool:
        for program, answer in zip(chosen, pool.map(lambda p: execute(p.source, cache=cache), chosen), strict=True):
            answers[program.name] = answer
            say(f"{len(answers)}/{len(chosen)} {program.name}")
    return judge(part, chosen, answers)


def judge(part: str, chosen: Sequence[Program], answers: dict[str, Answer]) -> Report:
    """Decide which programs count."""
    scores = {name: answer.score for name, answer in answers.items()}
    sick_bases = {p.base.name for p in chosen if not p.faults and not scores[p.name] >= p.base.floor}
    outcomes, unharmed = [], []
    for program in chosen:
        if program.base.name in sick_bases:
            continue
        parts = [program, *(Program(program.base, (fault,)) for fault in program.faults if len(program.faults) > 1)]
        if program.faults and not all(_shows(p, scores) for p in parts):
            unharmed.append(program.name)
            continue
        outcomes.append(Outcome(program, answers[program.name]))
    failed = tuple((o.program.name, o.answer.error) for o in outcomes if o.answer.error)
    return Report(part, tuple(outcomes), tuple(sorted(sick_bases)), tuple(unharmed), failed)


def _shows(program: Program, scores: dict[str, float]) -> bool:
    flatters = any(fault.flatters for fault in program.faults)
    return harmed(program.base, scores[program.base.name], scores[program.name], flatters=flatters)


def harmed(base: Base, healthy: float, sick: float, *, flatters: bool = False) -> bool:
    """Return whether a fault did harm.

    Args:
        base: For the score of a constant.
        healthy: Score of the twin.
        sick: Score of the program, NaN if it has none.
        flatters: Whether the harm is a score that is too good.
    """
    if math.isnan(sick):
        return not flatters
    to_learn = healthy - base.constant
    return sick >= healthy + FLATTERY * to_learn if flatters else sick <= healthy - HARM * to_learn
