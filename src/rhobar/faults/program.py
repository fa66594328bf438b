"""Programs: a base with no fault, one or two, in a fixed and balanced choice."""

import functools
import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rhobar.faults.base import Base, bases, fresh_bases
from rhobar.faults.catalogue import FAULTS, Fault

__all__ = ["Program", "fresh_programs", "programs"]

SINGLES = 3
"""Programs with one fault of each base; every second base has one with two faults as well."""


@dataclass(frozen=True)
class Program:
    """A program of the laboratory.

    Attributes:
        base: What it was made from.
        faults: What is wrong with it; empty for the healthy twin.
    """

    base: Base
    faults: tuple[Fault, ...] = ()

    @property
    def name(self) -> str:
        """``base+fault+fault``."""
        return "+".join((self.base.name, *(fault.name for fault in self.faults)))

    @property
    def source(self) -> str:
        """Its text."""
        draft = self.base.draft
        for fault in self.faults:
            draft = fault.change(draft)
        return draft.source()

    @property
    def right(self) -> frozenset[str]:
        """Identifiers of which any is a right first answer."""
        return frozenset(id for fault in self.faults for id in (fault.cause, *fault.also))


@functools.cache
def programs() -> tuple[Program, ...]:
    """Return all programs in a fixed order, each base's healthy one first.

    Within each part every base gets the causes that are rarest so far among those that fit it, so that no cause is
    counted much more often than another. The pair is made of the base's first two single faults that can be seen
    together: neither hides all others, both are fitting after the other, and they change different slots.

    Example:
        >>> made = programs()
        >>> len(made) > 300, sum(not program.faults for program in made) == len(bases())
        (True, True)
    """
    return _of(bases())


def fresh_programs(draw: int, number: int) -> tuple[Program, ...]:
    """Return programs of so many base programs that are in neither part, by the same rules.

    Example:
        >>> len({program.base.name for program in fresh_programs(1, 5)})
        5
    """
    return _of(fresh_bases(draw, number))


def _of(chosen_bases: Sequence[Base]) -> tuple[Program, ...]:
    used: defaultdict[str, Counter[str]] = defaultdict(Counter)
    out: list[Program] = []
    for number, base in enumerate(chosen_bases):
        chosen = _choose(base, used[base.part])
        out += [Program(base), *(Program(base, (fault,)) for fault in chosen)]
        pairs = [(a, b) for i, a in enumerate(chosen) for b in chosen[i + 1 :] if _together(base, a, b)]
        if pairs and number % 2 == 0:
            out.append(Program(base, pairs[0]))
    return tuple(out)


def _choose(base: Base, used: Counter[str]) -> list[Fault]:
    """The rarest causes, and of each the variant rarest so far; ties by a hash of base and fault."""
    fitting = [fault for fault in FAULTS if fault.fits(base.draft)]

    def rank(fault: Fault) -> tuple[int, int, str]:
        tie = hashlib.sha256(f"{base.name} {fault.name}".encode()).hexdigest()
        return used[fault.cause], used[fault.name], tie

    chosen: list[Fault] = []
    while len(chosen) < SINGLES:
        first = min((f for f in fitting if f.cause not in {c.cause for c in chosen}), key=rank)
        chosen.append(first)
        used.update((first.cause, first.name))
    return chosen


def _together(base: Base, a: Fault, b: Fault) -> bool:
    if a.fatal or b.fatal or a.flatters != b.flatters or not b.fits(a.change(base.draft)):
        return False
    before, with_a, with_b = base.draft, a.change(base.draft), b.change(base.draft)
    changed = [
        {*_differences(before.slots, d.slots), *_differences(before.settings, d.settings)} for d in (with_a, with_b)
    ]
    both = b.change(with_a).source()
    return not changed[0] & changed[1] and both not in (with_a.source(), with_b.source())


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {name for name in after if before.get(name) != after[name]}
