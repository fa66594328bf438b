"""A change of a mean loss has the error bar that many draws of the rows show."""

import math

import pytest
import torch
from torch.nn import functional as F

from rhobar.watch.hooks import LossCall
from rhobar.watch.row_losses import RowLosses, Rows, row_losses

LOSSES = {
    "cross_entropy": (
        F.cross_entropy,
        lambda g: (torch.randn(40, 3, generator=g), torch.randint(3, (40,), generator=g)),
    ),
    "bce": (
        F.binary_cross_entropy_with_logits,
        lambda g: (torch.randn(40, 1, generator=g), torch.rand(40, 1, generator=g).round()),
    ),
    "mse": (F.mse_loss, lambda g: (torch.randn(40, 5, generator=g), torch.randn(40, 5, generator=g))),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_mean_of_the_rows_is_the_loss(name: str):
    function, draw = LOSSES[name]
    prediction, target = draw(torch.Generator().manual_seed(0))
    rows = row_losses(LossCall(function, (prediction, target), {"reduction": "mean"}, None))
    assert rows is not None and rows.of == 40
    assert float(rows.losses.mean()) == pytest.approx(float(function(prediction, target)), rel=1e-5)


def test_a_weighted_loss_is_no_mean_over_rows():
    x, y = torch.randn(8, 2), torch.zeros(8, dtype=torch.long)
    assert row_losses(LossCall(F.cross_entropy, (x, y), {"weight": torch.ones(2)}, None)) is None
    assert row_losses(LossCall(F.cross_entropy, (x, y, torch.ones(2)), {}, None)) is None
    assert row_losses(LossCall(F.cross_entropy, (x, y, None), {}, None)) is not None


@pytest.mark.parametrize("paired", [True, False], ids=["paired", "shuffled"])
def test_errors_over_many_draws_are_as_large_as_said(paired: bool):
    g, scores = torch.Generator().manual_seed(0), []
    for _ in range(300):
        hard = torch.randn(200, generator=g).exp()  # what is hard about a row stays from look to look
        first = hard + 0.3 * torch.randn(200, generator=g)
        others = hard if paired else torch.randn(200, generator=g).exp()
        second = others + 0.1 + 0.3 * torch.randn(200, generator=g)
        looks = RowLosses()
        looks.change("held out", float(first.mean()), [Rows(first, 200)])
        errors = looks.change("held out", float(second.mean()), [Rows(second, 200)])
        assert errors is not None
        scores.append((float(second.mean() - first.mean()) - 0.1) / errors[1])
    z = torch.tensor(scores)
    assert abs(float(z.mean())) < 4 / math.sqrt(300)
    assert 0.85 < float(z.std()) < 1.15
