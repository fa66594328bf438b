"""The origin of a NaN is told by step, module, direction, operation and rows, at whatever step it comes."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from rhobar.diagnose.live import watch
from rhobar.record import Nonfinite

BATCH, AT = 32, 21
"""Step 21 is not one that is read densely with a budget: the trouble itself has to be noticed."""


class Between(nn.Module):
    """A function of the hidden values and the rows in trouble, inside the model."""

    def __init__(self, function):
        super().__init__()
        self.function, self.rows = function, []

    def forward(self, h):
        trouble = torch.zeros(h.shape[0], 1)
        trouble[self.rows] = 1.0
        return self.function(h, trouble)


def length(h, trouble):
    return h + (h * (1 - trouble)).square().sum(1, keepdim=True).sqrt()


def log(h, trouble):
    return torch.log(h + 2 - 8 * trouble).clamp(-5, 5) + h


def quotient(h, trouble):
    return h / (1 - trouble)


def exponential(h, trouble):
    return torch.exp(h + 200 * trouble) * 1e-2


def masked(h, trouble):
    """All that a row may attend to is masked away."""
    allowed = torch.ones_like(h).bool() & (trouble == 0)
    return torch.softmax(h.masked_fill(~allowed, -torch.inf), 1)


def power(h, trouble):
    return (h.abs() * (1 - trouble)).pow(0.5) + h


ORIGINS = {
    length: ("backward", "Sqrt"),
    power: ("backward", "Pow"),
    log: ("forward", "Log"),
    quotient: ("forward", "Div"),
    exponential: ("forward", "Exp"),
    masked: ("forward", "Softmax"),
}


def train(middle: nn.Module, rows: list[int], *, activation: nn.Module, budget: float | None) -> Nonfinite | None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), activation, middle, nn.Linear(16, 3))
    x = torch.randn(BATCH, 8)
    y, optimizer = x[:, :3].argmax(1), torch.optim.SGD(model.parameters(), lr=0.05)
    with watch(model, budget=budget) as run:
        for step in range(AT + 4):
            middle.rows = rows if step == AT else []
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    assert not [u for u in run.record.unseen if "Error" in u.reason], run.record.unseen
    return run.record.trainings[0].nonfinite


@pytest.mark.parametrize("function", ORIGINS)
def test_the_origin_is_found_with_its_rows(function):
    first = train(Between(function), [4, 9], activation=nn.Tanh(), budget=0.05)
    assert first is not None
    assert (first.step, first.phase, first.operation) == (AT, *ORIGINS[function])
    assert first.where == ("0" if first.phase == "backward" else "2")
    assert first.born and first.fed_finite and first.rows == (4, 9) and first.num_rows == 2 and first.batch == BATCH


@pytest.mark.parametrize("activation", [nn.ReLU(), nn.GELU()])
def test_a_relu_does_not_hide_it_and_reading_every_step_tells_the_same(activation):
    seen = [train(Between(length), [4, 9], activation=activation, budget=budget) for budget in (0.05, None)]
    assert seen[0] == seen[1] and seen[0].rows == (4, 9)


def test_no_trouble_no_origin():
    assert train(Between(length), [], activation=nn.Tanh(), budget=0.05) is None


def test_rows_of_data_and_targets_are_told():
    torch.manual_seed(0)
    model, x, y = nn.Linear(8, 1), torch.randn(BATCH, 8), torch.randn(BATCH, 1)
    for bad, phase in ((x, "input"), (y, "target")):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        with watch(model) as run:
            for step in range(AT + 2):
                here = bad.clone()
                if step == AT:
                    here[[3, 7]] = torch.nan
                optimizer.zero_grad()
                F.mse_loss(model(here if bad is x else x), here if bad is y else y).backward()
                optimizer.step()
                if step == AT:
                    model.reset_parameters()
        first = run.record.trainings[0].nonfinite
        assert (first.step, first.phase, first.rows, first.batch) == (AT, phase, (3, 7), BATCH)
