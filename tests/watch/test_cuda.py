"""Laws on an accelerator: the same bits come out, and between readings nothing waits for the device. Skipped without one."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rhobar.watch.watcher import Watcher

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
STEPS, ROWS = 64, 16


def train(*, strict_from: int = STEPS) -> list[Tensor]:
    """A plain loop of several epochs; from `strict_from` on torch refuses whatever waits for the device."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 32), nn.Dropout(0.1), nn.Tanh(), nn.Linear(32, 3)).cuda()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    x = torch.randn(4 * ROWS, 8, device="cuda")
    y = x[:, :3].argmax(1)
    try:
        for step in range(STEPS):
            if step == strict_from:
                torch.cuda.set_sync_debug_mode("error")
            rows = slice(ROWS * (step % 4), ROWS * (step % 4 + 1))
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return [*(p.detach().cpu() for p in model.parameters()), torch.cuda.get_rng_state(), torch.get_rng_state()]


@pytest.mark.parametrize("budget", [None, 0.02])
def test_the_same_bits_come_out(budget):
    alone = train()
    with Watcher(budget=budget):
        watched = train()
    assert all(torch.equal(a, b) for a, b in zip(alone, watched, strict=True))


def test_nothing_waits_between_readings():
    """The ladder ends at step 33, the first epoch long before; a tiny budget buys no reading more."""
    with Watcher(budget=1e-9) as watcher:
        train(strict_from=36)
    (training,) = watcher.record.trainings
    assert len(training.losses) == STEPS and training.readings[-1].step <= 33
    assert not [u for u in watcher.record.unseen if "Error" in u.reason], watcher.record.unseen
