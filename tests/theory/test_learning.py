"""Bounds of learning theory: they hold as often as they say, and their numbers are the formulas'."""

import itertools
import math

import pytest
import torch
from torch.distributions import Binomial, Normal, kl_divergence

from rhobar.theory import learning as T


def rand(seed=0):
    return torch.Generator().manual_seed(seed)


def gaussian(*shape, seed=0):
    return torch.randn(*shape, generator=rand(seed), dtype=torch.float64)


@pytest.mark.parametrize("n, p, epsilon", [(20, 0.5, 0.2), (200, 0.5, 0.1), (200, 0.1, 0.05), (5000, 0.5, 0.03)])
def test_hoeffding_is_above_the_binomial_and_has_its_exponent(n, p, epsilon):
    """B42, exactly: P(|p̂ − p| > ε) by summing the binomial."""
    k = torch.arange(n + 1, dtype=torch.float64)
    mass = Binomial(n, torch.tensor(p, dtype=torch.float64)).log_prob(k).exp()
    exact = float(mass[(k / n - p).abs() > epsilon].sum())
    assert exact <= T.hoeffding_tail(0.0, n, epsilon)
    if p == 0.5 and n == 5000:
        assert math.log(exact) / (-2 * n * epsilon**2) == pytest.approx(1, abs=0.25)


def test_tail_gap_and_agnostic_sample_size_are_inverses():
    for log_size, n, delta in [(0.0, 50, 0.1), (math.log(1000), 400, 0.01)]:
        gap = T.uniform_gap(log_size, n, delta)
        assert T.hoeffding_tail(log_size, n, gap.value) == pytest.approx(delta) and gap.delta == delta
        m = T.agnostic_samples(log_size, 0.1, delta)  # the gap is then ε/2 on either side
        assert T.uniform_gap(log_size, m, delta).value <= 0.05 < T.uniform_gap(log_size, m - 1, delta).value
        one_sided = T.finite_class_bound(0.2, log_size, n, delta)
        assert one_sided.value - 0.2 == pytest.approx(T.uniform_gap(log_size - math.log(2), n, delta).value)


@pytest.mark.parametrize("size, epsilon, delta", [(10, 0.1, 0.05), (1000, 0.02, 0.01), (1, 0.3, 0.2)])
def test_realisable_samples_suffice_for_independent_functions_and_fewer_do_not(size, epsilon, delta):
    """B39, exactly: |H| functions of risk ε, wrong independently; one fits n samples with probability
    1 − (1 − (1 − ε)ⁿ)^|H|."""

    def fooled(n):
        return 1 - (1 - (1 - epsilon) ** n) ** size

    n = T.realisable_samples(math.log(size), epsilon, delta)
    assert fooled(n) <= delta < fooled(math.floor(0.8 * n))


def test_the_sup_gap_of_a_finite_class_falls_as_the_root_of_the_samples():
    """B45."""
    sizes, gaps = (50, 200, 800), []
    for n in sizes:
        gap = (torch.rand(300, 64, n, generator=rand(n)) < 0.5).double().mean(2) - 0.5
        gaps.append(float(gap.abs().amax(1).mean()))
        limit = T.expected_uniform_gap(math.log(64), n)
        assert 0.75 * limit < gaps[-1] < limit
    assert math.log(gaps[0] / gaps[2]) / math.log(16) == pytest.approx(0.5, abs=0.03)


def test_massart_s_constant_is_tight():
    n, delta = 200, 0.1
    x = torch.rand(4000, n, generator=rand(), dtype=torch.float64).sort(1).values
    steps = torch.arange(n + 1) / n
    gap = torch.maximum((steps[1:] - x).amax(1), (x - steps[:-1]).amax(1))
    share = float((gap > T.distribution_gap(n, delta).value).double().mean())
    assert 0.06 < share <= delta


def cubes(points):
    return torch.tensor(list(itertools.product([False, True], repeat=points)))


def halfspaces(x, num=40_000):
    return torch.unique(gaussian(num, x.shape[1]) @ x.T > 0, dim=0)


CLASSES = {
    "thresholds": (torch.ones(6, 5).triu().bool(), 1),
    "intervals": (torch.stack([(torch.arange(6) >= a) & (torch.arange(6) < b) for a in range(7) for b in range(7)]), 2),
    "at most three points": (torch.stack([r for r in cubes(6) if r.sum() <= 3]), 3),
    "lines in the plane": (halfspaces(torch.cat([gaussian(6, 2), torch.ones(6, 1)], 1)), 3),
    "one function": (torch.ones(1, 4).bool(), 0),
    "none": (torch.ones(0, 4).bool(), -1),
}


@pytest.mark.parametrize("labellings, dimension", CLASSES.values(), ids=CLASSES)
def test_vc_dimension_and_sauer(labellings, dimension):
    assert T.vc_dimension(labellings) == dimension
    count = len(torch.unique(labellings, dim=0))
    assert count <= T.sauer(labellings.shape[1], dimension)
    if labellings.shape[1] == 6 and dimension == 3 and count == 42:
        assert T.sauer(6, 3) == 42


@pytest.mark.parametrize("n, d", [(4, 3), (5, 2), (6, 3), (3, 3)])
def test_cover_counts_labellings_by_hyperplanes(n, d):
    assert len(halfspaces(gaussian(n, d, seed=1))) == T.halfspace_labellings(n, d) <= T.sauer(n, d)


def test_vc_penalty_is_sauer_s_growth_rounded_up():
    for d, n in [(1, 10), (5, 100), (50, 60)]:
        exact = T.growth_penalty(math.log(T.sauer(2 * n, d)), n, 0.1)
        assert exact <= T.vc_penalty(d, n, 0.1) <= 1.4 * exact
        assert T.vc_bound(0.25, d, n, 0.1).value == pytest.approx(0.25 + T.vc_penalty(d, n, 0.1))


def test_rademacher_of_linear_functions_is_the_supremum_over_weights():
    """B43."""
    x = gaussian(8, 2)
    angle = torch.linspace(0, 2 * math.pi, 2001, dtype=torch.float64)
    w = 3 * torch.stack([angle.cos(), angle.sin()], 1)
    exact = T.linear_rademacher(x, radius=3.0)
    assert exact.stderr == 0 and exact.num_draws == 256
    assert T.table_rademacher(w @ x.T).value == pytest.approx(exact.value, rel=1e-5)
    corners = 3 * torch.cat([torch.eye(2), -torch.eye(2)]).double()
    assert T.table_rademacher(corners @ x.T).value == pytest.approx(T.linear_rademacher(x, radius=3.0, norm=1).value)
    for norm in (1, 2):
        assert T.linear_rademacher(x, norm=norm).value <= T.linear_rademacher_limit(x, norm=norm)
    assert T.linear_rademacher(torch.eye(9)).value == pytest.approx(T.linear_rademacher_limit(torch.eye(9)))
    tall = torch.ones(9, 1)  # one feature: E|Σσ|/n, and its limit by sub-Gaussian maxima √(2 ln 2 n)/n
    assert T.linear_rademacher_limit(tall, norm=1) == pytest.approx(math.sqrt(2 * math.log(2) * 9) / 9)


def test_sampled_signs_have_an_honest_error():
    x = gaussian(14, 3)
    wide = torch.cat([x, torch.zeros(6, 3)])  # zeros change nothing but the number of samples
    truth = T.linear_rademacher(x).value * 14 / 20
    z = []
    for seed in range(200):
        found = T.linear_rademacher(wide, num_draws=50, generator=rand(seed))
        z.append((found.value - truth) / found.stderr)
    z = torch.tensor(z)
    assert abs(float(z.mean())) < 0.25 and 0.85 < float(z.std()) < 1.2


def test_a_fit_to_random_signs_attains_the_complexity():
    values = gaussian(30, 25).sign()
    found = T.fitted_rademacher(lambda s: values[(values @ s).argmax()], 25, num_draws=400, generator=rand(1))
    truth = T.table_rademacher(values, num_draws=20_000, generator=rand(2))
    assert abs(found.value - truth.value) < 4 * found.stderr and found.stderr < 0.01


@pytest.mark.parametrize("given_samples", [True, False])
def test_rademacher_bound_holds(given_samples):
    """C91: 40 functions of risk ½, the chosen one has the least empirical risk."""
    n, delta = 60, 0.1
    losses = (torch.rand(500, 40, n, generator=rand(3)) < 0.5).double()
    mean = sum(T.table_rademacher(row, num_draws=200, generator=rand(4)).value for row in losses[:20]) / 20
    held = []
    for row in losses[:200]:
        complexity = T.table_rademacher(row, num_draws=200, generator=rand(5)).value if given_samples else mean
        best = float(row.mean(1).min())
        held.append(T.rademacher_bound(best, complexity, n, delta, given_samples=given_samples).value >= 0.5)
    assert sum(held) >= (1 - delta) * len(held)


def test_the_class_of_all_labellings_needs_twice_its_complexity():
    """C91: one that memorises has no empirical risk and the risk 1; all 0–1 losses together have R_n = ½."""
    everything = torch.tensor(list(itertools.product([0.0, 1.0], repeat=8)), dtype=torch.float64)
    complexity = T.table_rademacher(everything, num_draws=200, generator=rand(1))
    assert complexity.value == pytest.approx(0.5, abs=4 * complexity.stderr)
    assert T.rademacher_bound(0.0, 0.5, 10**8, 0.05, given_samples=False).value >= 1


def test_binary_kl_and_its_inverse():
    for q, c in itertools.product([0.0, 0.01, 0.3, 0.9], [1e-4, 0.05, 1.0]):
        p = T.binary_kl_inverse(q, c)
        assert T.binary_kl(q, p) == pytest.approx(c, rel=1e-6) and p > q
        assert p <= q + math.sqrt(c / 2) + 1e-12  # Pinsker
    assert T.binary_kl_inverse(0.0, 0.7) == pytest.approx(1 - math.exp(-0.7))
    assert T.binary_kl_inverse(1.0, 3.0) == 1 and T.binary_kl(0.2, 0.2) == 0 and T.binary_kl(0.5, 1.0) == math.inf


@pytest.mark.parametrize("form", ["seeger", "mcallester"])
def test_pac_bayes_holds_for_a_posterior_that_saw_the_samples(form):
    n, size, delta = 40, 200, 0.2
    risks = torch.linspace(0.2, 0.8, size, dtype=torch.float64)
    held = []
    for seed in range(300):
        empirical = (torch.rand(size, n, generator=rand(seed)) < risks[:, None]).double().mean(1)
        Q = torch.softmax(-n * empirical, 0)  # Gibbs
        kl = float((Q * (Q * size).log()).sum())
        held.append(float(Q @ risks) <= T.pac_bayes(float(Q @ empirical), kl, n, delta, form=form).value)
    assert sum(held) >= (1 - delta) * len(held)


def test_pac_bayes_without_learning_is_a_test_set_bound():
    """KL = 0 and no errors: R ≤ 1 − (δ/2√n)^{1/n}."""
    n, delta = 100, 0.05
    assert T.pac_bayes(0.0, 0.0, n, delta).value == pytest.approx(1 - (delta / (2 * math.sqrt(n))) ** (1 / n))
    worse = T.pac_bayes(0.1, 2.0, n, delta, form="mcallester")
    assert worse.value == pytest.approx(0.1 + math.sqrt((2 + math.log(20 / delta)) / 200))
    assert T.pac_bayes(0.1, 2.0, n, delta).value < worse.value


@pytest.mark.parametrize("p", [0.02, 0.3, 0.7])
def test_the_sampled_risk_covers_the_binomial(p):
    m, delta = 60, 0.1
    k = torch.arange(m + 1, dtype=torch.float64)
    mass = Binomial(m, torch.tensor(p, dtype=torch.float64)).log_prob(k).exp()
    missed = sum(float(w) for i, w in enumerate(mass) if T.sampled_risk(i / m, m, delta).value < p)
    assert missed <= delta


def test_gaussian_kl_is_torch_s():
    mean, std = gaussian(7), gaussian(7, seed=1).exp()
    prior = torch.full((7,), 0.3, dtype=torch.float64)
    theirs = kl_divergence(Normal(mean, std), Normal(prior, torch.full_like(std, 2.0))).sum()
    assert T.gaussian_kl(mean, std, prior, 2.0) == pytest.approx(float(theirs))


def test_perceptron_mistakes_with_and_without_separation():
    """A7, A8: all three steps of the proof at every update; and Freund and Schapire's one pass on noisy labels."""
    from rhobar.nn.neurons import novikoff_bound, perceptron_updates

    for seed in range(5):
        X, w = gaussian(40, 3, seed=seed), gaussian(3, seed=seed + 50)
        y = (X @ w).sign()
        X = X + 0.2 * y[:, None] * w / w.norm()
        found = novikoff_bound(X, y, bias=False)
        bound = T.perceptron_mistakes(found.radius, found.margin)
        assert bound.value == found.updates and bound.delta == 0
        updates = list(perceptron_updates(X.numpy(), y.numpy(), bias=False))
        assert len(updates) <= bound.value
        for t, update in enumerate(updates, 1):
            v = torch.from_numpy(update.weight)
            assert v @ found.weight >= t * found.margin - 1e-9
            assert v.norm() ** 2 <= t * found.radius**2 + 1e-9
        y[:3] = -y[:3]
        margin, unit = 0.5, w / w.norm()
        D = float((margin - y * (X @ unit)).clamp(min=0).norm())
        noisy = T.perceptron_mistakes(float(X.norm(dim=1).max()), margin, shortfall=D)
        assert len(list(perceptron_updates(X.numpy(), y.numpy(), bias=False, max_epochs=1))) <= noisy.value
    assert T.perceptron_mistakes(2.0, 1.0, shortfall=1.0).value == 9


def ridge(X, y, penalty):
    return torch.linalg.solve(X.T @ X / len(X) + penalty * torch.eye(X.shape[1]).double(), X.T @ y / len(X))


def test_ridge_is_as_stable_as_predicted():
    """B44: the largest change of a loss when one sample is left out is below β, and falls as 1/(λn)."""
    measured = {}
    for n, penalty in [(100, 0.1), (400, 0.1), (100, 0.4)]:
        X = torch.nn.functional.normalize(gaussian(n, 4), dim=1)
        y = (X[:, 0] + 0.3 * gaussian(n, seed=1)).clamp(-1, 1)
        whole, probes = ridge(X, y, penalty), torch.nn.functional.normalize(gaussian(500, 4, seed=2), dim=1)
        change, largest = 0.0, 1.0
        for i in range(0, n, n // 25):
            keep = torch.arange(n) != i
            without = torch.linalg.solve(  # the same objective, one loss dropped
                X[keep].T @ X[keep] / n + penalty * torch.eye(4).double(), X[keep].T @ y[keep] / n
            )
            for target in (-1.0, 1.0):
                a, b = probes @ whole, probes @ without
                change = max(change, float(((a - target).square() - (b - target).square()).abs().max()))
            largest = max(largest, float(a.abs().max()))
        beta = T.kernel_stability(4 * largest, 1.0, penalty, n)
        assert change <= beta
        measured[n, penalty] = change
    assert measured[100, 0.1] / measured[400, 0.1] == pytest.approx(4, rel=0.35)
    assert T.kernel_stability(1.0, 4.0, 0.2, 50) == pytest.approx(0.2)
    bound = T.stability_bound(0.1, 0.01, 50, 0.05, largest_loss=2.0)
    assert bound.value == pytest.approx(0.12 + (2 + 2) * math.sqrt(math.log(20) / 100))


def test_sgd_is_as_stable_as_predicted():
    """Logistic loss on unit inputs is 1-Lipschitz; two training sets that differ in one sample, the same order."""
    n, rate, steps = 40, 0.5, 200
    X = torch.nn.functional.normalize(gaussian(n, 5), dim=1)
    y = (X[:, 0] + 0.5 * gaussian(n, seed=1)).sign()
    other = y.clone()
    other[0] = -other[0]
    gaps = []
    for seed in range(20):
        ends = []
        for labels in (y, other):
            w = torch.zeros(5, dtype=torch.float64)
            for i in torch.randint(n, (steps,), generator=rand(seed)):
                w = w + rate * labels[i] * X[i] * torch.sigmoid(-labels[i] * (X[i] @ w))
            ends.append(w)
        gaps.append(float((ends[0] - ends[1]).norm()))  # the loss changes by no more
    bound = T.sgd_stability(1.0, [rate] * steps, n)
    assert bound == pytest.approx(5.0) and 0.01 * bound < sum(gaps) / 20 < bound


def test_margin_bound_holds_for_linear_classifiers():
    n, delta, d = 200, 0.1, 3
    held = []
    for seed in range(40):
        X, fresh = gaussian(n, d, seed=seed), gaussian(4000, d, seed=seed + 1000)

        def label(x, s):
            return (x[:, 0] + 0.5 * gaussian(len(x), seed=s)).sign()

        y, w = label(X, seed + 2000), ridge(X, label(X, seed + 2000), 0.01)
        w = w / w.norm()
        complexity = T.linear_rademacher(X, num_draws=200, generator=rand(seed)).value
        empirical = float((y * (X @ w) < 0.5).double().mean())
        bound = T.margin_bound(empirical, complexity, 0.5, n, delta)
        held.append(bound.value >= float((label(fresh, seed + 3000) != (fresh @ w).sign()).double().mean()))
    assert all(held)
    sample = 3 * math.sqrt(math.log(20) / 400)
    assert T.margin_bound(0.1, 0.05, 0.5, 200, 0.1).value == pytest.approx(0.3 + sample)


def test_norms_of_networks():
    W, V = gaussian(6, 4), gaussian(3, 6, seed=1)
    assert T.spectral_complexity([3 * W, V / 3]) == pytest.approx(T.spectral_complexity([W, V]))  # ReLU rescaling
    assert T.spectral_complexity([W, V], [W, V]) == 0
    assert T.spectral_complexity([W]) == pytest.approx(float(W.norm(dim=1).sum()))
    args = (0.1, [W, V], 2.0, 1.0, 1000, 0.05)
    rescaled = T.perturbation_margin_bound(0.1, [5 * W, V / 5], *args[2:]).value
    assert rescaled == pytest.approx(T.perturbation_margin_bound(*args).value)
    s = float(torch.linalg.matrix_norm(W, 2))
    single = T.perturbation_margin_bound(0.1, [W], 2.0, 0.5, 1000, 0.05)
    K = (42 * 2 / 0.5) ** 2 * 6 * math.log(24) / 2 * float(W.norm()) ** 2
    assert single.value == pytest.approx(0.1 + 4 * math.sqrt((K + math.log(6000 * 1000**0.5 / 0.05)) / 999))
    assert dict(T.spectral_margin_bound(0.0, [W / s], 1.0, 1.0, 1000, 0.05).terms)["complexity"] > 0
    x = gaussian(12, 4)
    limit = T.frobenius_complexity([1.0], float(x.norm()), 12)
    assert limit == pytest.approx((math.sqrt(2 * math.log(2)) + 1) * T.linear_rademacher_limit(x))
    scores = torch.tensor([[1.0, 4.0, 2.0], [0.0, -1.0, 3.0]])
    assert T.margins(scores, torch.tensor([1, 0])).tolist() == [2.0, -3.0]


def test_the_spectral_bound_rounds_to_a_grid_and_pays_for_it():
    W, n = torch.eye(4).double() * 4, 10**6  # one layer: factors of two, so 4 = 2² and 16 = 2⁴ are on the grid
    bound = T.spectral_margin_bound(0.0, [W], 1000.0, 1.0, n, 0.05)
    C = 2 * 1000 * math.sqrt(math.log(32)) * 16
    assert dict(bound.terms)["complexity"] == pytest.approx(2 * (4 / n**1.5 + 18 * C * math.log(n) / n))
    share = 3 * 3**2 * 3 * 5**2 * 3 * 1
    assert dict(bound.terms)["deviation"] == pytest.approx(3 * math.sqrt(math.log(2 * share / 0.05) / (2 * n)))
    off = T.spectral_margin_bound(0.0, [W * 1.01], 1000.0, 1.0, n, 0.05)
    assert dict(off.terms)["complexity"] == pytest.approx(2 * dict(bound.terms)["complexity"], rel=1e-6)


REFUSED = {
    "delta": lambda: T.finite_class_penalty(1.0, 10, 0.0),
    "samples": lambda: T.uniform_gap(1.0, 0, 0.1),
    "risk": lambda: T.finite_class_bound(1.5, 0.0, 10, 0.1),
    "nan": lambda: T.pac_bayes(math.nan, 1.0, 10, 0.1),
    "few": lambda: T.pac_bayes(0.1, 1.0, 7, 0.1),
    "limit": lambda: T.binary_kl_inverse(0.1, -1.0),
    "deviation": lambda: T.gaussian_kl(torch.zeros(1), torch.zeros(1), torch.zeros(1), 1.0),
    "margin": lambda: T.margin_bound(0.1, 0.1, 0.0, 10, 0.1),
    "shortfall": lambda: T.perceptron_mistakes(1.0, 1.0, shortfall=-1.0),
    "draws": lambda: T.fitted_rademacher(lambda s: s, 3, num_draws=1),
    "zero": lambda: T.perturbation_margin_bound(0.1, [torch.zeros(2, 2)], 1.0, 1.0, 10, 0.1),
    "radius": lambda: T.linear_rademacher_limit(torch.ones(2, 2), radius=-1.0),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_refusals(call):
    with pytest.raises(ValueError, match="got"):
        call()
