"""A loss with weights has another best constant answer; it is the minimum of the weighted loss over constants."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import rhobar as rb
from rhobar.watch.data import constant_loss


def _least(loss, num: int) -> float:
    """min over constants by gradient descent."""
    c = torch.zeros(num, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([c], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        value = loss(c)
        value.backward()
        return value

    optimizer.step(closure)
    return loss(c).item()


@pytest.mark.parametrize("weight", [1.0, 0.2, 30.0])
def test_a_weighted_positive_class(weight: float) -> None:
    y = (torch.rand(400, 1, generator=torch.Generator().manual_seed(0)) < 0.1).double()
    w = torch.tensor([weight], dtype=torch.float64)
    best = _least(lambda c: F.binary_cross_entropy_with_logits(c.expand(400, 1), y, pos_weight=w), 1)
    assert constant_loss("bce_with_logits", y, w) == pytest.approx(best, rel=1e-6)


def test_weighted_classes() -> None:
    y = torch.multinomial(
        torch.tensor([0.7, 0.2, 0.1]), 500, replacement=True, generator=torch.Generator().manual_seed(0)
    )
    w = torch.tensor([0.5, 2.0, 7.0], dtype=torch.float64)
    best = _least(lambda c: F.cross_entropy(c.expand(500, 3), y, weight=w), 3)
    assert constant_loss("cross_entropy", y[:, None].double(), w) == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize("kind", ["pos_weight", "class weights"])
def test_a_training_against_imbalance_is_healthy(kind: str) -> None:
    torch.manual_seed(0)
    y = (torch.rand(1200) < 0.05).float()
    x = torch.randn(1200, 6) + y[:, None] * torch.tensor([1.0, -0.9, 0.8, 0.6, 0, 0])
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1 if kind == "pos_weight" else 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    if kind == "pos_weight":
        criterion, target = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([19.0])), y[:, None]
    else:
        criterion, target = nn.CrossEntropyLoss(weight=torch.tensor([0.53, 10.0])), y.long()
    with rb.watch(model, optimizer) as run:
        for _ in range(12):
            for rows in torch.randperm(1200).split(64):
                optimizer.zero_grad()
                criterion(model(x[rows]), target[rows]).backward()
                optimizer.step()
    assert run.diagnosis().healthy, run.diagnosis().headline
    assert run.record.trainings[0].loss.weighted


def test_probabilities_down_the_columns_are_rows_of_targets() -> None:
    torch.manual_seed(0)
    w = torch.zeros(3, 6, requires_grad=True)
    x = torch.randn(6, 90)
    y = torch.eye(3)[x[:3].argmax(0)].T
    with rb.watch(budget=None) as run:
        for _ in range(60):
            loss = -(y * torch.log_softmax(w @ x, dim=0)).sum() / 90
            w.grad = None
            loss.backward()
            w.data -= 0.5 * w.grad
    assert run.diagnosis().healthy, run.diagnosis().headline
    assert run.record.trainings[0].targets.shape == (90, 3)
