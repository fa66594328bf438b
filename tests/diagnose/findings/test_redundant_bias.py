"""A bias is redundant where the graph says so, and a note makes nothing sick."""

import pytest
import torch
from torch import Tensor, nn

import rhobar as rb


class ByHand(nn.Module):
    """x @ W + b, normalised."""

    def __init__(self, size: int = 5) -> None:
        super().__init__()
        self.W, self.b = nn.Parameter(torch.randn(8, size)), nn.Parameter(torch.randn(size))
        self.norm = nn.BatchNorm1d(size)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x @ self.W + self.b)


class OverTime(nn.Module):
    """A linear map over the last axis, which the normalisation gets as its second."""

    def __init__(self) -> None:
        super().__init__()
        self.map, self.norm = nn.Linear(8, 5), nn.BatchNorm1d(5)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.map(x[:, None].expand(-1, 7, -1)).transpose(1, 2)).mean(2)


class Beside(nn.Module):
    """The map's output is used beside its normalisation, too."""

    def __init__(self) -> None:
        super().__init__()
        self.map, self.norm = nn.Linear(8, 5), nn.BatchNorm1d(5)

    def forward(self, x: Tensor) -> Tensor:
        z = self.map(x)
        return self.norm(z) + z


def dense(*layers: nn.Module, bias: bool = True) -> nn.Module:
    return nn.Sequential(nn.Linear(8, 6, bias=bias), *layers, nn.ReLU(), nn.Linear(6, 5))


def convolved(norm: nn.Module) -> nn.Module:
    conv = nn.Sequential(nn.Unflatten(1, (2, 2, 2)), nn.Conv2d(2, 6, 1), norm, nn.ReLU(), nn.Flatten())
    return nn.Sequential(*conv, nn.Linear(24, 5))


CASES = [
    ("batch norm", lambda: dense(nn.BatchNorm1d(6)), ["0.bias"]),
    ("over images", lambda: convolved(nn.BatchNorm2d(6)), ["1.bias"]),
    ("instance norm", lambda: convolved(nn.InstanceNorm2d(6)), ["1.bias"]),
    ("a group for each channel", lambda: convolved(nn.GroupNorm(6, 6)), ["1.bias"]),
    ("by hand", ByHand, ["b"]),
    ("transposed", OverTime, ["map.bias"]),
    ("no bias", lambda: dense(nn.BatchNorm1d(6), bias=False), []),
    ("layer norm", lambda: dense(nn.LayerNorm(6)), []),
    ("groups of channels", lambda: convolved(nn.GroupNorm(2, 6)), []),
    ("an activation between", lambda: dense(nn.Tanh(), nn.BatchNorm1d(6)), []),
    ("used beside", Beside, []),
    ("running mean", lambda: dense(nn.BatchNorm1d(6).eval().requires_grad_(False)), []),
]


@pytest.mark.parametrize(("make", "names"), [pytest.param(m, n, id=i) for i, m, n in CASES])
def test_the_graph_tells_which_biases_are_removed(make, names):
    torch.manual_seed(0)
    model = make()
    batches = [(torch.randn(32, 8), torch.randint(5, (32,))) for _ in range(3)]
    diagnosis = rb.diagnose(model, nn.CrossEntropyLoss(), batches)
    notes = [f for f in diagnosis.findings if f.kind == "note"]
    assert [name for f in notes for name in f.where] == names
    assert diagnosis.healthy and diagnosis.headline.startswith("No finding")
    if names:
        (number,) = notes[0].evidence
        assert number.value < number.threshold / 10
    rb.assert_healthy(model, nn.CrossEntropyLoss(), batches[0])


def test_a_bias_that_something_else_reaches_is_not_redundant():
    torch.manual_seed(0)

    def loss(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        return nn.functional.cross_entropy(model(batch["x"]), batch["y"]) + model[0].bias.square().sum()

    batch = {"x": torch.randn(32, 8), "y": torch.randint(5, (32,))}
    diagnosis = rb.diagnose(dense(nn.BatchNorm1d(6)), loss, [batch] * 3)
    assert "redundant-bias" in diagnosis.checked
    assert not diagnosis.findings
