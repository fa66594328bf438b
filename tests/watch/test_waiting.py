"""Law: nothing waits for an accelerator at steps that are not read; losses are fetched 64 at a time.

Told on a CPU whose tensors say that they lie elsewhere; test_cuda.py tells it on a device.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rhobar.diagnose.live import watch

STEPS, TOGETHER = 200, 64
FETCHES = ("item", "tolist", "cpu", "numpy", "__float__", "__bool__", "__int__")


def train(step_is: list[int]) -> set[int]:
    """Train under watch, telling which step it is; returns the steps at which something was read."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    x, y = torch.randn(8, 4), torch.randint(3, (8,))
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


def test_values_are_fetched_where_a_step_is_read(monkeypatch):
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
    read = train(step_is)
    assert len(read) < STEPS / 2 and waits  # most steps are not read, and fetches are seen at all
    between = {step for step in waits if step < STEPS and step not in read}
    assert len(between) <= STEPS / TOGETHER, between
