"""r², the share of a signal's energy that tells rows apart, is that of the signals that enter each map."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import rhobar as rb

ROWS = 256


def apart(h: Tensor) -> float:
    """Σ‖h_i − h̄‖² / Σ‖h_i‖²."""
    return float((h - h.mean(0)).square().sum() / h.square().sum())


@pytest.mark.parametrize("shift", [0.0, 30.0], ids=["apart", "nearly parallel"])
def test_the_share_is_that_of_what_enters_each_map(shift: float):
    torch.manual_seed(0)
    x, y = torch.randn(ROWS, 8), torch.randint(3, (ROWS,))
    model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 3))
    with torch.no_grad():
        model[2].bias += shift
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)  # the weights stay as they are
    with rb.watch(model) as watched:
        for _ in range(12):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    seen = watched.record.trainings[0].representations
    signals = [x, model[:2](x), model[:4](x)]
    assert [r.data for r in seen] == [True, False, False]
    assert [r.apart for r in seen] == pytest.approx([apart(h.detach()) for h in signals], rel=1e-4)
    assert all(0 < r.stderr < r.apart * 4 / math.sqrt(ROWS) for r in seen)
    assert (seen[-1].apart < 1e-2) == (shift > 0)
