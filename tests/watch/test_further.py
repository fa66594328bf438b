"""Going on with a copy: it says what further steps bring, takes none on the rows that judge, and leaves the model be."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from rhobar.diagnose.live import watch
from rhobar.watch.exam_state import KeptBatch
from rhobar.watch.hooks import LossCall
from rhobar.watch.pooling import divided


def train(epochs: int, *, rate: float = 0.05, ended: bool = False) -> tuple[nn.Module, object]:
    """Three clusters on a line, a batch of 16 at a time."""
    torch.manual_seed(0)
    y = torch.arange(192) % 3
    x = torch.randn(192, 2) * 0.2 + torch.stack([y.float(), -y.float()], 1)
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    with watch(model, optimizer) as run:
        for epoch in range(epochs):
            for rows in torch.randperm(192).split(16):
                optimizer.param_groups[0]["lr"] = rate * (1e-4 if ended and epoch else 1.0)
                optimizer.zero_grad()
                F.cross_entropy(model(x[rows]), y[rows], label_smoothing=0.1).backward()
                optimizer.step()
    return model, run.record.trainings[0]


def test_a_training_cut_short_gains_and_one_that_converged_does_not() -> None:
    short, long = train(1, rate=0.02)[1].further, train(60)[1].further
    assert short.num_steps == 100 and short.before - short.after > 0.3 and short.factor == 1.0
    assert long is None or abs(long.before - long.after) < 0.05


def test_a_schedule_that_ended_early_is_taken_back_to_its_peak() -> None:
    _, training = train(6, rate=0.02, ended=True)
    assert training.further.factor == pytest.approx(1e4)
    assert training.further.before - training.further.after > 0.2


def test_the_model_and_its_gradients_stay_as_they_were() -> None:
    torch.manual_seed(1)
    x, y = torch.randn(64, 3), torch.randint(0, 2, (64,))
    model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    run = watch(model, optimizer).start()
    for rows in torch.arange(64).split(8):
        optimizer.zero_grad()
        F.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()
    weights, state = copy.deepcopy(model.state_dict()), copy.deepcopy(optimizer.state_dict())
    random = torch.get_rng_state()
    run.stop()
    assert run.record.trainings[0].further is not None
    assert all(torch.equal(a, b) for a, b in zip(weights.values(), model.state_dict().values(), strict=True))
    assert torch.equal(random, torch.get_rng_state())
    for key, held in state["state"].items():
        assert all(torch.equal(held[k], optimizer.state_dict()["state"][key][k]) for k in held)


def test_division_keeps_every_distinct_row_once_on_one_side() -> None:
    x = torch.arange(40.0).repeat(2)[:, None]
    batches = [
        KeptBatch(
            (x[a : a + 10],), {}, LossCall(F.mse_loss, (None, 2 * x[a : a + 10]), {}, None), 0, None, (10, 1), 0.0, 10
        )
        for a in range(0, 80, 10)
    ]
    learned, judged = divided(batches)
    both = [torch.cat([b.args[0] for b in side]).flatten().tolist() for side in (learned, judged)]
    assert sorted(both[0] + both[1]) == list(range(40)) and len(both[1]) == 10
    assert all(
        torch.equal(b.call.target, 2 * b.args[0]) and b.shape == tuple(b.args[0].shape) for b in learned + judged
    )


def test_a_compiled_model_goes_on_by_what_is_inside() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(64, 3), torch.randint(0, 2, (64,))
    inner = nn.Linear(3, 2)
    model = torch.compile(inner, backend="eager")
    optimizer = torch.optim.SGD(inner.parameters(), lr=0.1)
    with watch(model, optimizer) as run:
        for rows in torch.arange(64).split(8):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
    assert run.record.trainings[0].further is not None and not run.record.unseen
