"""Dealing rows anew keeps every pair of input and target, once."""

import pytest
import torch
from torch.nn import functional as F

from rhobar.watch.exam_state import KeptBatch
from rhobar.watch.hooks import LossCall
from rhobar.watch.pooling import pooled


def batch(x: torch.Tensor, y: torch.Tensor) -> KeptBatch:
    return KeptBatch((x,), {}, LossCall(F.cross_entropy, (None, y), {}, None), 0, None, tuple(x.shape), 0.0, x.numel())


def test_rows_stay_together_and_none_is_lost() -> None:
    y = torch.arange(21)
    x = torch.stack([y.float(), 2.0 * y], 1)
    batches = [batch(x[a:b], y[a:b]) for a, b in ((0, 8), (8, 16), (16, 21))]
    dealt = pooled(batches, torch.Generator().manual_seed(0))
    rows, targets = torch.cat([b.args[0] for b in dealt]), torch.cat([b.call.target for b in dealt])
    assert [len(b.args[0]) for b in dealt] == [8, 8, 5]
    assert torch.equal(rows[:, 0].long(), targets) and torch.equal(rows[:, 1], 2 * rows[:, 0])
    assert sorted(targets.tolist()) == y.tolist() and targets.tolist() != y.tolist()
    assert torch.equal(batches[0].args[0], x[:8])


def test_tensors_without_a_row_for_each_sample_are_refused() -> None:
    with pytest.raises(ValueError, match="one row for each sample"):
        pooled([batch(torch.randn(4, 2), torch.zeros(2))], torch.Generator())
