"""A loss made anew from its value has no graph; the training behind it is seen all the same."""

import pytest
import torch
from torch import nn

import rhobar as rb

REWRAPPED = {
    "item": lambda loss: torch.tensor(loss.item(), requires_grad=True),
    "data": lambda loss: loss.data.clone().requires_grad_(True),
    "detach": lambda loss: loss.detach().requires_grad_(),
}


def _train(rewrap) -> tuple[rb.watch, nn.Module]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    x, y = torch.randn(64, 6), torch.randint(3, (64,))
    with rb.watch() as run:
        for _ in range(40):
            optimizer.zero_grad()
            rewrap(nn.functional.cross_entropy(model(x), y)).backward()
            optimizer.step()
    return run, model


@pytest.mark.parametrize("name", REWRAPPED)
def test_a_loss_without_a_graph_is_named(name: str) -> None:
    run, _ = _train(REWRAPPED[name])
    diagnosis = run.diagnosis()
    assert diagnosis.causes[0].id == "detached-parameters"
    assert len(diagnosis.causes[0].where) == 4
    (training,) = run.record.trainings
    assert training.num_steps == 40 and len(training.losses) == 40


def test_a_gradient_by_an_input_is_no_training() -> None:
    x = torch.zeros(3, requires_grad=True)
    alone = torch.tensor(1.0, requires_grad=True)
    with rb.watch() as run:
        x.sum().backward()
        alone.backward()
    assert all(not t.optimizer for t in run.record.trainings)
    assert run.diagnosis().healthy
