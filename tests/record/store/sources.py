"""Sources that need no torch: a loss at every step, known by its number, and readings of whatever shape."""

import math
import random

from rhobar.record import LayerReading, Moments, ParameterReading, Reading
from rhobar.record.store import Batch, Series
from rhobar.record.store.rows import reading_rows

HOSTILE = [
    "<script>alert(1)</script>",
    "\x1b[31mred\x1b[0m",
    "'; DROP TABLE losses; --",
    "a\nb\r\tc",
    "‮abc",
    "\udc80",
    "..",
    "a/b",
    "\x07",
    "",
]


def loss_at(step):
    return math.sin(step) * 10 ** (step % 7 - 3)


class Counting:
    """A training whose loss at step i is `loss_at(i)`; takes `pace` steps whenever it is asked."""

    def __init__(self, pace=100, readings=False):
        self.steps, self.pace, self.kept, self.drawn, self.calls = 0, pace, 0, 0, 0
        self.readings, self.lost_readings = readings, 0

    def draw(self):
        self.calls += 1
        self.steps += self.pace
        self.drawn = self.steps
        rows = {"trainings": [(0, "net", None, None, None)]}
        if self.readings:
            for table, made in reading_rows(0, float(self.calls), reading(self.calls, seed=self.calls)).items():
                rows.setdefault(table, []).extend(made)
        first = max(self.kept - 1, 0)
        return Batch(rows, [Series("losses", 0, first, [loss_at(i) for i in range(first, self.drawn)])])

    def written(self):
        self.kept = self.drawn

    def rewind(self):
        self.kept = 0
        return [("readings", 3)]


def some_number(rng):
    return rng.choice(
        [rng.gauss(0, 1), rng.gauss(0, 1) * 10 ** rng.randrange(-30, 30), 0.0, math.nan, math.inf, -math.inf]
    )


def some_moments(rng):
    size = rng.randrange(1, 10**9)
    return Moments(size, rng.randrange(1, size + 1), *(some_number(rng) for _ in range(5)))


def maybe(rng, make):
    return make(rng) if rng.random() < 0.7 else None


def reading(step, seed, names=("encoder.0", "encoder.1", *HOSTILE[:3])):
    """A reading with everything that a reading may hold."""
    rng = random.Random(seed)
    layers = tuple(
        LayerReading(
            name,
            rng.choice(["linear", "convolution"]),
            rng.choice(["relu", None]),
            rng.randrange(9),
            rng.randrange(9),
            *(maybe(rng, some_moments) for _ in range(5)),
            maybe(rng, some_number),
            maybe(rng, some_number),
            *(rng.random() < 0.5 for _ in range(3)),
        )
        for name in names
    )
    parameters = tuple(
        ParameterReading(
            f"{name}.weight",
            rng.randrange(99),
            some_number(rng),
            maybe(rng, some_number),
            some_number(rng),
            maybe(rng, some_number),
        )
        for name in names
    )
    return Reading(step, some_number(rng), layers, parameters, *(maybe(rng, some_number) for _ in range(6)))
