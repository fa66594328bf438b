"""Every architecture is healthy at birth and learns: before the first step the exam finds nothing, and then steps help."""

from dataclasses import replace

import pytest
import torch
from tests.nn.architectures.rows import ROWS, seeded
from tests.nn.architectures.tasks import TASKS, learner
from torch import nn

import rhobar as rb
from rhobar.nn.architectures.architecture import Architecture, squares, vectors
from rhobar.nn.architectures.table import ARCHITECTURES

# The pair's weights are N(0, 0.02²) whatever their number: meant for the paper's width, at which it is examined.
AT_THE_SIZE_OF_THE_PAPER = {"dcgan-generator": vectors(100), "dcgan-discriminator": squares(3)}


def _examined(row: Architecture) -> object:
    if row.name in AT_THE_SIZE_OF_THE_PAPER:
        row = replace(row, small=row.make, inputs=AT_THE_SIZE_OF_THE_PAPER[row.name], sizes=(64,))
    return pytest.param(row, id=row.name)


@pytest.mark.parametrize("row", [_examined(row) for row in ROWS])
def test_healthy_at_birth(row: Architecture) -> None:
    batch, loss = TASKS[row.task]
    with torch.random.fork_rng():
        model = learner(row)
        batches = [batch(row, seeded(seed)) for seed in (1, 2, 3)]
        diagnosis = rb.diagnose(model, loss(row), batches, torch.optim.Adam(model.parameters(), 1e-3))
    assert not [f"{f.kind} {f.id}: {f.summary}" for f in diagnosis.findings if f.kind != "note"]


def test_the_exam_is_not_blind() -> None:
    """The same exam of the same task does find a fault: a model without it would prove nothing."""
    row = ARCHITECTURES["resnet20-cifar"]
    batch, loss = TASKS[row.task]
    model = nn.Sequential(row.small(), nn.Softmax(1))
    assert [f.id for f in rb.diagnose(model, loss(row), [batch(row, seeded(1))]).causes] == ["double-softmax"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_learns(row: Architecture) -> None:
    """Twenty steps of Adam on one batch take a good part of the loss away."""
    batch, make_loss = TASKS[row.task]
    inputs, targets = batch(row, seeded(1))
    with torch.random.fork_rng():
        model, loss = learner(row), make_loss(row)
        optimizer = torch.optim.Adam(model.parameters(), 1e-2)
        losses = []
        for _ in range(20):
            value = loss(model(*inputs) if isinstance(inputs, tuple) else model(inputs), targets)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            losses.append(value.item())
    assert losses[-1] < 0.85 * losses[0]
