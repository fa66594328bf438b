"""Laws over the table of activations: every row is held to its equation and to what it claims of itself."""

import math

import pytest
import torch

from rhobar.nn.activations import ACTIVATIONS, elu, elu_derivative, gelu, leaky_relu, sigmoid, softmax, swish, tanh

ROWS = [pytest.param(row, id=name) for name, row in ACTIVATIONS.items()]
POINTWISE = [pytest.param(row, id=name) for name, row in ACTIVATIONS.items() if row.elementwise]
GRID = torch.linspace(-60, 60, 24_001, dtype=torch.float64)  # steps of 0.005; holds 0


@pytest.mark.parametrize("row", ROWS)
def test_formula_production_and_module_agree(row):
    z = torch.linspace(-30, 30, 4000, dtype=torch.float64).reshape(4, 10, 100)
    for other in (row.production(z), row.module().double()(z)):
        torch.testing.assert_close(row.formula(z), other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("row", ROWS)
def test_production_survives_large_inputs(row):
    z = torch.tensor([-1e4, -1e3, 0.0, 1e3, 1e4], requires_grad=True)
    y = row.production(z)
    (g,) = torch.autograd.grad(y.sum(), z)
    assert y.isfinite().all() and g.isfinite().all()


@pytest.mark.parametrize("row", POINTWISE)
def test_closed_form_derivative_is_autograds(row):
    z = GRID.clone().requires_grad_()
    (g,) = torch.autograd.grad(row.production(z).sum(), z)
    torch.testing.assert_close(row.derivative(GRID), g, rtol=1e-11, atol=1e-12)
    assert row.derivative(torch.zeros(1, dtype=torch.float64)).item() == pytest.approx(row.slope_at_zero, abs=1e-15)


@pytest.mark.parametrize("row", ROWS)
def test_gradcheck(row):
    z = torch.linspace(-4.03, 4.01, 11, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(row.formula, z)
    assert torch.autograd.gradcheck(row.production, z)


def test_softmax_jacobian_is_autograds():
    z = torch.randn(3, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    expected = torch.stack([torch.func.jacrev(ACTIVATIONS["softmax"].production)(v) for v in z])
    J = ACTIVATIONS["softmax"].derivative(z)
    torch.testing.assert_close(J, expected, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(J, J.mT)
    torch.testing.assert_close(J.sum(-1), torch.zeros(3, 5, dtype=torch.float64))


def test_softmax_lipschitz_constant_is_sharp():
    z = torch.randn(500, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    norms = torch.linalg.matrix_norm(ACTIVATIONS["softmax"].derivative(z), 2)
    assert norms.max() <= ACTIVATIONS["softmax"].lipschitz
    even = torch.zeros(2, dtype=torch.float64)
    assert torch.linalg.matrix_norm(ACTIVATIONS["softmax"].derivative(even), 2).item() == pytest.approx(0.5, abs=1e-14)


@pytest.mark.parametrize("row", POINTWISE)
def test_lipschitz_constant_is_the_largest_slope(row):
    z = torch.cat([torch.linspace(-6, 6, 240_001, dtype=torch.float64), GRID])
    steepest = row.derivative(z).abs().max().item()
    assert steepest <= row.lipschitz + 1e-14
    assert steepest == pytest.approx(row.lipschitz, abs=1e-8)


@pytest.mark.parametrize("row", POINTWISE)
def test_range(row):
    y = row.formula(torch.linspace(-300, 300, 600_001, dtype=torch.float64))
    for bound, seen in zip(row.range, (y.min().item(), y.max().item()), strict=True):
        if math.isinf(bound):
            assert math.copysign(seen, bound) == seen and abs(seen) >= 2.99
        else:
            assert seen == pytest.approx(bound, abs=2e-7)
    inner = row.formula(torch.linspace(-15, 15, 3001, dtype=torch.float64))
    low, high = row.range
    assert (inner >= low - 1e-15).all() if row.attains[0] else (inner > low).all()
    assert (inner <= high).all() if row.attains[1] else (inner < high).all()


@pytest.mark.parametrize("row", POINTWISE)
def test_monotone_only_where_stated(row):
    assert bool((row.derivative(GRID) >= 0).all()) == row.monotone


@pytest.mark.parametrize("row", POINTWISE)
def test_saturation_and_dying_regions(row):
    for side, saturates in zip((-50.0, 50.0), row.saturates, strict=True):
        at_end = row.derivative(torch.tensor([side], dtype=torch.float64)).abs().item()
        assert (at_end < 1e-15) == saturates
    dead = GRID[(GRID.abs() < 30) & (row.derivative(GRID) == 0)]
    if row.dying is None:
        assert dead.numel() == 0
    else:
        inside = GRID[(GRID.abs() < 30) & (row.dying[0] < GRID) & (row.dying[1] > GRID)]
        assert set(inside.tolist()) <= set(dead.tolist()) <= {*inside.tolist(), *row.dying}


@pytest.mark.parametrize("row", POINTWISE)
def test_kinks_are_where_the_slope_jumps(row):
    steps = row.derivative(GRID).diff().abs()
    jumps = GRID[:-1][steps > 0.1]
    assert all(min((abs(j - k) for k in row.kinks), default=1.0) < 0.01 for j in jumps.tolist())
    for kink in row.kinks:
        left, right = row.derivative(torch.tensor([kink - 1e-9, kink + 1e-9], dtype=torch.float64))
        assert abs(left - right) > 0.1


def test_every_row_is_complete():
    for name, row in ACTIVATIONS.items():
        assert row.name == name and row.equation and row.reference
        assert row.summary.endswith(".") and len(row.summary) <= 90


# ------------------------------------------------------------------ the checks of the textbook, one by one


def test_sigmoid_and_tanh_are_one_curve():  # A21, A22
    z = GRID
    torch.testing.assert_close(tanh(z), 2 * sigmoid(2 * z) - 1, rtol=0, atol=1e-15)
    torch.testing.assert_close(sigmoid(z) + sigmoid(-z), torch.ones_like(z), rtol=0, atol=1e-15)
    assert sigmoid(torch.zeros(1)).item() == 0.5 and tanh(torch.zeros(1)).item() == 0.0


def test_gelu_numbers():  # A24
    z = torch.linspace(-3, 3, 600_001, dtype=torch.float64)
    y, d = gelu(z), ACTIVATIONS["gelu"].derivative(z)
    assert y.min().item() == pytest.approx(-0.170, abs=5e-4) and z[y.argmin()].item() == pytest.approx(-0.752, abs=5e-4)
    assert (d.min().item(), d.max().item()) == pytest.approx((-0.129, 1.129), abs=5e-4)
    assert (z[d.argmin()].item(), z[d.argmax()].item()) == pytest.approx((-math.sqrt(2), math.sqrt(2)), abs=2e-5)
    approximate = torch.nn.functional.gelu(z, approximate="tanh")
    assert 1e-4 < (approximate - y).abs().max() < 5e-4


def test_swish_numbers():  # A28
    z = torch.linspace(-6, 6, 1_200_001, dtype=torch.float64)
    y, d = swish(z), ACTIVATIONS["silu"].derivative(z)
    assert z[y.argmin()].item() == pytest.approx(-1.278, abs=5e-4) and y.min().item() == pytest.approx(-0.278, abs=5e-4)
    assert d.min().item() == pytest.approx(-0.0998, abs=5e-5) and z[d.argmin()].item() == pytest.approx(-2.40, abs=5e-3)
    assert (swish(z) - gelu(z)).abs().max().item() == pytest.approx(0.193, abs=5e-4)


def test_swish_with_beta():
    z = torch.linspace(-3, 3, 21, dtype=torch.float64, requires_grad=True)
    (g,) = torch.autograd.grad(swish(z, 1.7).sum(), z)
    torch.testing.assert_close(ACTIVATIONS["silu"].derivative(z.detach(), 1.7), g)
    torch.testing.assert_close(swish(z.detach(), 0.0), z.detach() / 2)
    torch.testing.assert_close(swish(z.detach(), 1e4), z.detach().clamp(min=0))


def test_elu_is_smooth_at_zero_for_alpha_one_only():  # A27
    near = torch.tensor([-1e-12, 1e-12], dtype=torch.float64)
    assert elu_derivative(near, 1.0).diff().abs() < 1e-11
    assert elu_derivative(near, 0.5).diff().item() == pytest.approx(0.5)
    torch.testing.assert_close(elu(GRID, 0.5), torch.nn.functional.elu(GRID, 0.5), rtol=1e-12, atol=1e-12)
    assert elu(torch.tensor([-200.0]), 0.5).item() == -0.5


def test_leaky_relu_by_maximum_needs_alpha_of_at_most_one():  # A25, whose bound 0 ≤ α is not needed
    for alpha, same in ((0.1, True), (1.0, True), (-0.5, True), (2.0, False)):
        assert torch.equal(leaky_relu(GRID, alpha), torch.maximum(alpha * GRID, GRID)) == same
        torch.testing.assert_close(leaky_relu(GRID, alpha), torch.nn.functional.leaky_relu(GRID, alpha))


def test_prelu_slope_is_learned_and_starts_at_a_quarter():  # A26
    module = ACTIVATIONS["prelu"].module().double()
    assert module.weight.numel() == 1 and module.weight.item() == 0.25
    z, alpha = GRID[11_000:13_000], torch.tensor(0.25, dtype=torch.float64, requires_grad=True)
    leaky_relu(z, alpha).sum().backward()
    module(z).sum().backward()
    torch.testing.assert_close(alpha.grad, module.weight.grad.squeeze())


def test_chain_products_of_slopes_decay():  # A30, A62
    z = torch.randn(10, 1000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    products = {name: ACTIVATIONS[name].derivative(z).prod(0).mean().item() for name in ("sigmoid", "tanh", "identity")}
    assert products["sigmoid"] < 0.25**10 < 1e-6 and products["tanh"] < 0.2 and products["identity"] == 1.0


def test_softmax_is_a_probability_that_ignores_shifts():  # B10
    z = torch.randn(7, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    torch.testing.assert_close(softmax(z).sum(-1), torch.ones(7, dtype=torch.float64))
    torch.testing.assert_close(softmax(z), softmax(z + 3.0))
    assert softmax(torch.tensor([1e4, -1e4])).tolist() == [1.0, 0.0]


def test_torchs_softplus_is_off_above_its_threshold():
    z = torch.tensor([20.5], dtype=torch.float64)
    off = (torch.nn.functional.softplus(z) - ACTIVATIONS["softplus"].formula(z)).abs().item()
    assert off == pytest.approx(math.exp(-20.5), rel=1e-6)


def test_good_properties_are_wishes():  # C-§3.2.1
    wishes = {name: (r.differentiable, r.monotone, r.bounded, r.zero_centred) for name, r in ACTIVATIONS.items()}
    assert wishes["tanh"] == (True, True, True, True) and wishes["sigmoid"] == (True, True, True, False)
    assert wishes["relu"] == (False, True, False, False)
    assert not wishes["gelu"][1] and not wishes["silu"][1]


def test_printed_curves():  # A29: the four and their variants on [−4, 4], read off at whole numbers
    z = torch.arange(-4.0, 5.0, 2.0, dtype=torch.float64)
    curves = {
        "sigmoid": [0.0180, 0.1192, 0.5, 0.8808, 0.9820],
        "tanh": [-0.9993, -0.9640, 0, 0.9640, 0.9993],
        "relu": [0, 0, 0, 2, 4],
        "gelu": [-0.0001, -0.0455, 0, 1.9545, 3.9999],
        "elu": [-0.9817, -0.8647, 0, 2, 4],
        "silu": [-0.0719, -0.2384, 0, 1.7616, 3.9281],
    }
    for name, values in curves.items():
        assert ACTIVATIONS[name].production(z).tolist() == pytest.approx(values, abs=6e-5)
