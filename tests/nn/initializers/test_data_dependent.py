"""Unit variance by measurement."""

import pytest
import torch
from torch import nn

from rhobar.nn.initializers import critical_, unit_variance_


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


class Branches(nn.Module):
    """Pools, sums and gates: no formula covers it."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv1d(2, 16, 3), nn.Conv1d(2, 16, 3)
        self.c, self.d = nn.Conv1d(16, 16, 3), nn.Linear(16, 5)
        self.unused = nn.Linear(2, 2)

    def forward(self, x):
        h = nn.functional.max_pool1d(self.a(x) * torch.sigmoid(self.b(x)), 2)
        return self.d(torch.relu(h[..., 2:] + self.c(h)).amax(-1))


@pytest.mark.parametrize("orthogonal", [True, False])
def test_every_linear_output_has_variance_one(orthogonal):
    net, x = Branches(), 7 * torch.randn(64, 2, 40, generator=rng())
    done = unit_variance_(net, x, orthogonal=orthogonal, generator=rng(1))
    assert list(done.scales) == ["a", "b", "c", "d"] and done.left == ("unused",)
    seen = {}
    for name, module in net.named_children():
        module.register_forward_hook(lambda m, i, o, n=name: seen.update({n: o.var().item()}))
    net(x)
    assert seen == pytest.approx(dict.fromkeys("abcd", 1.0), rel=1e-4)


def test_it_covers_what_critical_left():
    net, x = Branches(), torch.randn(64, 2, 40, generator=rng())
    left = [name.removesuffix(".weight") for name, _ in critical_(net, x, generator=rng()).left if "unused" not in name]
    before = net.a.weight.clone()
    done = unit_variance_(net, x, only=left, generator=rng())
    assert left == list(done.scales) == ["c", "d"] and torch.equal(net.a.weight, before)


def test_weights_used_twice_are_scaled_once():
    layer = nn.Linear(6, 6)
    net = nn.Sequential(layer, nn.Tanh(), layer)
    x = torch.randn(200, 6, generator=rng())
    done = unit_variance_(net, x)
    assert len(done.scales) == 1 and layer(x).var().item() == pytest.approx(1, rel=1e-4)


def test_what_does_not_vary_is_left():
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    assert unit_variance_(net, torch.zeros(5, 3)).left == ("0",)
    assert net[0].weight.isfinite().all()


def test_modes_hooks_and_buffers_are_restored():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout())
    mean = net[1].running_mean.clone()
    unit_variance_(net, torch.randn(9, 3, generator=rng()))
    assert net.training and net[2].training and not net[0]._forward_hooks and torch.equal(mean, net[1].running_mean)
    with pytest.raises(RuntimeError):
        unit_variance_(net, torch.randn(9, 2))
    assert net.training and not net[0]._forward_hooks


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match=r"only must name linear modules of the model, among \['0'\]; got \['1'\]"):
        unit_variance_(nn.Sequential(nn.Linear(3, 4), nn.ReLU()), torch.ones(1, 3), only=["1"])
