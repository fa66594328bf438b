"""NaN that the program makes of finite data is not blamed on the data; NaN in the data is."""

import pytest
import torch
from torch import nn

import rhobar as rb


class Standardise(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x - x.mean(1, keepdim=True)) / x.std(1, keepdim=True)


def _diagnose(front: list[nn.Module], x: torch.Tensor) -> str:
    torch.manual_seed(0)
    model = nn.Sequential(*front, nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    y = torch.randint(3, (x.shape[0],))
    with rb.watch() as run:
        for _ in range(40):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
    return run.diagnosis().causes[0].id


def _data() -> torch.Tensor:
    return torch.randn(32, 8, generator=torch.Generator().manual_seed(1))


def test_a_quotient_of_the_models_own_is_an_unstable_formula() -> None:
    x = _data()
    x[5] = 2.0  # no spread: the model divides 0 by 0
    assert _diagnose([Standardise()], x) == "unstable-formula"


@pytest.mark.parametrize("front", [[], [Standardise()]], ids=["plain", "standardising"])
def test_nan_that_was_given_is_nonfinite_data(front: list[nn.Module]) -> None:
    x = _data()
    x[5, 3] = float("nan")
    assert _diagnose(front, x) == "nonfinite-data"


def test_targets_that_the_network_makes_are_not_blamed() -> None:
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 2))
    optimizer, x = torch.optim.Adam(encoder.parameters()), _data()

    def distances(z: torch.Tensor) -> torch.Tensor:
        return ((z[:, None] - z[None]) ** 2).sum(-1).sqrt()  # infinite slope at the diagonal's 0

    with rb.watch() as run:
        for _ in range(60):
            optimizer.zero_grad()
            (distances(encoder(x)) - distances(x)).pow(2).mean().backward()
            optimizer.step()
    assert run.diagnosis().causes[0].id == "unstable-formula"


def _formula(loss_of) -> str:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
    with torch.no_grad():
        model[2].weight.mul_(400)
    optimizer, x, y = torch.optim.SGD(model.parameters(), lr=0.1), _data(), torch.randint(3, (32,))
    with rb.watch() as run:
        for _ in range(40):
            optimizer.zero_grad()
            loss_of(model(x), y).backward()
            optimizer.step()
    return run.diagnosis().causes[0].id


FORMULAS = {
    "log of 1 − (1 − e^−r)": lambda f, y: -(torch.log(1 - (1 - torch.exp(-f.abs())))).mean(),
    "softmax by hand": lambda f, y: -torch.log(f.exp()[range(32), y] / f.exp().sum(1)).mean(),
    "two of them": lambda f, y: (
        -0.5 * (torch.log(f.exp()[:, 0] / f.exp().sum(1)) + torch.log(f.exp()[:, 1] / f.exp().sum(1))).mean()
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_that_overflows_is_named_first(name: str) -> None:
    assert _formula(FORMULAS[name]) == "unstable-formula"


def test_nan_among_targets_of_a_loss_by_hand_is_nonfinite_data() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer, x, y = torch.optim.SGD(model.parameters(), lr=0.1), _data(), torch.randn(32, 1)
    y[3] = float("nan")
    with rb.watch() as run:
        for _ in range(40):
            optimizer.zero_grad()
            ((model(x) - y) ** 2).mean().backward()
            optimizer.step()
    assert run.diagnosis().causes[0].id == "nonfinite-data"
