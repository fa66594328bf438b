"""Statistics of layers against hooks by hand."""

import pytest
import torch
from tests.probes.curvature.nets import NETS, net
from torch import nn

from rhobar.probes.statistics import layer_statistics


@pytest.fixture(autouse=True)
def seeded():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


def test_forward_and_backward_are_those_of_hooks():
    model, loss, batches = net("mlp")
    outputs, gradients = [], []
    for x, y in batches:
        h = model[1](model[0](x))
        h.retain_grad()
        loss(model[2](h), y).backward()
        outputs.append(h.detach()), gradients.append(h.grad * len(y))
    model.zero_grad(set_to_none=True)
    found = {s.name: s for s in layer_statistics(model, batches, loss, max_elements=None)}["1"]
    h, g = torch.cat(outputs), torch.cat(gradients)
    assert found.kind == "Tanh"
    assert found.forward.mean == pytest.approx(h.mean().item())
    assert found.forward.rms == pytest.approx(h.square().mean().sqrt().item())
    assert found.forward.saturated == pytest.approx((1 - h**2 < 0.01).double().mean().item())
    assert found.backward.rms == pytest.approx(g.square().mean().sqrt().item())
    assert found.backward.mean == pytest.approx(g.mean().item())


@pytest.mark.parametrize("name", ["mlp", "layer norm", "attention", "batch norm, eval", "lstm"])
def test_how_samples_are_split_does_not_matter(name):
    model, loss, batches = net(name)
    joined = [tuple(torch.cat(parts) for parts in zip(*batches, strict=True))]
    for one, two in zip(*(layer_statistics(model, b, loss, max_elements=None) for b in (batches, joined)), strict=True):
        assert (one.name, one.reason) == (two.name, two.reason)
        for a, b in ((one.forward, two.forward), (one.backward, two.backward)):
            assert (a is None) == (b is None)
            if a is not None:
                assert (a.mean, a.rms, a.zeros, a.dead) == pytest.approx((b.mean, b.rms, b.zeros, b.dead))


@pytest.mark.parametrize("name", NETS)
def test_every_network_is_read_and_left_as_it_was(name):
    model, loss, batches = net(name)
    before = [b.clone() for b in model.buffers()], [m.training for m in model.modules()], torch.get_rng_state()
    found = layer_statistics(model, batches, loss)
    for one in found:
        assert one.forward is not None or one.reason
    assert any(one.backward is not None for one in found)
    assert all(torch.equal(a, b) for a, b in zip(before[0], model.buffers(), strict=True))
    assert before[1] == [m.training for m in model.modules()]
    assert torch.equal(before[2], torch.get_rng_state())
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    assert all(len(m._forward_hooks) == 0 for m in model.modules())


def test_dead_units_and_channels():
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 4), nn.ReLU())
    with torch.no_grad():
        model[0].bias[1] = -100.0
        model[3].bias[:2] = -100.0
    x = torch.randn(6, 2, 4, 4)
    found = {s.name: s.forward for s in layer_statistics(model, [x])}
    assert found["1"].dead == pytest.approx(1 / 4)
    assert found["4"].dead == pytest.approx(2 / 4)
    assert found["1"].reads_per_unit == 6 * 4
    assert found["0"].dead == 0


def test_channels_of_one_dimensional_convolutions():
    model = nn.Sequential(nn.Conv1d(2, 3, 3), nn.ReLU())
    with torch.no_grad():
        model[0].bias[1] = -100.0
    found = layer_statistics(model, [torch.randn(4, 2, 9)])
    assert found[1].forward.dead == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    "act, x, share",
    [
        (nn.Sigmoid(), [0.0, 9.0, -9.0, 3.0], 0.5),
        (nn.Hardtanh(), [0.0, 2.0, -1.0, 0.5], 0.5),
        (nn.ReLU6(), [7.0, 0.0, 1.0, 2.0], 0.25),
        (nn.Softsign(), [99.0, 1.0, 0.0, -99.0], 0.5),
        (nn.ReLU(), [1.0], None),
    ],
)
def test_saturation(act, x, share):
    (found,) = layer_statistics(act, [torch.tensor([x])])
    assert found.forward.saturated == share


def test_what_is_not_there_is_named():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.idle = nn.Linear(2, 2), nn.Linear(2, 2)

        def forward(self, x):
            return self.used(x)

    used, idle = layer_statistics(Net(), [torch.ones(1, 2)])
    assert (used.reason, idle.reason, idle.forward) == ("", "it was not called", None)
    assert used.backward is None
    with pytest.raises(ValueError, match="at least one batch"):
        layer_statistics(Net(), [])


def test_layers_of_a_transformer_are_called_also_in_eval_mode_without_gradients():
    layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True).eval()
    with torch.no_grad():
        found = layer_statistics(layer, [torch.randn(2, 3, 4)])
    assert all(one.reason == "" for one in found)
    assert "self_attn" in [one.name for one in found]
