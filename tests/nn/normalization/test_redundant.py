"""Which biases are redundant: found where theory says so, and proven by changing them."""

import copy

import pytest
import torch
from torch import nn

from rhobar.nn.normalization import redundant_biases


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def behind(norm, convolution=True):
    first = nn.Conv1d(2, 6, 3) if convolution else nn.Linear(2, 6)
    return nn.Sequential(first, norm, nn.ReLU(), nn.Conv1d(6, 3, 1) if convolution else nn.Linear(6, 3))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(4, 4) for _ in range(3))

    def forward(self, x):
        return nn.functional.scaled_dot_product_attention(self.query(x), self.key(x), self.value(x))


IMAGE, ROWS = torch.randn(5, 2, 9, generator=rng()), torch.randn(7, 2, generator=rng())
with torch.random.fork_rng():
    torch.manual_seed(0)
    CASES = {
        "batch": (behind(nn.BatchNorm1d(6)), IMAGE, ["0.bias"]),
        "batch without scale and shift": (behind(nn.BatchNorm1d(6, affine=False)), IMAGE, ["0.bias"]),
        "batch behind a linear map": (behind(nn.BatchNorm1d(6), convolution=False), ROWS, ["0.bias"]),
        "instance": (behind(nn.InstanceNorm1d(6)), IMAGE, ["0.bias"]),
        "group": (behind(nn.GroupNorm(2, 6)), IMAGE, []),
        "group of one channel": (behind(nn.GroupNorm(6, 6)), IMAGE, ["0.bias"]),
        "layer": (behind(nn.LayerNorm(6), convolution=False), ROWS, []),
        "rms": (behind(nn.RMSNorm(6), convolution=False), ROWS, []),
        "nothing": (behind(nn.Identity(), convolution=False), ROWS, []),
        "activation between": (nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.BatchNorm1d(6)), ROWS, []),
        "dropout between": (nn.Sequential(nn.Linear(2, 6), nn.Dropout(0.9), nn.BatchNorm1d(6)), ROWS, ["0.bias"]),
        "norm on another norm": (
            nn.Sequential(nn.Linear(2, 6), nn.BatchNorm1d(6), nn.BatchNorm1d(6)),
            ROWS,
            ["0.bias", "1.bias"],
        ),
        "keys of attention": (Attention(), torch.randn(3, 5, 4, generator=rng()), ["key.bias"]),
    }


@pytest.mark.parametrize("name", CASES)
def test_finds_what_theory_says(name):
    model, x, expected = CASES[name]
    found = redundant_biases(model, x, generator=rng(3))
    assert [f.name for f in found] == expected
    assert all(f.whole and f.entries == model.get_parameter(f.name).numel() and f.sensitivity < 1e-10 for f in found)


@pytest.mark.parametrize("name", CASES)
def test_changing_a_redundant_bias_changes_nothing_and_any_other_does(name):
    model, x, expected = copy.deepcopy(CASES[name][0]).double().train(), CASES[name][1].double(), CASES[name][2]
    for part in model.modules():
        if isinstance(part, nn.Dropout):
            part.eval()
    y = model(x)
    for bias, value in model.named_parameters():
        if not bias.endswith("bias"):
            continue
        before = value.detach().clone()
        value.data += torch.randn(len(value), generator=rng(4), dtype=torch.float64)
        assert ((model(x) - y).abs().max() < 1e-10) == (bias in expected), bias
        value.data = before


def test_fused_projection_of_attention_is_redundant_in_its_keys_only():
    (found,) = redundant_biases(
        nn.MultiheadAttention(4, 2, batch_first=True), *[torch.randn(2, 5, 4, generator=rng())] * 3
    )
    assert (found.name, found.entries, found.whole) == ("in_proj_bias", 4, False)


def test_dead_units_are_not_called_redundant():
    net = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
    net[0].bias.requires_grad_(False)
    net[2].weight.data.zero_()
    assert redundant_biases(net, ROWS) == ()
    one_sample = torch.tensor([[0.3, -0.5]])  # for which about half of the units are dead
    assert redundant_biases(nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 1)), one_sample) == ()


def test_the_model_and_the_random_state_are_left_alone():
    model = behind(nn.BatchNorm1d(6)).eval()
    before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    redundant_biases(model, IMAGE, generator=rng())
    assert all(torch.equal(v, before[k]) and v.dtype == before[k].dtype for k, v in model.state_dict().items())
    assert torch.equal(state, torch.get_rng_state()) and not model.training
    assert all(p.grad is None for p in model.parameters())


def test_a_bias_whose_effect_vanishes_at_zero_is_not_called_redundant():
    class Squared(nn.Linear):
        def forward(self, x):
            return x @ self.weight.T + self.bias.square()

    layer = Squared(2, 3)
    nn.init.zeros_(layer.bias)
    assert redundant_biases(layer, ROWS) == ()
