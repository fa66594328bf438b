"""Law: a loss scaled by a power of two shows the same losses, gradients and updates as the loss itself."""

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rhobar.diagnose.live import Run, watch
from rhobar.record import Training

STEPS = 8
Scaler = torch.amp.GradScaler


def data() -> tuple[Tensor, Tensor]:
    x = torch.randn(32, 8, generator=torch.Generator().manual_seed(1))
    return x, x[:, :3].argmax(1)


def run_of(loop: Callable[[nn.Module, Tensor, Tensor, Scaler], None], scaler: Scaler) -> Run:
    torch.manual_seed(0)
    model, (x, y) = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3)), data()
    with watch(model, budget=None) as run:
        loop(model, x, y, scaler)
    assert not [u for u in run.record.unseen if "Error" in u.reason], run.record.unseen
    return run


def plainly(model, x, y, scaler):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(STEPS):
        optimizer.zero_grad()
        scaler.scale(F.cross_entropy(model(x), y)).backward()
        scaler.step(optimizer)
        scaler.update()


def clipped(model, x, y, scaler):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(STEPS):
        optimizer.zero_grad()
        scaler.scale(F.cross_entropy(model(x), y)).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        scaler.step(optimizer)
        scaler.update()


def accumulated(model, x, y, scaler):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(STEPS // 2):
        optimizer.zero_grad()
        for part in range(2):
            rows = slice(16 * part, 16 * part + 16)
            (scaler.scale(F.cross_entropy(model(x[rows]), y[rows])) / 2).backward()
        scaler.step(optimizer)
        scaler.update()


def in_the_kernel(model, x, y, scaler):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, fused=True)
    for _ in range(STEPS):
        optimizer.zero_grad()
        scaler.scale(F.cross_entropy(model(x), y)).backward()
        scaler.step(optimizer)
        scaler.update()


def several_losses(model, x, y, scaler):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(STEPS):
        optimizer.zero_grad()
        out = model(x)
        one, two = scaler.scale(x for x in (F.cross_entropy(out, y), 1e-3 * out.square().mean()))
        (one + two).backward()
        scaler.step(optimizer)
        scaler.update()


LOOPS = [plainly, clipped, accumulated, in_the_kernel, several_losses]


def seen(training: Training) -> object:
    """What a scale must not change."""
    readings = [
        (r.step, r.loss, r.gradient_norm, r.applied_norm, r.uphill, r.gradient_cosine, r.gradient_ratio)
        for r in training.readings
    ]
    parts = [(r.layers, r.parameters) for r in training.readings]
    return training.losses, training.num_steps, training.backwards_per_step, training.clipped, readings, parts


@pytest.mark.parametrize(("loop", "scale"), [(loop, 2.0**16) for loop in LOOPS] + [(plainly, 2.0**-3)])
def test_a_scale_is_not_seen(loop, scale):
    alone = run_of(loop, Scaler("cpu", enabled=False)).record.trainings[0]
    scaled = run_of(loop, Scaler("cpu", init_scale=scale)).record.trainings[0]
    assert seen(alone) == seen(scaled)
    assert scaled.readings and scaled.readings[0].gradient_norm > 0
    assert scaled.scaling.first == scale and scaled.scaling.skipped == 0 and alone.scaling is None


@pytest.mark.parametrize("loop", [plainly, in_the_kernel])
def test_a_growing_scale_is_not_seen_in_the_losses(loop):
    alone = run_of(loop, Scaler("cpu", enabled=False)).record.trainings[0]
    scaled = run_of(loop, Scaler("cpu", growth_interval=2)).record.trainings[0]
    assert scaled.losses == alone.losses and scaled.scaling.last == 8 * scaled.scaling.first


@pytest.mark.parametrize("fused", [False, True])
def test_skipped_steps_are_counted_and_judged_by_nobody(fused):
    scaler = Scaler("cpu", init_scale=2.0**127)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
    x, y = data()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, fused=fused)
    skipped = 0
    with watch(model, budget=None) as run:
        for _ in range(40):
            optimizer.zero_grad()
            # A sum over 32 rows: its gradients are above 2, and the first scales overflow.
            scaler.scale(F.cross_entropy(model(x), y, reduction="sum")).backward()
            scaler.step(optimizer)
            before = scaler.get_scale()
            scaler.update()
            skipped += scaler.get_scale() < before
    (training,) = run.record.trainings
    assert 0 < skipped < 20
    assert training.scaling.skipped == skipped and training.num_steps == 40 - skipped
    assert training.backwards_per_step == 1.0
    assert training.nonfinite is None and training.uncleared_steps == 0
    assert all(math.isfinite(loss) for loss in training.losses)
    assert [r.gradient_norm is None for r in training.readings] == [r.step < skipped for r in training.readings]
    assert not run.diagnosis().findings


class Endless(torch.autograd.Function):
    """The identity, whose derivative is infinite."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        return grad * math.inf


def test_gradients_that_overflow_at_any_scale_are_no_fault_of_the_scale():
    def loop(model, x, y, scaler):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(40):
            optimizer.zero_grad()
            scaler.scale(F.cross_entropy(Endless.apply(model(x)), y)).backward()
            scaler.step(optimizer)
            scaler.update()

    run = run_of(loop, Scaler("cpu", init_scale=8.0))
    (training,) = run.record.trainings
    assert training.scaling.skipped == 40 and training.num_steps == 0 and training.scaling.lowest < 1
    first = training.nonfinite
    assert first is not None and first.phase == "backward" and first.loss_scale is not None and first.loss_scale < 1
    assert "nonfinite-values" in [f.id for f in run.diagnosis().findings]
