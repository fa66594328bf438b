"""Law: nothing waits for an accelerator at steps that are not read; losses are fetched 64 at a time."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rhobar.diagnose.live import watch

STEPS, TOGETHER = 200, 64
FETCHES = ("item", "tolist", "cpu", "numpy", "__float__", "__bool__", "__int__")


def train(step_is: list[int], device: str = "cpu") -> set[int]:
    """Train under watch, telling which step it is; returns the steps at which something was read."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    x, y = torch.randn(8, 4).to(device), torch.randint(3, (8,)).to(device)
    with watch(model, budget=0.05) as run:
        for step in range(STEPS):
            step_is[0] = step
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        step_is[0] = STEPS
    assert not [u for u in run.record.unseen if "Error" in u.reason], run.record.unseen
    (training,) = run.record.trainings
    assert len(training.losses) == STEPS and all(map(math.isfinite, training.losses))
    # What a step changed is read when the next one begins.
    return {s for r in training.readings for s in (r.step, r.step + 1)}


def check(waits: list[int], read: set[int]) -> None:
    assert len(read) < STEPS / 2 and waits  # most steps are not read, and fetches are seen at all
    between = {step for step in waits if step < STEPS and step not in read}
    assert len(between) <= STEPS / TOGETHER, between


def test_values_are_fetched_where_a_step_is_read(monkeypatch):
    """On a CPU whose tensors say that they lie elsewhere."""
    step_is, waits = [0], []

    def noting(name):
        fetch = getattr(Tensor, name)

        def fetched(self, *args):
            waits.append(step_is[0])
            return fetch(self, *args)

        return fetched

    for name in FETCHES:
        monkeypatch.setattr(Tensor, name, noting(name))
    monkeypatch.setattr(Tensor, "is_cpu", property(lambda self: False))
    check(waits, train(step_is))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.filterwarnings("always:called a synchronizing CUDA operation")
def test_a_device_is_waited_for_where_a_step_is_read(monkeypatch):
    step_is, waits = [0], []
    monkeypatch.setattr("warnings.showwarning", lambda message, *_, **__: waits.append(step_is[0]))
    torch.cuda.set_sync_debug_mode("warn")
    try:
        read = train(step_is, "cuda")
    finally:
        torch.cuda.set_sync_debug_mode("default")
    check(waits, read)
