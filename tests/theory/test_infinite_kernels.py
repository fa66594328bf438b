"""NNGP and NTK in closed form, against quadrature, sampling and finite networks."""

import itertools
import math

import pytest
import torch
from torch import nn

from rhobar.probes.ntk import empirical_ntk, kernel_change
from rhobar.theory.kernels import ERF, RELU, gauss_hermite, infinite_mlp


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


class Scaled(nn.Linear):
    """The NTK parametrisation."""

    def __init__(self, n_in, n_out, w=2.0, b=0.0):
        super().__init__(n_in, n_out)
        self.w, self.b = (w / n_in) ** 0.5, b**0.5
        nn.init.normal_(self.weight), nn.init.normal_(self.bias)

    def forward(self, x):
        return self.w * (x @ self.weight.T) + self.b * self.bias


class Erf(nn.Module):
    def forward(self, x):
        return torch.erf(x)


def network(width, depth, phi, layer=Scaled, dim=4, w=2.0, b=0.3):
    sizes = [dim, *[width] * depth]
    hidden = [m for pair in itertools.pairwise(sizes) for m in (layer(*pair, w, b), phi())]
    return nn.Sequential(*hidden, layer(sizes[-1], 1, w, b))


COVARIANCE = torch.tensor([[2.0, 0.7], [0.7, 0.5]], dtype=torch.float64)


def pairs():
    a = COVARIANCE.diagonal()
    return COVARIANCE, a[:, None], a[None, :]


@pytest.mark.parametrize("phi, closed, tol", [(torch.relu, RELU, 2e-3), (torch.erf, ERF, 1e-9)])
def test_closed_forms_are_the_quadrature(phi, closed, tol):
    order = 400 if phi is torch.relu else 60
    (kappa, slope), (closed_kappa, closed_slope) = gauss_hermite(phi, order=order)(*pairs()), closed(*pairs())
    assert torch.allclose(kappa, closed_kappa, atol=tol)
    assert torch.allclose(slope, closed_slope, atol=0.02 if phi is torch.relu else tol)  # ReLU's slope jumps


@pytest.mark.parametrize("phi, dual", [(torch.relu, RELU), (torch.erf, ERF), (torch.tanh, gauss_hermite(torch.tanh))])
def test_duals_are_expectations(phi, dual):
    z = torch.randn(400_000, 2) @ torch.linalg.cholesky(COVARIANCE).T
    z.requires_grad_()
    y = phi(z)
    (slope,) = torch.autograd.grad(y.sum(), z)
    for values, found in ((y.detach(), dual(*pairs())[0]), (slope, dual(*pairs())[1])):
        product = values[:, :, None] * values[:, None, :]
        stderr = product.std(0) / len(z) ** 0.5
        assert ((product.mean(0) - found).abs() <= 5 * stderr).all()


def test_polynomials_are_exact():
    kappa, slope = gauss_hermite(lambda u: u**2, order=4)(*pairs())
    c, a, b = pairs()
    assert torch.allclose(kappa, a * b + 2 * c**2)
    assert torch.allclose(slope, 4 * c)


@pytest.mark.parametrize(
    "phi, dual, depth", [(nn.ReLU, RELU, 1), (nn.ReLU, RELU, 3), (Erf, ERF, 2), (nn.Tanh, gauss_hermite(torch.tanh), 2)]
)
def test_wide_networks_come_to_the_ntk_as_one_over_the_root_of_the_width(phi, dual, depth):
    x = torch.randn(5, 4)
    truth = infinite_mlp(x, depth=depth, dual=dual, weight_variance=2.0, bias_variance=0.3)
    errors = []
    for width in (16, 256):
        kernels = torch.stack([empirical_ntk(network(width, depth, phi), [x]).matrix for _ in range(24)])
        errors.append((kernels - truth.ntk).square().mean().sqrt().item())
        stderr = kernels.std(0) / 24**0.5
    assert ((kernels.mean(0) - truth.ntk).abs() <= 4.5 * stderr + 0.02 * truth.ntk.abs()).all()
    rate = math.log(errors[0] / errors[1]) / math.log(16)
    assert 0.35 < rate < 0.7


def test_outputs_of_wide_networks_have_the_nngp_covariance():
    x = torch.randn(3, 4)
    truth = infinite_mlp(x, depth=2, weight_variance=2.0, bias_variance=0.3).nngp
    with torch.no_grad():
        f = torch.stack([network(128, 2, nn.ReLU)(x)[:, 0] for _ in range(2000)])
    products = f[:, :, None] * f[:, None, :]
    assert ((products.mean(0) - truth).abs() <= 4.5 * products.std(0) / 2000**0.5).all()


def test_standard_parametrisation():
    x = torch.randn(4, 4)
    width = 512

    class Plain(nn.Linear):
        def __init__(self, n_in, n_out, w, b):
            super().__init__(n_in, n_out)
            nn.init.normal_(self.weight, 0, (w / n_in) ** 0.5), nn.init.normal_(self.bias, 0, b**0.5)

    truth = infinite_mlp(x, depth=2, weight_variance=2.0, bias_variance=0.3, width=width).ntk
    found = torch.stack([empirical_ntk(network(width, 2, nn.ReLU, Plain), [x]).matrix for _ in range(12)])
    assert ((found.mean(0) - truth).abs() <= 4.5 * found.std(0) / 12**0.5 + 0.02 * truth.abs()).all()


def test_in_the_standard_parametrisation_a_linear_map_adds_its_bias():
    x = torch.randn(3, 4, dtype=torch.float64)
    exact = infinite_mlp(x, depth=0, bias_variance=0.3, width=7).ntk
    torch.testing.assert_close(empirical_ntk(nn.Linear(4, 1).double(), [x]).matrix, exact)


def test_a_linear_map_has_its_gram_matrix():
    x = torch.randn(3, 4)
    kernels = infinite_mlp(x, depth=0, weight_variance=3.0, bias_variance=1.0)
    assert torch.allclose(kernels.ntk, 3 * x @ x.T / 4 + 1)
    assert torch.allclose(kernels.ntk, empirical_ntk(Scaled(4, 1, 3.0, 1.0), [x]).matrix)


def test_the_kernel_moves_less_in_wider_networks():
    """C92: the drift over training falls with the width, as 1/√width at least."""
    x, y = torch.randn(6, 4), torch.randn(6, 1)
    drift = []
    for width in (16, 256):
        total = 0.0
        for seed in range(4):
            torch.manual_seed(seed)
            model = network(width, 1, Erf)
            before = empirical_ntk(model, [x]).matrix
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for _ in range(60):
                optimizer.zero_grad()
                (model(x) - y).square().mean().backward()
                optimizer.step()
            total += kernel_change(before, empirical_ntk(model, [x]).matrix).relative / 4
        drift.append(total)
    assert drift[1] < 2 * drift[0] / 4


def test_refusals():
    with pytest.raises(ValueError, match="depth and variances must be at least 0"):
        infinite_mlp(torch.ones(1, 1), depth=-1)
    with pytest.raises(ValueError, match="order must be at least 1"):
        gauss_hermite(torch.relu, order=0)
