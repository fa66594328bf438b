"""Threshold units, Hebb and Oja, and what one layer can do by construction."""

import math
from itertools import pairwise, product

import pytest
import torch

from rhobar.nn.neurons import (
    AND,
    NOT,
    OR,
    collapse_linear,
    hebbian_update,
    mcculloch_pitts,
    oja_update,
    ridge_bump,
    step_network,
    tent,
    xor_network,
)

CORNERS = torch.tensor(list(product((0.0, 1.0), repeat=2)))


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_logic_units():  # C1
    assert AND(CORNERS).tolist() == [0, 0, 0, 1] and OR(CORNERS).tolist() == [0, 1, 1, 1]
    assert NOT(torch.tensor([[0.0], [1.0]])).tolist() == [1, 0]
    assert (AND.weight, AND.threshold, OR.threshold) == ((1.0, 1.0), 2.0, 1.0)


def test_absolute_inhibition_beats_any_sum():  # C1
    inhibitory = torch.tensor([False, False, True])
    x = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    assert mcculloch_pitts(x, torch.tensor([5.0, 5.0, 5.0]), 1.0, inhibitory=inhibitory).tolist() == [1, 0]
    with pytest.raises(ValueError, match=r"x must be 0 or 1, got values from 0 to 0\.5"):
        mcculloch_pitts(torch.tensor([0.0, 0.5]), torch.ones(2), 1.0)


def test_xor_by_two_rectifiers():  # A11
    assert xor_network(CORNERS).tolist() == [0, 1, 1, 0]


def test_a_layer_of_logic_units_computes_xor():  # A11: the limit is one layer, not the unit
    nand = mcculloch_pitts(CORNERS, -torch.ones(2), -1.0)
    assert AND(torch.stack([OR(CORNERS), nand], -1)).tolist() == [0, 1, 1, 0]


def test_hebb_is_the_mean_outer_product_and_grows_without_bound():  # C2
    post, pre = normal(6, 3), normal(6, 4, seed=1)
    expected = 0.1 * torch.stack([torch.outer(a, x) for a, x in zip(post, pre, strict=True)]).mean(0)
    torch.testing.assert_close(hebbian_update(post, pre, 0.1), expected)
    X, w = normal(200, 4), normal(1, 4, seed=1)
    for _ in range(60):
        y = X @ w.T
        before, gain = w.norm(), 2 * 0.3 * y.square().mean()
        w = w + hebbian_update(y, X, 0.3)
        assert w.norm().square() >= before.square() + gain
    assert w.norm() > 1e6


def test_oja_finds_the_first_principal_component():  # C2
    X = (
        normal(500, 5)
        * torch.tensor([3.0, 2.0, 1.0, 0.5, 0.5], dtype=torch.float64)
        @ torch.linalg.qr(normal(5, 5, seed=2)).Q
    )
    first = torch.linalg.eigh(X.T @ X / len(X)).eigenvectors[:, -1]
    w = normal(5, seed=3)
    for _ in range(2000):
        w = w + oja_update(w, X, 0.02)
    assert w.norm().item() == pytest.approx(1, abs=1e-9) and abs(w @ first).item() == pytest.approx(1, abs=1e-9)
    assert oja_update(first, X, 1.0).norm() < 1e-12  # a fixed point
    # Oja is Hebb with a decay of y²
    y = X @ w
    torch.testing.assert_close(
        oja_update(w, X, 0.1), hebbian_update(y[:, None], X, 0.1)[0] - 0.1 * y.square().mean() * w
    )


def test_linear_layers_collapse():  # A13
    sizes = [4, 6, 2, 5]
    layers = [torch.nn.Linear(n, m).double() for n, m in pairwise(sizes)]
    W, b = collapse_linear([m.weight for m in layers], [m.bias for m in layers])
    x = normal(7, 4)
    torch.testing.assert_close(x @ W.T + b, torch.nn.Sequential(*layers)(x), rtol=1e-12, atol=1e-12)
    assert torch.linalg.matrix_rank(W) == 2
    # an affine activation changes nothing of the kind; one that is not, does
    additive = lambda f: torch.allclose(f(x[0]) + f(x[1]), f(x[0] + x[1]) + f(0 * x[0]))  # noqa: E731
    assert additive(lambda v: layers[1](3 * layers[0](v) + 1)) and not additive(
        lambda v: layers[1](torch.tanh(layers[0](v)))
    )
    with pytest.raises(ValueError, match="as many biases as weights, got 0 and 1"):
        collapse_linear([W], [])


def test_bumps():  # A16
    z = torch.linspace(-2, 4, 6001, dtype=torch.float64)
    pulse, previous = ((z > 0.5) & (z < 1.7)).double(), math.inf
    for sharpness in (10.0, 100.0, 1000.0):
        y = ridge_bump(z, 0.5, 1.2, sharpness)
        error = (y - pulse).abs()
        assert error.mean() < previous / 5 and error.max().item() == pytest.approx(0.5, abs=0.1)  # sup stays ½
        previous = error.mean()
    assert y[z < 0.48].max() < 1e-6 and y[(z > 0.52) & (z < 1.68)].min() > 1 - 1e-6 and y[z > 1.72].max() < 1e-6


@pytest.mark.parametrize("pieces", [10, 40])
def test_step_functions_by_a_hidden_layer(pieces):  # A14, A17
    z = torch.linspace(0, 3, 5001, dtype=torch.float64)
    width = 3 / pieces
    middles = width * (torch.arange(pieces, dtype=torch.float64) + 0.5)
    y = step_network(torch.sin(middles), 0.0, 3.0, 1e5, z)
    off_jumps = ((z / width - (z / width).round()).abs() > 0.01) & (z > 0.01) & (z < 2.99)
    error = (y - torch.sin(z)).abs()[off_jumps].max()
    assert error <= 1 * width / 2 and error > 0.45 * width  # sin is 1-Lipschitz


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_depth_folds(depth):  # C-§3.3.3: 2^L pieces
    x = torch.linspace(0, 1, 2**depth * 8 + 1, dtype=torch.float64)
    slopes = tent(x, depth).diff() / x.diff()
    assert torch.equal(slopes.abs().round(), torch.full_like(slopes, 2.0**depth))
    assert int((slopes.diff().abs() > 1).sum()) + 1 == 2**depth
