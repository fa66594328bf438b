"""Optimal transport against an exact solver, against its duals and against closed forms."""

import math

import numpy as np
import ot
import pytest
import torch

from rhobar.theory import transport as T


def gaussian(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def weights(n, seed):
    w = torch.rand(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    w[0] = 0 if n > 3 else w[0]
    return w / w.sum()


@pytest.mark.parametrize("power", [1.0, 2.0, 3.5])
@pytest.mark.parametrize("n, m, even", [(7, 7, True), (5, 8, True), (6, 9, False), (1, 4, False)])
def test_a_line_is_solved_by_order(power, n, m, even):
    x, y = gaussian(n), gaussian(m, seed=1)
    a, b = (torch.ones(k).double() / k if even else weights(k, k) for k in (n, m))
    found = T.transport_on_line(x, y, power=power, weights=None if even else (a, b))
    C = (x[:, None] - y).abs() ** power
    assert found.distance**power == pytest.approx(ot.emd2(a.numpy(), b.numpy(), C.numpy()))
    plan = torch.zeros(n, m).double().index_put((found.rows, found.columns), found.mass, accumulate=True)
    assert torch.allclose(plan.sum(1), a) and torch.allclose(plan.sum(0), b)
    assert float((plan * C).sum()) == pytest.approx(found.distance**power) and len(found.mass) <= n + m - 1
    if n == m and power == 1:
        sorted_difference = float((x.sort().values - y.sort().values).abs().mean())  # B77
        assert found.distance == pytest.approx(sorted_difference)


def test_normal_distributions():
    """B77: POT's formula, the map, Gelbrich's bound, and samples."""
    A, B = gaussian(3, 5), gaussian(3, 4, seed=1)
    S1, S2, m1, m2 = A @ A.T, B @ B.T, gaussian(3, seed=2), gaussian(3, seed=3)
    found = T.gaussian_transport((m1, m2), (S1, S2))
    theirs = ot.gaussian.bures_wasserstein_distance(m1.numpy(), m2.numpy(), S1.numpy(), S2.numpy())
    assert found.distance == pytest.approx(float(theirs))
    M = found.matrix
    assert torch.allclose(M @ S1 @ M, S2) and torch.allclose(M, M.T)
    work = float((m1 - m2).square().sum() + torch.trace((M - torch.eye(3)) @ S1 @ (M - torch.eye(3))))
    assert work == pytest.approx(found.distance**2)
    back = T.gaussian_transport((m2, m1), (S2, S1))
    assert back.distance == pytest.approx(found.distance) and torch.allclose(back.matrix @ M, torch.eye(3).double())
    flat = T.gaussian_transport((m1, m1), (torch.diag(torch.tensor([1.0, 0.0, 4.0])), torch.zeros(3, 3)))
    assert flat.distance == pytest.approx(math.sqrt(5))
    with pytest.raises(ValueError, match="negative eigenvalue"):
        T.gaussian_transport((m1, m1), (S1, -S2))


def test_sinkhorn_against_pot_and_its_own_dual():
    x, y = gaussian(12, 2), gaussian(9, 2, seed=1) + 1
    C, a, b = torch.cdist(x, y), weights(12, 5).clamp_min(1e-3), weights(9, 6).clamp_min(1e-3)
    a, b = a / a.sum(), b / b.sum()
    exact = float(ot.emd2(a.numpy(), b.numpy(), C.numpy()))
    costs = []
    for epsilon in (1.0, 0.1, 0.01):
        found = T.sinkhorn(C, epsilon, weights=(a, b))
        assert found.converged and found.marginal_error <= 1e-9
        assert torch.allclose(found.plan.sum(0), b) and torch.allclose(found.plan.sum(1), a, atol=1e-8)
        divergence = float((torch.xlogy(found.plan, found.plan) - torch.xlogy(found.plan, torch.outer(a, b))).sum())
        assert found.value == pytest.approx(found.cost + epsilon * divergence, abs=1e-7)
        entropies = -float(torch.xlogy(a, a).sum() + torch.xlogy(b, b).sum())
        assert exact - 1e-7 <= found.cost <= exact + epsilon * entropies
        costs.append(found.cost)
    theirs = ot.sinkhorn(a.numpy(), b.numpy(), C.numpy(), 0.1, method="sinkhorn_log", stopThr=1e-10, numItermax=100_000)
    assert np.allclose(theirs, T.sinkhorn(C, 0.1, weights=(a, b)).plan, atol=1e-8)
    assert costs == sorted(costs, reverse=True) and costs[-1] - exact < 0.01
    short = T.sinkhorn(C, 0.01, weights=(a, b), max_rounds=3)
    assert not short.converged and short.num_rounds == 3
    with pytest.raises(ValueError, match="epsilon must be positive"):
        T.sinkhorn(C, 0.0)


def test_the_divergence_has_no_bias():
    x = gaussian(8, 2)
    assert T.sinkhorn_divergence(x, x, 2.0) == pytest.approx(0, abs=1e-9)
    shifted = T.sinkhorn_divergence(x, x + torch.tensor([2.0, 1.0]), 2.0)
    assert shifted == pytest.approx(5.0, abs=1e-6)  # squared distance: a shift costs its square, whatever ε
    assert T.sinkhorn_divergence(x, 2 * x, 2.0) > 0.1
    manhattan = T.sinkhorn_divergence(x[:4], x[4:8], 0.5, cost=lambda u, v: torch.cdist(u, v, p=1))
    assert manhattan > 0
