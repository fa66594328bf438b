"""Laws over the table of normalisations, and the textbook's checks."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from rhobar.nn.normalization import (
    NORMALIZATIONS,
    batch_norm,
    batch_norm_inference,
    batch_statistics,
    group_norm,
    layer_norm,
    rms_norm,
    updated_running,
)

ROWS = [pytest.param(row, id=name) for name, row in NORMALIZATIONS.items()]


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def sample(seed=0):
    return 3 * normal(5, 4, 7, seed=seed) + 2


def last_axis(row):
    return row.name in ("layer", "rms")


@pytest.mark.parametrize("shape", [(5, 4, 7), (3, 6, 5, 2), (2, 2, 3, 4, 2)])
@pytest.mark.parametrize("row", ROWS)
def test_formula_and_production_agree_in_value_and_gradient(row, shape):
    for x in (3 * normal(*shape) + 2, 1e-3 * normal(*shape)):  # the second one shows ε
        x.requires_grad_()
        y, z = row.formula(x), row.production(x)
        torch.testing.assert_close(y, z, rtol=1e-12, atol=1e-12)
        cotangent = normal(*shape, seed=1)
        (one,), (other,) = (torch.autograd.grad(out, x, cotangent) for out in (y, z))
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("row", ROWS)
def test_gradcheck(row):
    x = normal(3, 2, 4).requires_grad_()
    assert torch.autograd.gradcheck(row.formula, x) and torch.autograd.gradcheck(row.production, x)


@pytest.mark.parametrize("row", ROWS)
def test_the_module_applies_scale_and_shift(row):
    x = sample()
    module = row.module(7 if last_axis(row) else 4).double()
    torch.testing.assert_close(module(x), row.formula(x), rtol=1e-12, atol=1e-12)
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(normal(len(p), seed=3))
    formulas = {
        "batch": lambda: batch_norm(x, module.weight, module.bias),
        "layer": lambda: layer_norm(x, module.weight, module.bias),
        "group": lambda: group_norm(x, 2, module.weight, module.bias),
        "instance": lambda: group_norm(x, 4, module.weight, module.bias),
        "rms": lambda: rms_norm(x, module.weight),
    }
    torch.testing.assert_close(module(x), formulas[row.name](), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("row", ROWS)
def test_unit_second_moment_and_a_mean_of_zero_where_stated(row):
    axes = {"batch": (0, 2), "layer": (2,), "rms": (2,), "group": (2, 3), "instance": (2,)}[row.name]
    y = row.formula(100 * sample())
    y = y.reshape(5, 2, 2, 7) if row.name == "group" else y
    assert (y.square().mean(axes) - 1).abs().max() < 1e-6
    assert (bool((y.mean(axes).abs() < 1e-12).all())) == row.centres


@pytest.mark.parametrize("row", ROWS)
def test_invariances(row):
    """To the scale of the input for all (but for ε); to a common shift for those that centre."""
    x = 1e3 * sample()
    torch.testing.assert_close(row.formula(2.5 * x), row.formula(x), rtol=1e-6, atol=1e-6)
    moved = (row.formula(x + 700) - row.formula(x)).abs().max()
    assert (moved < 1e-9) == row.centres


@pytest.mark.parametrize("row", ROWS)
def test_batch_mates_matter_only_where_stated(row):  # A77, A79
    x = sample()
    other = torch.cat([x[:1], sample(seed=9)[1:]])
    assert torch.equal(row.formula(x)[0], row.formula(other)[0]) != row.uses_batch
    module = row.module(7 if last_axis(row) else 4).double().eval()
    torch.testing.assert_close(module(x)[0], module(other)[0], rtol=1e-14, atol=1e-14)


def test_every_row_is_complete():
    for name, row in NORMALIZATIONS.items():
        assert row.name == name and row.equation and row.reference and row.over
        assert row.summary.endswith(".") and len(row.summary) <= 90


# ------------------------------------------------------------------ the textbook's checks


@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 5), (3, 4, 5, 2)])
def test_running_statistics_are_torchs(shape):  # A75, A77
    module = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d}[len(shape)](4).double()
    mean, variance = module.running_mean.clone(), module.running_var.clone()
    for seed in range(3):
        x = 2 * normal(*shape, seed=seed) + 1
        torch.testing.assert_close(module(x), batch_norm(x), rtol=1e-12, atol=1e-12)
        mean, variance = updated_running(mean, variance, batch_statistics(x))
        torch.testing.assert_close(module.running_mean, mean, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(module.running_var, variance, rtol=1e-12, atol=1e-12)
    module.eval()
    torch.testing.assert_close(module(x), batch_norm_inference(x, mean, variance), rtol=1e-12, atol=1e-12)
    assert (module(x) - batch_norm(x)).abs().max() > 0.1


def test_scale_and_shift_can_undo_it():  # A76
    x = sample()
    s = batch_statistics(x)
    torch.testing.assert_close(batch_norm(x, torch.sqrt(s.variance + 1e-5), s.mean), x)


def test_a_bias_before_batch_norm_is_redundant_before_layer_norm_not():  # A78
    x, W, b = normal(8, 3), normal(4, 3, seed=1), normal(4, seed=2)
    torch.testing.assert_close(batch_norm(x @ W.T + b), batch_norm(x @ W.T))
    assert (layer_norm(x @ W.T + b) - layer_norm(x @ W.T)).abs().max() > 0.1
    torch.testing.assert_close(layer_norm(x @ W.T + 3.0), layer_norm(x @ W.T))
    assert (rms_norm(x @ W.T + 3.0) - rms_norm(x @ W.T)).abs().max() > 0.1


def test_layer_norm_of_batch_size_one_and_invariance():  # A79
    x = normal(5, 6)
    torch.testing.assert_close(layer_norm(x)[2], layer_norm(x[2]))
    torch.testing.assert_close(layer_norm(2 * x + 5, eps=0.0), layer_norm(x, eps=0.0))
    torch.testing.assert_close(layer_norm(-x, eps=0.0), -layer_norm(x, eps=0.0))


def test_rms_norm_is_layer_norm_of_centred_inputs():  # A80
    x = normal(5, 6)
    centred = x - x.mean(-1, keepdim=True)
    torch.testing.assert_close(rms_norm(centred, eps=1e-5), layer_norm(x, eps=1e-5))


def test_group_norm_between_instance_and_layer():  # C-§7.3.3
    x = sample()
    torch.testing.assert_close(group_norm(x, 4), F.instance_norm(x), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(group_norm(x, 1), F.layer_norm(x, x.shape[1:]), rtol=1e-12, atol=1e-12)
