"""Law: every schedule follows its closed form, step by step."""

import math

import pytest
import torch
from torch import nn

from rhobar.train import SCHEDULES, constant, cosine, fit, one_cycle, stepwise, warmup

T, EPOCH, ETA = 24, 6, 0.2


def rates(schedule):
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=ETA, momentum=0.9)
    batches = [(torch.zeros(1, 1), torch.zeros(1, 1))] * EPOCH
    return [s.rate for s in fit(model, nn.MSELoss(), batches, optimizer, epochs=T // EPOCH, schedule=schedule)]


def half(t, n, start, end):
    return end + (start - end) * (1 + math.cos(math.pi * t / n)) / 2


def cycle(t):
    top = 0.3 * (T + 1) - 1  # torch counts the top in steps from 0
    return half(t, top, ETA, 2.0) if t <= top else half(t - top, T - top, 2.0, ETA / 1e4)


CLOSED = {
    "constant": (constant(), lambda t: ETA),
    "step": (stepwise(1, 0.5), lambda t: ETA * 0.5 ** (t // EPOCH)),
    "cosine": (cosine(0.1), lambda t: half(t, T, ETA, 0.1 * ETA)),
    "one-cycle": (one_cycle(10.0, 0.3), cycle),
    "warm-up": (warmup(5, start=0.1), lambda t: ETA * min(1, 0.1 + 0.9 * t / 5)),
    "warm-up, cosine": (warmup(4, cosine(), start=0.25), lambda t: ETA * (0.25 + 0.75 * t / 4) if t < 4 else half(t - 4, T - 4, ETA, 0)),
    "warm-up, step": (warmup(2, stepwise(1, 0.1)), lambda t: ETA * (0.01 + 0.99 * t / 2) if t < 2 else ETA * 0.1 ** ((t - 2) // EPOCH)),
}  # fmt: skip


@pytest.mark.parametrize("name", CLOSED)
def test_b29_closed_forms(name):
    schedule, form = CLOSED[name]
    assert rates(schedule) == pytest.approx([form(t) for t in range(T)], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("name", "options"), [
    ("step", {"every": 0}), ("step", {"factor": 2.0}), ("cosine", {"final": -0.1}), ("one-cycle", {"peak": 1.0}),
    ("one-cycle", {"rise": 1.0}), ("plateau", {"factor": 1.0}), ("plateau", {"patience": -1}),
])  # fmt: skip
def test_what_is_out_of_range_is_refused(name, options):
    with pytest.raises(ValueError, match=next(iter(options))):
        SCHEDULES[name](**options)


def test_warmup_refuses_what_goes_by_epochs():
    with pytest.raises(ValueError, match="goes by epochs"):
        rates(warmup(3, SCHEDULES["plateau"]()))


def test_b29_a_falling_rate_removes_the_ball_of_noise():
    """θ ← θ − η(θ + ξ): constant η leaves variance η/(2 − η), η/(1 + ηt) leaves about 1/t."""
    generator = torch.Generator().manual_seed(0)
    fixed, falling = torch.ones(4000), torch.ones(4000)
    for t in range(200):
        noise = torch.randn(4000, generator=generator)
        fixed = fixed - 0.5 * (fixed + noise)
        falling = falling - 0.5 / (1 + 0.5 * t) * (falling + noise)
    assert fixed.var().item() == pytest.approx(0.5 / 1.5, rel=0.1)
    assert falling.var().item() < 0.03
