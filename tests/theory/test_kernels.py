"""Kernels against random features, ridge regression against refits, learning curves against experiments."""

import math

import pytest
import torch

from rhobar.theory import kernels as T


def gaussian(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_arc_cosine_kernels_are_random_features(order):
    """B33: twice the mean product of 300,000 units, and for two layers of 2,000 random units on top of their kernel."""
    x, y = gaussian(4, 3), gaussian(3, 3, seed=1)
    W = gaussian(300_000, 3, seed=2)
    u, v = ((z @ W.T).clamp(min=0) ** order * (z @ W.T > 0) for z in (x, y))
    products = 2 * u[:, None] * v[None]
    found = T.arc_cosine_kernel(x, y, order=order)
    assert torch.all((products.mean(2) - found).abs() <= 4.5 * products.std(2) / 300_000**0.5)
    both = torch.cat([x, y])
    root = torch.linalg.cholesky(T.arc_cosine_kernel(both, both, order=order) + 1e-12 * torch.eye(7))
    twice = T.arc_cosine_kernel(x, y, order=order, depth=2)
    assert torch.allclose(T.arc_cosine_kernel(root[:4], root[4:], order=order), twice, rtol=1e-6)
    limit = x[:1] * (1 + 1e-9)
    assert T.arc_cosine_kernel(x[:1], limit, order=order).item() == pytest.approx(
        (1, 1, 3)[order] * float(x[0].norm()) ** (2 * order), rel=1e-4
    )


@pytest.mark.parametrize("width", [5, 50])
def test_outputs_become_normal_as_the_width_grows(width):
    """B33: N(0, mean φ²) given the hidden layer, so that the excess kurtosis of a ReLU's output is 15/width."""
    s = gaussian(200_000, width).clamp(min=0).square().mean(1)
    kurtosis = 3 * float(s.square().mean() / s.mean() ** 2)
    assert kurtosis - 3 == pytest.approx(15 / width, rel=0.05)
    assert 2 * float(s.mean()) == pytest.approx(
        T.arc_cosine_kernel(torch.ones(1, 1), torch.ones(1, 1)).item(), rel=0.01
    )


@pytest.mark.parametrize("depth", [1, 3])
def test_the_relu_kernel_is_the_nngp_of_he_s_variance(depth):
    x = gaussian(5, 4)
    nngp = T.infinite_mlp(x, depth=depth, weight_variance=2.0).nngp  # Σ = 2 E φφ of inputs scaled by 2/d
    ours = T.arc_cosine_kernel(x * (2 / 4) ** 0.5, x * (2 / 4) ** 0.5, depth=depth)
    assert torch.allclose(ours, nngp, rtol=1e-9)


def test_ridge_regression_against_refits_and_scikit_learn():
    """A84: α, predictions left out one by one, norm and degrees of freedom."""
    from sklearn.kernel_ridge import KernelRidge

    x, y = gaussian(20, 3), gaussian(20, seed=1)
    K = torch.exp(-torch.cdist(x, x).square() / 4)
    fit = T.kernel_ridge(K, y, 0.3)
    theirs = KernelRidge(alpha=0.3, kernel="precomputed").fit(K.numpy(), y.numpy())
    assert torch.allclose(fit.coefficients, torch.from_numpy(theirs.dual_coef_))
    for i in range(20):
        keep = torch.arange(20) != i
        refit = T.kernel_ridge(K[keep][:, keep], y[keep], 0.3)
        assert float(fit.left_out[i]) == pytest.approx(float(K[i, keep] @ refit.coefficients))
    hat = torch.stack([T.kernel_ridge(K, e, 0.3).fitted for e in torch.eye(20).double()], 1)
    assert fit.degrees_of_freedom == pytest.approx(float(hat.trace())) and torch.allclose(fit.fitted, hat @ y)
    objective = lambda f: float((f - y).square().sum() + 0.3 * f @ torch.linalg.solve(K, f))  # noqa: E731
    assert fit.norm**2 == pytest.approx(float(fit.fitted @ torch.linalg.solve(K, fit.fitted)), rel=1e-6)
    assert all(objective(fit.fitted) < objective(fit.fitted + 1e-3 * gaussian(20, seed=s)) for s in range(5))


def test_the_interpolant_has_the_least_norm():
    """A97, B7: a linear kernel's is the pseudo-inverse's; any other interpolant has a larger norm."""
    X, y = gaussian(6, 10), gaussian(6, seed=1)
    w = torch.linalg.pinv(X) @ y
    assert T.rkhs_norm(X @ X.T, y) == pytest.approx(float(w.norm()))
    assert T.kernel_ridge(X @ X.T, y, 0.0).fitted.tolist() == pytest.approx(y.tolist())
    with pytest.raises(ValueError, match="positive definite"):
        T.rkhs_norm(X.T @ X, gaussian(10))
    with pytest.raises(ValueError, match="at least 0"):
        T.kernel_ridge(X @ X.T, y, -1.0)


SPECTRA = {
    "below the modes": (60, 120, 0.0, 0.0),
    "ridge and noise": (100, 120, 3.0, 0.5),
    "beyond the modes": (240, 120, 0.0, 0.5),
    "much ridge": (60, 120, 30.0, 0.0),
}


@pytest.mark.parametrize("P, modes, ridge, noise", SPECTRA.values(), ids=SPECTRA)
def test_learning_curves_of_gaussian_features(P, modes, ridge, noise):
    """A95: predicted mode by mode, measured over 40 training sets."""
    eta = torch.arange(1, modes + 1, dtype=torch.float64) ** -1.5
    target = gaussian(modes, seed=5) * eta.sqrt()
    predicted = T.kernel_learning_curve(eta, target, P, ridge=ridge, noise=noise)
    errors = []
    for seed in range(40):
        phi = gaussian(P, modes, seed=seed)
        y = phi @ target + noise**0.5 * gaussian(P, seed=seed + 999)
        features = phi * eta.sqrt()
        G = features @ features.T + ridge * torch.eye(P).double()
        w = eta.sqrt() * (features.T @ (torch.linalg.solve(G, y) if modes > P or ridge else torch.linalg.pinv(G) @ y))
        errors.append((w - target).square())
    errors = torch.stack(errors)
    total = errors.sum(1)
    assert abs(float(total.mean()) - predicted.error) <= 4.5 * float(total.std()) / 40**0.5 + 0.04 * predicted.error
    if noise == 0:
        top = slice(0, 5)
        assert torch.allclose(
            errors.mean(0)[top], predicted.modes[top], rtol=0.5, atol=0.02 * float(target.abs().max()) ** 2
        )


def test_large_eigenvalues_are_learned_first_and_noise_peaks_at_the_threshold():
    eta = torch.tensor([1.0, 0.1, 0.01] * 20).double()
    few = T.kernel_learning_curve(eta, torch.ones(60), 30, ridge=1e-3)
    share = few.modes / (1 - few.overfitting) ** -1
    assert float(share[0]) < float(share[1]) < float(share[2])
    flat = [T.kernel_learning_curve(torch.ones(60), torch.zeros(60), P, noise=1.0).error for P in (30, 55, 66, 240)]
    assert flat == pytest.approx([1.0, 11.0, 10.0, 1 / 3])  # γ/(1 − γ) with γ = P/60, or 60/P
    tamed = T.kernel_learning_curve(torch.ones(60), torch.zeros(60), 60, ridge=10.0, noise=1.0).error
    assert tamed < 2 and math.isfinite(tamed)
    with pytest.raises(ValueError, match="ridge and noise"):
        T.kernel_learning_curve(eta, eta, 3, noise=-1.0)
    with pytest.raises(ValueError, match="order must be 0, 1 or 2"):
        T.arc_cosine_kernel(eta[:, None], eta[:, None], order=3)
