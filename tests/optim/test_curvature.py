"""Products with the Hessian and the Fisher matrix against dense ones, and conjugate gradients in a ball."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from rhobar.linalg import LinearOperator
from rhobar.linalg.conjugate_gradient import conjugate_gradient
from rhobar.linalg.flatten import flatten, unflatten
from rhobar.linalg.products import differentiable_twice
from rhobar.optim.curvature import fisher, gradient_and_hessian
from rhobar.optim.likelihood import LIKELIHOODS, likelihood_of

LOSSES = {
    "categorical": (F.cross_entropy, lambda f: torch.arange(len(f)) % f.shape[1]),
    "bernoulli": (F.binary_cross_entropy_with_logits, lambda f: (f.detach() > 0.2).double()),
    "gaussian": (F.mse_loss, lambda f: torch.ones_like(f)),
}
every = pytest.mark.parametrize("name", LIKELIHOODS)


def network(norm=False):
    torch.manual_seed(0)
    middle = [nn.LayerNorm(4)] if norm else []
    return nn.Sequential(nn.Linear(3, 4), *middle, nn.Tanh(), nn.Linear(4, 3)).double(), torch.randn(7, 3).double()


def dense(A):
    return torch.stack([A @ e for e in torch.eye(A.shape[0], dtype=A.dtype)], 1)


def by_functional(model, x, loss):
    """The Hessian of torch.autograd.functional over the flattened parameters."""
    params = list(model.parameters())
    names = [n for n, _ in model.named_parameters()]

    def of(vector):
        return loss(torch.func.functional_call(model, dict(zip(names, unflatten(vector, params), strict=True)), (x,)))

    return torch.autograd.functional.hessian(of, flatten(params).detach())


@every
def test_hessian_products(name):
    model, x = network(norm=True)
    loss, target = LOSSES[name]
    y = target(model(x))
    params = list(model.parameters())
    g, H = gradient_and_hessian(loss(model(x), y), params)
    torch.testing.assert_close(g, flatten(torch.autograd.grad(loss(model(x), y), params)))
    torch.testing.assert_close(dense(H), by_functional(model, x, lambda f: loss(f, y)), rtol=0, atol=1e-12)


@every
def test_output_fisher_is_the_losss_second_derivative_and_does_not_see_labels(name):
    _, x = network()
    loss, _target = LOSSES[name]
    f = (x * 2)[:, :, None].expand(7, 3, 2).contiguous()  # a further axis, as for images or sequences
    for shift in (0, 1):
        y = torch.full((7, 2), shift) if name == "categorical" else torch.full((7, 3, 2), float(shift)).double()
        H = torch.autograd.functional.hessian(lambda f, y=y: loss(f, y), f).reshape(42, 42)
        S = torch.stack([
            likelihood_of(name).fisher_product(f, e.view_as(f)).reshape(-1) for e in torch.eye(42, dtype=f.dtype)
        ], 1)  # fmt: skip
        torch.testing.assert_close(S, H, rtol=0, atol=1e-12)


@every
def test_sampled_gradients_have_mean_zero_and_the_fisher_as_covariance(name):
    """E[∇ log p ∇ log pᵀ] = nS over the model's own draws; both within five standard errors."""
    generator = torch.Generator().manual_seed(0)
    f = torch.tensor([[0.5, -1.0, 2.0]], dtype=torch.float64).expand(4000, 3).clone().requires_grad_(True)
    likelihood = likelihood_of(name)
    (g,) = torch.autograd.grad(likelihood.sampled_loss(f, generator=generator), f)
    assert bool((g.mean(0).abs() < 5 * g.std(0) / len(g) ** 0.5 + 1e-12).all())
    products = g[:, :, None] * g[:, None, :]
    one = f[:1].detach()
    S = torch.stack([likelihood.fisher_product(one, e[None])[0] for e in torch.eye(3, dtype=f.dtype)], 1)
    error = (products.mean(0) - S * likelihood.num_predictions(one)).abs()
    assert bool((error < 5 * products.std(0) / len(g) ** 0.5 + 1e-12).all())


@every
def test_fisher_products(name):
    model, x = network(norm=True)
    params = list(model.parameters())
    f, likelihood = model(x), likelihood_of(name)
    rows = [flatten(torch.autograd.grad(v, params, retain_graph=True)) for v in f.reshape(-1)]
    J = torch.stack(rows)
    S = torch.stack([likelihood.fisher_product(f.detach(), e.view_as(f)).reshape(-1)
                     for e in torch.eye(f.numel(), dtype=f.dtype)], 1)  # fmt: skip
    torch.testing.assert_close(dense(fisher(f, params, likelihood)), J.T @ S @ J, rtol=0, atol=1e-12)


def test_attention_has_a_second_derivative_here():
    torch.manual_seed(0)
    q = torch.randn(1, 2, 4, 3, dtype=torch.float64, requires_grad=True)
    with differentiable_twice():
        _, H = gradient_and_hessian(F.scaled_dot_product_attention(q, q, q).square().sum(), [q])
        product = H @ torch.ones(24, dtype=torch.float64)
    step = 1e-5

    def slope(shift):
        p = (q.detach() + shift).requires_grad_(True)
        return torch.autograd.grad(F.scaled_dot_product_attention(p, p, p).square().sum(), p)[0].reshape(-1)

    torch.testing.assert_close(product, (slope(step) - slope(-step)) / (2 * step), rtol=1e-6, atol=1e-8)


def test_linear_losses_have_no_curvature_and_unused_parameters_no_slope():
    a, b = (torch.ones(2, requires_grad=True) for _ in range(2))
    g, H = gradient_and_hessian((3 * a).sum(), [a, b])
    assert g.tolist() == [3, 3, 0, 0]
    assert not (H @ torch.ones(4)).any()


def test_errors_name_the_closure():
    a = torch.ones(2, requires_grad=True)
    loss = (a**2).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match=r"without calling backward\(\)"):
        gradient_and_hessian(loss, [a])
    with pytest.raises(RuntimeError, match="The loss must be a tensor with its graph"):
        gradient_and_hessian(loss.detach(), [a])
    with pytest.raises(RuntimeError, match="The outputs must be a tensor with its graph"):
        fisher(torch.ones(2, 2), [a], likelihood_of("gaussian"))
    with pytest.raises(ValueError, match="likelihood must be one of categorical, bernoulli, gaussian, got 'poisson'"):
        likelihood_of("poisson")
    with pytest.raises(ValueError, match=r"must have the shape \(batch, classes, …\), got \(3,\)"):
        likelihood_of("categorical").num_predictions(torch.ones(3))


# Conjugate gradients.


def spd(n=6, seed=0):
    Q = torch.randn(n, n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return Q @ Q.T + 0.1 * torch.eye(n, dtype=torch.float64), Q[0]


@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_cg_solves_in_as_many_steps_as_there_are_distinct_eigenvalues(shift):
    A, b = spd()
    found = conjugate_gradient(LinearOperator.from_matrix(A), b, max_steps=20, tol=1e-12, shift=shift)
    exact = torch.linalg.solve(A + shift * torch.eye(6, dtype=A.dtype), b)
    torch.testing.assert_close(found.x, exact, rtol=1e-8, atol=1e-10)
    assert (found.stop, found.num_matvecs <= 8) == ("converged", True)
    assert found.decrease == pytest.approx((b @ exact / 2).item())
    assert found.residual < 1e-10 * b.norm()
    three = torch.diag(torch.tensor([1.0, 1.0, 5.0, 5.0, 9.0, 9.0], dtype=torch.float64))
    assert conjugate_gradient(LinearOperator.from_matrix(three), b, max_steps=20, tol=1e-10).num_matvecs == 3


@pytest.mark.parametrize("radius", [0.01, 0.3, 1.0])
def test_cg_stays_in_the_ball_and_beats_the_cauchy_point(radius):
    A, b = spd()
    found = conjugate_gradient(LinearOperator.from_matrix(A), b, max_steps=20, tol=1e-12, radius=radius)
    assert found.x.norm().item() == pytest.approx(radius, rel=1e-9)
    assert found.stop == "boundary"
    assert found.decrease == pytest.approx((b @ found.x - found.x @ A @ found.x / 2).item(), rel=1e-9)
    t = min(radius / b.norm(), (b @ b) / (b @ A @ b))
    assert found.decrease >= (t * b @ b - t**2 * (b @ A @ b) / 2) * (1 - 1e-12)


def test_cg_follows_negative_curvature_to_the_boundary():
    A = LinearOperator.from_matrix(torch.diag(torch.tensor([1.0, -1.0], dtype=torch.float64)))
    found = conjugate_gradient(A, torch.tensor([1.0, 0.1]).double(), max_steps=9, tol=1e-9, radius=3.0)
    assert (found.stop, round(found.x.norm().item(), 9)) == ("negative-curvature", 3.0)
    assert found.decrease > 0.5
    free = conjugate_gradient(A, torch.tensor([0.0, 0.1], dtype=torch.float64), max_steps=9)
    assert (free.stop, free.x.tolist()) == ("negative-curvature", [0, 0.1])


def test_cg_says_why_it_stopped():
    A, b = spd()
    operator = LinearOperator.from_matrix(A)
    assert conjugate_gradient(operator, b, max_steps=2, tol=1e-12).stop == "max-steps"
    nan = LinearOperator(lambda v: v * math.nan, lambda v: v, (6, 6), torch.float64)
    assert conjugate_gradient(nan, b, max_steps=2).stop == "not-finite"
    assert conjugate_gradient(operator, b * math.inf, max_steps=2).stop == "not-finite"
    assert conjugate_gradient(operator, 0 * b, max_steps=2).num_matvecs == 0
    with pytest.raises(ValueError, match="max_steps must be at least 1, got 0"):
        conjugate_gradient(operator, b, max_steps=0)
    with pytest.raises(ValueError, match="radius must be positive, got 0"):
        conjugate_gradient(operator, b, max_steps=1, radius=0.0)
