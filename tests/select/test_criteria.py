import math

import pytest
import torch

from rhobar.select import aic, aicc, akaike_weights, bic, finite_class_penalty, structural_risk, vc_penalty


def rand(seed):
    return torch.Generator().manual_seed(seed)


def fit(x, y, degree):
    """Maximised Gaussian log-likelihood of a polynomial, and its number of parameters with the variance."""
    X = torch.stack([x**p for p in range(degree + 1)], 1)
    r = y - X @ torch.linalg.lstsq(X, y[:, None]).solution[:, 0]
    n = len(y)
    return -0.5 * n * (math.log(2 * math.pi * float(r.square().mean())) + 1), degree + 2


def test_closed_forms_of_a_gaussian_with_known_variance():
    """Mean fitted, σ = 1: −2 ln L̂ = n ln 2π + Σ(x − x̄)², k = 1."""
    x = torch.randn(17, generator=rand(0), dtype=torch.float64)
    deviance = 17 * math.log(2 * math.pi) + float((x - x.mean()).square().sum())
    log_likelihood = float(torch.distributions.Normal(x.mean(), 1.0).log_prob(x).sum())
    assert aic(log_likelihood, 1) == pytest.approx(deviance + 2)
    assert bic(log_likelihood, 1, 17) == pytest.approx(deviance + math.log(17))
    assert aicc(log_likelihood, 1, 17) == pytest.approx(deviance + 2 + 4 / 15)


def test_agrees_with_statsmodels():
    import statsmodels.api as sm
    from statsmodels.tools.eval_measures import aicc as their_aicc

    x = torch.randn(30, generator=rand(1), dtype=torch.float64)
    y = 2 * x + torch.randn(30, generator=rand(2), dtype=torch.float64)
    theirs = sm.OLS(y.numpy(), sm.add_constant(x.numpy())).fit()  # counts two parameters: no variance
    log_likelihood, _ = fit(x, y, 1)
    assert aic(log_likelihood, 2) == pytest.approx(theirs.aic)
    assert bic(log_likelihood, 2, 30) == pytest.approx(theirs.bic)
    assert aicc(log_likelihood, 2, 30) == pytest.approx(their_aicc(theirs.llf, 30, 2))


def test_aicc_becomes_aic():
    assert aicc(-5.0, 4, 10**7) == pytest.approx(aic(-5.0, 4), abs=1e-5)
    with pytest.raises(ValueError, match="must exceed num_parameters"):
        aicc(-5.0, 4, 5)


def test_bic_picks_the_true_order_more_often():
    picked = {"aic": 0, "bic": 0}
    for seed in range(100):
        x = torch.rand(150, generator=rand(seed), dtype=torch.float64) * 2 - 1
        y = 1 - 2 * x + 3 * x**2 + 0.5 * torch.randn(150, generator=rand(seed + 500), dtype=torch.float64)
        fits = [fit(x, y, degree) for degree in range(7)]
        picked["aic"] += min(range(7), key=lambda d: aic(*fits[d])) == 2
        picked["bic"] += min(range(7), key=lambda d: bic(*fits[d], 150)) == 2
    assert picked["bic"] >= 90
    assert picked["aic"] <= picked["bic"] - 10


def test_akaike_weights_are_relative_likelihoods():
    w = akaike_weights(torch.tensor([10.0, 12.0, 20.0], dtype=torch.float64))
    assert float(w.sum()) == pytest.approx(1)
    assert float(w[0] / w[1]) == pytest.approx(math.e)


def test_a_finite_class_is_covered_by_its_penalty():
    """Fair coins: sup over 50 functions of R − R̂ exceeds the bound in a share δ of the draws at most."""
    n, size, delta = 100, 50, 0.1
    gap = 0.5 - torch.randint(2, (2000, size, n), generator=rand(0), dtype=torch.uint8).float().mean(2)
    share = float((gap.amax(1) > finite_class_penalty(math.log(size), n, delta)).float().mean())
    assert 0 < share <= delta


def test_the_vc_bound_holds_for_thresholds_and_falls_with_samples():
    """h_a(x) = [x > a] on uniform x with labels that are coin flips: R = 1/2 for every a, d = 1."""
    n = 200
    gaps = []
    for seed in range(200):
        order = torch.rand(n, generator=rand(seed)).argsort()
        y = torch.randint(2, (n,), generator=rand(seed + 999))[order].float() * 2 - 1
        correct = (n + (y.sum() - 2 * torch.cat([torch.zeros(1), y.cumsum(0)])).amax()) / (2 * n)
        gaps.append(float(correct) - 0.5)
    assert max(gaps) < vc_penalty(1, n, 0.05)
    assert vc_penalty(3, 1000, 0.1) == pytest.approx(
        math.sqrt((3 * (math.log(2000 / 3) + 1) + math.log(40)) / 1000) + 1e-3
    )
    assert [vc_penalty(5, n, 0.05) for n in (10, 100, 1000)] == sorted(
        [vc_penalty(5, n, 0.05) for n in (10, 100, 1000)], reverse=True
    )


def test_structural_risk_trades_fit_for_size():
    risks = [0.4, 0.2, 0.19, 0.0]
    few = structural_risk(risks, lambda j, d: vc_penalty(10**j if j < 3 else 500, 2000, d))
    many = structural_risk(risks, lambda j, d: vc_penalty(10**j if j < 3 else 500, 10**7, d))
    assert (few.best, many.best) == (1, 3)
    assert all(b == pytest.approx(r + p) for b, r, p in zip(few.bounds, risks, few.penalties, strict=True))


def test_the_shares_of_delta_sum_to_less_than_delta():
    shares = []
    structural_risk([0.1] * 2000, lambda j, d: shares.append(d) or 0.0, delta=0.05)
    assert 0.999 * 0.05 < sum(shares) < 0.05


@pytest.mark.parametrize(
    "call",
    [
        lambda: bic(0.0, 1, 0),
        lambda: vc_penalty(11, 10, 0.1),
        lambda: structural_risk([], lambda j, d: 0.0),
        lambda: structural_risk([1.5], lambda j, d: 0.0),
        lambda: finite_class_penalty(1.0, 10, 1.5),
    ],
)
def test_refusals(call):
    with pytest.raises(ValueError, match="got"):
        call()
