"""Rates and regrets: predicted, and measured on iterations that know nothing of the prediction."""

import math

import pytest
import torch

from rhobar.theory import convergence as T

METHODS = ("gradient-descent", "heavy-ball", "nesterov")


def rand(seed=0):
    return torch.Generator().manual_seed(seed)


def gaussian(*shape, seed=0):
    return torch.randn(*shape, generator=rand(seed), dtype=torch.float64)


def run(method, H, rate, beta, steps):
    """Norms of the error, by torch's own optimizer on ½ θᵀHθ, or by hand for Nesterov's look-ahead form."""
    theta = torch.ones(len(H), dtype=torch.float64).requires_grad_()
    if method == "nesterov":
        v, x, norms = torch.zeros(len(H)).double(), theta.detach(), []
        for _ in range(steps):
            v = beta * v + H @ (x - rate * beta * v)
            x = x - rate * v
            norms.append(float(x.norm()))
        return norms
    optimizer = torch.optim.SGD([theta], rate, momentum=beta if method == "heavy-ball" else 0.0)
    norms = []
    for _ in range(steps):
        optimizer.zero_grad()
        (theta @ H @ theta / 2).backward()
        optimizer.step()
        norms.append(float(theta.detach().norm()))
    return norms


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rate, beta", [(0.05, 0.5), (0.15, 0.9), (0.02, 0.97)])
def test_the_error_shrinks_at_the_largest_root(method, rate, beta):
    curvatures = torch.tensor([1.0, 3.0, 10.0], dtype=torch.float64)
    Q = torch.linalg.qr(gaussian(3, 3))[0]
    factor = float(T.quadratic_rates(method, curvatures, learning_rate=rate, momentum=beta).max())
    norms = run(method, Q * curvatures @ Q.T, rate, beta, 600)
    early, late = (sum(math.log(n) for n in norms[k - 60 : k]) / 60 for k in (260, 560))
    assert (late - early) / 300 == pytest.approx(math.log(factor), rel=0.03, abs=1e-3)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("mu, L", [(1.0, 2.0), (1.0, 100.0), (0.3, 0.3)])
def test_optimal_parameters_are_the_best_on_a_grid(method, mu, L):
    """B27, C-§5.2.1."""
    best = T.optimal_rate(method, mu, L)
    between = torch.linspace(mu, L, 301, dtype=torch.float64)

    def worst(rate, beta):
        return float(T.quadratic_rates(method, between, learning_rate=rate, momentum=beta).max())

    # At a double root rounding costs half of the digits.
    assert worst(best.learning_rate, best.momentum) == pytest.approx(best.factor, abs=2e-7)
    for rate in best.learning_rate * torch.linspace(0.8, 1.2, 9, dtype=torch.float64):
        for beta in (torch.linspace(-0.1, 0.1, 9, dtype=torch.float64) + best.momentum).clamp(0, 0.999):
            assert worst(float(rate), float(beta)) >= best.factor - 2e-7


def test_momentum_takes_the_root_of_the_condition_number():
    gd, ball, nesterov = (T.optimal_rate(m, 1.0, 1e4) for m in METHODS)
    assert gd.factor == pytest.approx(9999 / 10001) and ball.factor == pytest.approx(99 / 101)
    steps = [T.steps_to_reduce(r.factor, 1e6) for r in (gd, ball, nesterov)]
    assert steps[0] / steps[1] == pytest.approx(100, rel=0.01)
    assert steps[2] / steps[1] == pytest.approx(math.sqrt(3), rel=0.02)
    assert T.steps_to_reduce(1.0, 10.0) == math.inf


@pytest.mark.parametrize("rate, signs, shrinks", [(0.1, {1}, True), (0.3, {1, -1}, True), (0.5, {1, -1}, False)])
def test_monotone_then_oscillating_then_divergent(rate, signs, shrinks):
    """A57: on ½·5θ², 1/λ = 0.2 and 2/λ = 0.4."""
    theta, path = 1.0, []
    for _ in range(20):
        theta -= rate * 5.0 * theta
        path.append(theta)
    assert {1 if t > 0 else -1 for t in path} == signs and (abs(path[-1]) < 1) == shrinks
    factor = float(T.quadratic_rates("gradient-descent", torch.tensor([5.0]), learning_rate=rate))
    assert abs(path[-1]) == pytest.approx(factor**20)


def test_the_limit_of_stability():
    """A55, A57: gradient descent converges iff 0 < η < 2/λ; and the limits of momentum that `probes` states."""
    from rhobar.probes.curvature.preconditioner import momentum_limit

    for beta in (0.0, 0.5, 0.9):
        limits = {"gradient-descent": 2.0}
        for method, nesterov in (("heavy-ball", False), ("nesterov", True)):
            # probes speaks of torch's form of Nesterov, whose iterates are the same in shifted variables
            theta = torch.zeros(1, requires_grad=True)
            optimizer = torch.optim.SGD([theta], 0.1, momentum=beta, nesterov=nesterov and beta > 0)
            limits[method] = momentum_limit(optimizer)
        for method, limit in limits.items():
            for side in (-1e-3, 1e-3):
                rate = (limit + side) / 5.0
                factor = float(T.quadratic_rates(method, torch.tensor([5.0]), learning_rate=rate, momentum=beta))
                assert (factor < 1) == (side < 0)


def huber_least(x):
    """Smooth with L = 1, convex, not strongly: a sum of Huber losses of differences."""
    z = torch.cat([x[:1] - 1, x.diff()])
    return torch.nn.functional.huber_loss(z, torch.zeros_like(z), reduction="sum", delta=0.5) / 4


def test_smooth_convex_bounds_hold_and_nesterov_is_faster():
    """B26: at every step; differences have the norm 2, so that L ≤ 4/4."""
    x = torch.zeros(60, dtype=torch.float64)
    target = torch.ones(60).double()
    D = float((x - target).norm())
    y, previous, t = x, x, 1.0
    for k in range(1, 200):
        for kind, point in (("plain", x), ("nesterov", y)):
            point = point.clone().requires_grad_()
            (g,) = torch.autograd.grad(huber_least(point), point)
            if kind == "plain":
                x = point.detach() - g
            else:
                new, after = point.detach() - g, (1 + math.sqrt(1 + 4 * t * t)) / 2
                y, previous, t = new + (t - 1) / after * (new - previous), new, after
        plain, fast = float(huber_least(x)), float(huber_least(previous))
        assert plain <= T.gradient_descent_bound(D, 1.0, k).value
        assert fast <= T.nesterov_bound(D, 1.0, k).value
    assert fast < plain / 5


@pytest.mark.parametrize("k", [3, 12])
def test_the_worst_function_is_between_the_bounds(k):
    """Nesterov's tridiagonal quadratic: no method of gradients gets below; gradient descent stays above."""
    d = 2 * k + 1
    A = 2 * torch.eye(d) - torch.diag(torch.ones(d - 1), 1) - torch.diag(torch.ones(d - 1), -1)
    A, b = A.double() / 4, torch.eye(d).double()[0] / 4
    best = torch.linalg.solve(A, b)
    x = torch.zeros(d).double()
    for _ in range(k):
        x = x - (A @ x - b)
    excess = float((x - best) @ A @ (x - best) / 2)
    krylov = torch.stack([torch.linalg.matrix_power(A, j) @ b for j in range(k)], 1)
    Q = torch.linalg.qr(krylov)[0]
    least = Q @ torch.linalg.solve(Q.T @ A @ Q, Q.T @ b)  # conjugate gradients: the best of all
    optimal = float((least - best) @ A @ (least - best) / 2)
    lower = T.gradient_lower_bound(float(best.norm()), 1.0, k)
    assert lower <= optimal <= excess <= T.gradient_descent_bound(float(best.norm()), 1.0, k).value
    assert optimal < 1.6 * lower


def test_subgradients_and_polyak_lojasiewicz():
    k, G, D = 400, math.sqrt(2), math.sqrt(5)
    x, total = torch.zeros(2).double(), torch.zeros(2).double()
    for _ in range(k):
        total += x / k
        x = x - D / (G * math.sqrt(k)) * (x - torch.tensor([1.0, 2.0])).sign()
    assert float((total - torch.tensor([1.0, 2.0])).abs().sum()) <= T.subgradient_bound(D, G, k).value
    assert T.subgradient_bound(D, G, k).value == pytest.approx(math.sqrt(10) / 20)
    x = 3.0  # x² + 3 sin² x: not convex, μ = 1/32, L = 8
    start = x**2 + 3 * math.sin(x) ** 2
    for step in range(1, 60):
        x -= (2 * x + 3 * math.sin(2 * x)) / 8
        assert x**2 + 3 * math.sin(x) ** 2 <= T.polyak_lojasiewicz_bound(start, 1 / 32, 8.0, step).value
    # On ½μθ² the excess falls by (1 − μ/L)² a step: within a factor of two of the exponent, at any condition number.
    slowest = (1 - 1 / 100) ** (2 * 50)
    assert slowest <= T.polyak_lojasiewicz_bound(1.0, 1.0, 100.0, 50).value <= slowest**0.4


@pytest.mark.parametrize("rate, beta", [(0.1, 0.0), (0.7, 0.0), (0.1, 0.8), (1.3, 0.5)])
def test_the_noise_ball_of_heavy_ball(rate, beta):
    """B18: the stationary variance, from 4,000 walkers."""
    curvatures, noise = torch.tensor([0.5, 1.0, 2.0]).double(), torch.tensor([1.0, 4.0, 0.25]).double()
    predicted = T.noise_ball(curvatures, noise, learning_rate=rate, momentum=beta)
    theta = torch.zeros(4000, 3, dtype=torch.float64)
    v, g = torch.zeros_like(theta), rand()
    for _ in range(250):
        draws = torch.randn(4000, 3, generator=g, dtype=torch.float64)
        v = beta * v + curvatures * theta + noise.sqrt() * draws
        theta = theta - rate * v
    measured = theta.square().mean(0)
    assert torch.all((measured / predicted - 1).abs() < 4.5 * math.sqrt(2 / 4000))
    assert float(T.noise_ball(curvatures, noise, learning_rate=9.0)[2]) == math.inf


def test_a_decaying_rate_removes_the_noise_ball():
    """B29."""
    steps = torch.arange(1, 401, dtype=torch.float64)
    rates = 1 / (2.0 * steps)
    predicted = T.noisy_second_moments(2.0, 3.0, rates, start=1.0)
    assert torch.allclose(predicted, 3.0 / (4 * steps))
    constant = T.noisy_second_moments(2.0, 3.0, torch.full((400,), 0.1), start=1.0)[-1]
    ball = T.noise_ball(torch.tensor([2.0]), torch.tensor([3.0]), learning_rate=0.1)
    assert float(constant) == pytest.approx(float(ball), rel=1e-6)
    theta, g = torch.ones(4000).double(), rand(1)
    for rate in rates:
        theta = theta - rate * (2.0 * theta + math.sqrt(3.0) * torch.randn(4000, generator=g).double())
    assert float(theta.square().mean()) == pytest.approx(float(predicted[-1]), rel=0.1)


SCHEDULES = {
    "constant": lambda t, T_, D, G: D / (G * math.sqrt(T_)) + 0 * t,
    "decaying": lambda t, T_, D, G: D / (G * t.sqrt()),
}


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("adversary", ["random", "alternating", "chasing"])
def test_regret_of_online_gradient_descent(schedule, adversary):
    """B26: linear losses g_t·w on the unit ball; the adversary may look at w_t."""
    rounds, D, G = 400, 2.0, 1.0
    drawn = torch.nn.functional.normalize(gaussian(rounds, 3), dim=1)
    seen = []

    def gradient(t, w):
        if adversary == "random":
            g = drawn[t]
        elif adversary == "alternating":
            g = torch.tensor([1.0, 0.0, 0.0]).double() * (-1) ** t
        else:
            g = torch.nn.functional.normalize(w + 1e-6 * drawn[t], dim=0)
        seen.append(g)
        return g

    rates = SCHEDULES[schedule](torch.arange(1, rounds + 1).double(), rounds, D, G)
    path = T.online_gradient_descent(gradient, torch.zeros(3), rates, radius=1.0)
    assert float(path.norm(dim=1).max()) <= 1 + 1e-12
    g = torch.stack(seen)
    regret = float((g * path).sum() + g.sum(0).norm())  # the best u is −Σg/‖Σg‖
    bound = T.gradient_descent_regret(D, G, rounds, schedule=schedule).value
    assert regret <= bound and bound == (40.0 if schedule == "constant" else 60.0)


def test_no_learner_does_better_than_the_root_of_the_rounds():
    """Random signs cost every learner √T in expectation against ‖u‖ ≤ 1: the bound D G √T, D = 1, is right."""
    signs = gaussian(300, 400).sign()
    regret = float(signs.sum(1).abs().mean())  # any w_t has expected loss zero
    assert 0.7 * math.sqrt(400) < regret <= T.gradient_descent_regret(1.0, 1.0, 400).value


def test_strong_convexity_makes_regret_logarithmic():
    targets = torch.rand(1000, generator=rand()).double()
    steps = torch.arange(1, 1001).double()
    path = T.online_gradient_descent(lambda t, w: w - targets[t], torch.zeros(1), 1 / steps)[:, 0]
    regret = float(((path - targets).square() - (targets.mean() - targets).square()).sum()) / 2
    bound = T.gradient_descent_regret(1.0, 1.0, 1000, schedule="strongly-convex", strong_convexity=1.0).value
    assert 0 < regret <= bound == pytest.approx((1 + math.log(1000)) / 2)


def test_regret_of_exponential_weights():
    """For every sequence; and nearly attained by fair coins."""
    N, rounds = 16, 300
    rate = math.sqrt(8 * math.log(N) / rounds)
    bound, worst = T.exponential_weights_regret(N, rounds).value, 0.0
    tables = {
        "coins": (torch.rand(rounds, N, generator=rand()) < 0.5).double(),
        "one good": torch.cat([torch.zeros(rounds, 1), torch.ones(rounds, N - 1)], 1).double(),
        "drift": (torch.arange(rounds)[:, None] % N == torch.arange(N)).double(),
    }
    for losses in tables.values():
        w = T.exponential_weights(losses, rate)
        worst = max(worst, float((w * losses).sum() - losses.sum(0).min()))
        assert worst <= bound
    assert worst > 0.5 * bound
    gradients = torch.stack([2 * tables["coins"][t] - 1 for t in range(rounds)])
    regret = float((T.exponential_weights(gradients, math.sqrt(2 * math.log(N) / rounds)) * gradients).sum())
    assert regret - float(gradients.sum(0).min()) <= T.exponential_weights_regret(N, rounds, largest_gradient=1.0).value
    assert T.exponential_weights_regret(N, rounds, largest_gradient=3.0).value == pytest.approx(6 * bound)


def test_online_to_batch():
    """B41: the mean iterate on |w·x − y|/2 with ‖w‖ ≤ 1; both guarantees, over 60 sequences."""
    rounds, delta, d = 200, 0.1, 3
    u, held, near = torch.tensor([0.6, 0.0, -0.6]).double(), [], []
    fresh = torch.nn.functional.normalize(gaussian(20_000, d, seed=9), dim=1)

    def losses(w, x, y):
        return (x @ w - y).abs() / 2

    def risk(w):
        noise = 0.2 * torch.rand(len(fresh), generator=rand(8)).double() - 0.1
        return float(losses(w, fresh, fresh @ u + noise).mean())

    for seed in range(60):
        x = torch.nn.functional.normalize(gaussian(rounds, d, seed=seed), dim=1)
        y = x @ u + 0.2 * torch.rand(rounds, generator=rand(seed)).double() - 0.1
        rates = torch.full((rounds,), 1 / (0.5 * math.sqrt(rounds)))
        path = T.online_gradient_descent(
            lambda t, w: x[t] * (x[t] @ w - y[t]).sign() / 2, torch.zeros(d), rates, radius=1.0
        )
        suffered = float((((x * path).sum(1) - y).abs() / 2).mean())
        held.append(risk(path.mean(0)) <= T.online_to_batch(suffered, rounds, delta).value)
        regret = T.gradient_descent_regret(1.0, 0.5, rounds).value
        near.append(risk(path.mean(0)) - risk(u) <= T.online_excess(regret, rounds, delta).value)
    assert sum(held) >= 54 and sum(near) >= 54
    assert T.online_to_batch(0.2, 50, 0.1).value == pytest.approx(0.2 + math.sqrt(math.log(10) / 100))
    assert T.online_excess(10.0, 50, 0.1).value == pytest.approx(0.2 + 2 * math.sqrt(math.log(20) / 100))


REFUSED = {
    "method": lambda: T.quadratic_rates("adam", torch.ones(1), learning_rate=0.1),
    "order": lambda: T.optimal_rate("nesterov", 2.0, 1.0),
    "momentum": lambda: T.noise_ball(torch.ones(1), torch.ones(1), learning_rate=0.1, momentum=1.0),
    "schedule": lambda: T.gradient_descent_regret(1.0, 1.0, 10, schedule="other"),
    "steps": lambda: T.gradient_descent_bound(1.0, 0.1, 0),
    "convexity": lambda: T.gradient_descent_regret(1.0, 1.0, 10, schedule="strongly-convex"),
    "pl": lambda: T.polyak_lojasiewicz_bound(1.0, 2.0, 1.0, 3),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_refusals(call):
    with pytest.raises((ValueError, TypeError), match=r"got|Type-check"):
        call()
