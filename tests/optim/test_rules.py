"""The update rules: torch's production versions step by step, and what the theory says of each."""

import math

import pytest
import torch

from rhobar.optim import RULES, descend
from rhobar.optim.rules.adam import adam
from rhobar.optim.rules.lookahead import lookahead_start
from rhobar.optim.rules.moments import moments_start, next_moments
from rhobar.optim.rules.momentum import momentum, momentum_start
from rhobar.optim.rules.radam import rectification, rho
from rhobar.optim.rules.rmsprop import rmsprop, rmsprop_start
from rhobar.optim.rules.uncorrected_adam import uncorrected_adam

STEPS = 40


def random_gradients(num_steps=STEPS, seed=0):
    """Gradients of very different sizes, zeros included."""
    generator = torch.Generator().manual_seed(seed)
    g = torch.randn(num_steps, 3, 2, generator=generator, dtype=torch.float64)
    g *= 10 ** (3 * torch.rand(num_steps, 3, 2, generator=generator, dtype=torch.float64) - 2)
    g[3, 0] = 0
    return g


def start():
    return torch.linspace(-1, 2, 6, dtype=torch.float64).reshape(3, 2)


def by_torch(make, gradients):
    theta = torch.nn.Parameter(start())
    optimizer = make([theta])
    iterates = [theta.detach().clone()]
    for g in gradients:
        theta.grad = g.clone()
        optimizer.step()
        iterates.append(theta.detach().clone())
    return torch.stack(iterates)


def by_rule(name, gradients, **settings):
    stream = iter(gradients)
    return descend(RULES[name], lambda _: next(stream), start(), num_steps=len(gradients), **settings)


SAME = {
    "gradient-descent": ({"lr": 0.1}, lambda p: torch.optim.SGD(p, lr=0.1)),
    "momentum": ({"lr": 0.1, "beta": 0.8}, lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8)),
    # ε inside the root: torch's with the accumulator starting at ε
    "adagrad": (
        {"lr": 0.1, "eps": 1e-3},
        lambda p: torch.optim.Adagrad(p, lr=0.1, initial_accumulator_value=1e-3, eps=0),
    ),
    "rmsprop": ({"lr": 0.1, "beta": 0.8, "eps": 0.0}, lambda p: torch.optim.RMSprop(p, lr=0.1, alpha=0.8, eps=0)),
    "adadelta": ({"lr": 0.7, "beta": 0.8, "eps": 1e-3}, lambda p: torch.optim.Adadelta(p, lr=0.7, rho=0.8, eps=1e-3)),
    "adam": (
        {"lr": 0.1, "beta1": 0.8, "beta2": 0.9, "eps": 1e-2},
        lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.8, 0.9), eps=1e-2),
    ),
    "adamw": (
        {"lr": 0.1, "beta1": 0.8, "beta2": 0.9, "eps": 1e-2, "weight_decay": 0.3},
        lambda p: torch.optim.AdamW(p, lr=0.1, betas=(0.8, 0.9), eps=1e-2, weight_decay=0.3),
    ),
    "radam": (
        {"lr": 0.1, "beta1": 0.8, "beta2": 0.95, "eps": 1e-2, "threshold": 5.0},
        lambda p: torch.optim.RAdam(p, lr=0.1, betas=(0.8, 0.95), eps=1e-2),
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_torch_follows_the_equation(name):
    settings, make = SAME[name]
    gradients = random_gradients()
    if name == "rmsprop":  # with ε = 0 a first gradient of zero is 0/0
        gradients[gradients == 0] = 1.0
    torch.testing.assert_close(by_torch(make, gradients), by_rule(name, gradients, **settings), rtol=0, atol=1e-12)


def test_every_rule_is_held_to_torch_or_to_a_law_of_its_own():
    own = {"nesterov", "uncorrected-adam", "lookahead"}
    assert set(SAME) | own == set(RULES)


@pytest.mark.parametrize("name", RULES)
def test_rules_are_pure_and_equivariant_to_permutation(name):
    rule, gradients = RULES[name], random_gradients(6)
    order = torch.tensor([2, 0, 1])
    state = rule.start(start())
    permuted = rule.start(start()[order])
    for g in gradients:
        kept = g.clone()
        again = rule.step(state, g)[1]
        state, update = rule.step(state, g)
        permuted, moved = rule.step(permuted, g[order])
        torch.testing.assert_close(again, update, rtol=0, atol=0)
        torch.testing.assert_close(moved, update[order], rtol=0, atol=0)
        assert torch.equal(g, kept)


RATES = {"adadelta": {"lr": 1.0, "eps": 1e-4}, "adagrad": {"lr": 0.5}}


@pytest.mark.parametrize("name", RULES)
def test_rules_descend_a_convex_quadratic(name):
    H = torch.diag(torch.tensor([1.0, 5.0], dtype=torch.float64))
    x0 = torch.tensor([1.0, -1.0], dtype=torch.float64)
    path = descend(RULES[name], lambda x: H @ x, x0, num_steps=400, **RATES.get(name, {"lr": 0.02}))
    losses = ((path @ H) * path).sum(1) / 2
    assert losses[-1] < 0.05 * losses[0]


def test_rate_schedules_tell_momentum_conventions_apart():
    """η inside v is torch's v times η only while η is constant; rescaling v by the ratio of rates restores torch."""
    rates, gradients = [0.1, 0.1, 0.01, 0.05], random_gradients(4)
    theta = torch.nn.Parameter(start())
    optimizer = torch.optim.SGD([theta], lr=0.1, momentum=0.9)
    plain, scaled, v, w = start(), start(), momentum_start(start()), momentum_start(start())
    for t, (lr, g) in enumerate(zip(rates, gradients, strict=True)):
        optimizer.param_groups[0]["lr"], theta.grad = lr, g.clone()
        optimizer.step()
        v, update = momentum(v, g, lr=lr)
        plain = plain + update
        w, update = momentum(type(w)(w.v * lr / rates[max(t - 1, 0)]), g, lr=lr)
        scaled = scaled + update
        same = torch.allclose(plain, theta.detach(), rtol=0, atol=1e-12)
        assert same == (t < 2)
        torch.testing.assert_close(scaled, theta.detach(), rtol=0, atol=1e-12)


def test_nesterov_is_torchs_in_shifted_variables():
    def gradient(x):
        return x**3 + torch.tensor([1.0, 8.0], dtype=torch.float64) * x

    x0, lr, beta = torch.tensor([1.0, -2.0], dtype=torch.float64), 0.02, 0.8
    theta = torch.nn.Parameter(x0.clone())
    optimizer = torch.optim.SGD([theta], lr=lr, momentum=beta, nesterov=True)
    rule = RULES["nesterov"]
    params, state = x0, rule.start(x0)
    for _ in range(STEPS):
        theta.grad = gradient(theta.detach())
        optimizer.step()
        state, update = rule.step(state, gradient(rule.point(state, params, beta=beta)), lr=lr, beta=beta)
        params = params + update
        torch.testing.assert_close(rule.point(state, params, beta=beta), theta.detach(), rtol=0, atol=1e-12)
    path = descend(rule, gradient, x0, num_steps=STEPS, lr=lr, beta=beta)
    torch.testing.assert_close(path[-1], params, rtol=0, atol=0)


def test_rmsprop_epsilon_conventions():
    """Both are −ηg over a root: times their own roots they agree."""
    theta = torch.nn.Parameter(start())
    optimizer = torch.optim.RMSprop([theta], lr=0.1, alpha=0.9, eps=0.5)
    state = rmsprop_start(start())
    for g in random_gradients(10):
        before, theta.grad = theta.detach().clone(), g.clone()
        optimizer.step()
        state, update = rmsprop(state, g, lr=0.1, eps=0.5)
        v = optimizer.state[theta]["square_avg"]
        torch.testing.assert_close(v, state.v, rtol=1e-14, atol=0)
        torch.testing.assert_close(
            (theta.detach() - before) * (v.sqrt() + 0.5), update * (v + 0.5).sqrt(), rtol=0, atol=1e-12
        )


def test_uncorrected_adam_is_torchs_with_other_rates():
    theta = torch.nn.Parameter(start())
    optimizer = torch.optim.Adam([theta], betas=(0.9, 0.99))
    state, params = moments_start(start()), start()
    for t, g in enumerate(random_gradients(), 1):
        root = math.sqrt(1 - 0.99**t)
        optimizer.param_groups[0].update(lr=0.1 * (1 - 0.9**t) / root, eps=1e-3 / root)
        theta.grad = g.clone()
        optimizer.step()
        state, update = uncorrected_adam(state, g, lr=0.1, beta2=0.99, eps=1e-3)
        params = params + update
        torch.testing.assert_close(theta.detach(), params, rtol=0, atol=1e-12)


def test_lookahead_by_hand():
    """k = 2, α = ¼, a constant gradient of 1 and η = 1: after each two steps half a unit of the way remains."""
    stream = descend(RULES["lookahead"], torch.ones_like, torch.zeros(1), num_steps=4, lr=1.0, k=2, alpha=0.25)
    assert stream.flatten().tolist() == [0, -1, -0.5, -1.5, -1.0]


def test_lookahead_with_alpha_one_is_the_inner_rule():
    inner = RULES["momentum"]
    state, other, params = lookahead_start(start(), inner.start(start())), inner.start(start()), start()
    for g in random_gradients(7):
        state, update = RULES["lookahead"].step(state, g, k=3, alpha=1.0, inner=inner.step, lr=0.1)
        other, expected = inner.step(other, g, lr=0.1)
        params = params + update
        torch.testing.assert_close(update, expected, rtol=0, atol=1e-12)
        torch.testing.assert_close(state.fast, params, rtol=0, atol=1e-12)


# What the theory says.


@pytest.mark.parametrize("rate, fate", [(0.4, "monotone"), (0.8, "oscillates"), (1.1, "diverges")])
def test_a55_a57_rates_on_a_quadratic(rate, fate):
    """With λ = 2: monotone below 1/λ, oscillating to 2/λ, diverging beyond."""
    path = descend(RULES["gradient-descent"], lambda x: 2 * x, torch.ones(1), num_steps=20, lr=rate).flatten()
    assert bool((path > 0).all()) == (fate == "monotone")
    assert bool(path[-1].abs() < 1e-3) == (fate != "diverges")


def test_b17_the_gradient_is_the_steepest_direction():
    x = torch.tensor([0.3, -1.2, 2.0], dtype=torch.float64, requires_grad=True)
    (g,) = torch.autograd.grad((x.sin() * x).sum(), x)
    directions = torch.randn(200, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    slopes = torch.nn.functional.normalize(directions, dim=1) @ g
    assert slopes.min() >= (-g / g.norm()) @ g


def test_c33_c34_batches_are_unbiased_and_their_variance_falls_like_one_over_the_batch():
    generator = torch.Generator().manual_seed(0)
    per_sample = torch.randn(50, generator=generator, dtype=torch.float64) + 3
    for size in (1, 4, 16):
        draws = per_sample[torch.randint(50, (20_000, size), generator=generator)].mean(1)
        stderr = draws.std() / 20_000**0.5
        assert abs(draws.mean() - per_sample.mean()) < 4 * stderr
        assert abs(draws.var() * size / per_sample.var(correction=0) - 1) < 0.06


def test_b18_b29_a_constant_rate_ends_in_a_ball_and_one_over_t_does_not():
    """∇L = θ + noise of variance 1: at η the ball's variance is η/(2 − η); at η_t = 1/t θ_T is the mean of the noise."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(400, 500, generator=generator, dtype=torch.float64)
    constant, decaying = torch.zeros(500, dtype=torch.float64), torch.zeros(500, dtype=torch.float64)
    for t, xi in enumerate(noise, 1):
        constant = constant + RULES["gradient-descent"].step(None, constant + xi, lr=0.2)[1]
        decaying = decaying + RULES["gradient-descent"].step(None, decaying + xi, lr=1 / t)[1]
    assert abs(constant.var() / (0.2 / 1.8) - 1) < 0.2
    torch.testing.assert_close(decaying, -noise.mean(0), rtol=0, atol=1e-12)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("name", ["momentum", "nesterov"])
def test_b19_a_constant_gradient_reaches_the_effective_rate(name, beta):
    path = descend(RULES[name], torch.ones_like, torch.zeros(1).double(), num_steps=400, lr=0.1, beta=beta)
    assert (path[-2] - path[-1]).item() == pytest.approx(0.1 / (1 - beta), rel=1e-9)


def contraction(name, H, num_steps, **settings):
    path = descend(RULES[name], lambda x: H * x, torch.ones_like(H), num_steps=num_steps, **settings)
    return (path[-1].norm() / path[num_steps // 2].norm()).item() ** (2 / num_steps)


def test_b27_c521_contraction_with_and_without_momentum():
    mu, L = 1.0, 100.0
    H, kappa = torch.tensor([mu, L], dtype=torch.float64), L / mu
    plain = contraction("gradient-descent", H, 200, lr=2 / (mu + L))
    assert plain == pytest.approx((kappa - 1) / (kappa + 1), rel=1e-6)
    root = (math.sqrt(kappa) - 1) / (math.sqrt(kappa) + 1)
    heavy = contraction("momentum", H, 400, lr=4 / (math.sqrt(mu) + math.sqrt(L)) ** 2, beta=root**2)
    assert heavy == pytest.approx(root, rel=0.02)  # up to the factor t of a double root
    assert heavy < plain


def test_b26_gradient_descent_meets_the_convex_bound():
    """L(θ_k) − L* ≤ ‖θ₀ − θ*‖²/(2ηk) for η ≤ 1/L, here on a loss that is flat at its minimum: Σθ⁴/4."""
    path = descend(RULES["gradient-descent"], lambda x: x**3, torch.ones(4).double(), num_steps=300, lr=1 / 3)
    losses, k = (path**4).sum(1)[1:] / 4, torch.arange(1, 301)
    assert bool((losses <= 4 / (2 / 3 * k)).all())


def test_b26_online_gradient_descent_has_regret_below_dg_root_t():
    generator, T = torch.Generator().manual_seed(0), 400
    slopes = torch.where(torch.rand(T, generator=generator) < 0.6, 1.0, -1.0).double()
    theta, losses = torch.zeros((), dtype=torch.float64), []
    for g in slopes:  # linear losses gθ on [−1, 1]: D = 2, G = 1, η = D/(G√T)
        losses.append(g * theta)
        theta = (theta + RULES["gradient-descent"].step(None, g, lr=2 / T**0.5)[1]).clamp(-1, 1)
    regret = torch.stack(losses).sum() + slopes.sum().abs()
    assert regret <= 2 * T**0.5


def test_c39_adagrads_rate_falls_like_one_over_root_t():
    path = descend(RULES["adagrad"], torch.ones_like, torch.zeros(1).double(), num_steps=100, lr=0.3)
    steps = (path[:-1] - path[1:]).flatten()
    torch.testing.assert_close(steps, 0.3 / torch.arange(1, 101).double().sqrt(), rtol=1e-6, atol=0)


@pytest.mark.parametrize("g", [-1e3, 0.5, 30.0])
def test_c43_adadeltas_first_step_is_set_by_epsilon(g):
    update = RULES["adadelta"].step(RULES["adadelta"].start(torch.zeros(1)), torch.tensor([g]), beta=0.9, eps=1e-6)[1]
    assert update.item() == pytest.approx(-math.copysign(math.sqrt(1e-6 / 0.1), g), rel=1e-4)


def test_c54_adams_first_step_is_the_sign_and_no_step_feels_the_scale():
    gradients = random_gradients()
    gradients[gradients == 0] = 1.0
    small, large = moments_start(start()), moments_start(start())
    for t, g in enumerate(gradients):
        small, a = adam(small, g, lr=0.1, eps=0.0)
        large, b = adam(large, 1e6 * g, lr=0.1, eps=0.0)
        torch.testing.assert_close(a, b, rtol=1e-12, atol=0)
        if t == 0:
            torch.testing.assert_close(a, -0.1 * g.sign(), rtol=1e-12, atol=0)


def test_b20_without_correction_the_first_step_is_three_times_too_long():
    g = torch.tensor([7.0], dtype=torch.float64)
    ratio = uncorrected_adam(moments_start(g), g)[1] / adam(moments_start(g), g)[1]
    assert ratio.item() == pytest.approx((1 - 0.9) / math.sqrt(1 - 0.999), rel=1e-6)
    assert ratio.item() == pytest.approx(3.162, abs=1e-3)


@pytest.mark.parametrize("t", [1, 3, 10])
def test_c47_c50_expectation_of_the_moments(t):
    """Exact for i.i.d. gradients: E m_t = (1 − β₁ᵗ) E g, E v_t = (1 − β₂ᵗ) E g²; here all 2ᵗ sequences of ±."""
    values = torch.tensor([3.0, -1.0], dtype=torch.float64)
    sequences = torch.cartesian_prod(*[values] * t).reshape(-1, t)
    state = moments_start(sequences[:, 0])
    for g in sequences.T:
        state = next_moments(state, g, 0.9, 0.99)
    assert state.m.mean().item() == pytest.approx((1 - 0.9**t) * values.mean().item(), rel=1e-12)
    assert state.v.mean().item() == pytest.approx((1 - 0.99**t) * (values**2).mean().item(), rel=1e-12)


def adam_bound(t, beta1=0.9, beta2=0.999):
    tail = sum((beta1**2 / beta2) ** j for j in range(t))
    return (1 - beta1) / (1 - beta1**t) * math.sqrt((1 - beta2**t) / (1 - beta2) * tail)


def test_adams_steps_are_bounded_and_the_bound_is_attained():
    state = moments_start(start())
    for t, g in enumerate(random_gradients(200), 1):
        state, update = adam(state, g, lr=1.0, eps=0.0)
        assert update.nan_to_num().abs().max() <= adam_bound(t) * (1 + 1e-12)
    state, T = moments_start(torch.zeros(1).double()), 60
    for t in range(1, T + 1):
        g = torch.tensor([(0.9 / 0.999) ** (T - t)], dtype=torch.float64)
        state, update = adam(state, g, lr=1.0, eps=0.0)
    assert update.abs().item() == pytest.approx(adam_bound(T), rel=1e-9)
    assert adam_bound(10**4) == pytest.approx(7.27, abs=0.01)


def test_c51_decoupled_decay_is_not_l2():
    """Where gradients are large Adam's L2 hardly decays; AdamW shrinks every weight alike."""
    g = torch.tensor([0.0, 1e3], dtype=torch.float64).reshape(2, 1)
    theta = torch.ones(2, 1, dtype=torch.float64)
    decoupled = RULES["adamw"].start(theta)
    l2 = moments_start(theta)
    plain = moments_start(theta)
    for _ in range(3):
        decoupled, a = RULES["adamw"].step(decoupled, g, lr=0.01, weight_decay=0.1)
        l2, b = adam(l2, g + 0.1 * theta, lr=0.01)
        plain, c = adam(plain, g, lr=0.01)
    shrink = (a - c).flatten()
    assert shrink[0].item() == pytest.approx(-0.01 * 0.1 * (1 - 0.01 * 0.1) ** 2, rel=1e-6)
    assert shrink[1] < -5e-4
    assert abs((b - c)[1].item()) < 1e-6
    assert (b - c)[0] < -5e-3


def test_c52_radams_rectification():
    assert pytest.approx(1999) == 2 / (1 - 0.999) - 1
    assert rho(1, 0.999) == pytest.approx(1, abs=1e-6)
    assert rho(10**6, 0.999) == pytest.approx(1999)
    values = [rectification(t, 0.999) for t in range(1, 2000)]
    begins = next(t for t, r in enumerate(values, 1) if r is not None)
    assert rho(begins, 0.999) > 4 >= rho(begins - 1, 0.999)
    assert rectification(begins, 0.999, threshold=5.0) is None
    assert rectification(begins + 1, 0.999, threshold=5.0) is not None
    rising = [r for r in values if r is not None]
    assert rising == sorted(rising)
    assert rectification(10**5, 0.999) == pytest.approx(1)


def test_c521_momentum_rolls_over_a_small_rise():
    """A slope with a dip: plain descent stays in the dip, momentum leaves it."""

    def gradient(x):
        return -1 + 1.5 * torch.exp(-((x - 3) ** 2) / 0.02)

    lr, x0 = 0.02, torch.zeros(1, dtype=torch.float64)
    assert descend(RULES["gradient-descent"], gradient, x0, num_steps=600, lr=lr)[-1] < 3.5
    assert descend(RULES["momentum"], gradient, x0, num_steps=600, lr=lr, beta=0.9)[-1] > 3.5


def test_adam_can_fail_on_a_convex_problem():
    """Reddi et al. (2018): g = C every third step, −1 otherwise; the mean gradient is positive, Adam climbs."""
    C = 3.0
    state, theta = moments_start(torch.zeros(1).double()), torch.zeros(1, dtype=torch.float64)
    for t in range(1, 3001):
        g = torch.tensor([C if t % 3 == 1 else -1.0], dtype=torch.float64)
        state, update = adam(state, g, lr=0.1 / t**0.5, beta1=0.0, beta2=1 / (1 + C**2))
        theta = (theta + update).clamp(-1, 1)
    assert theta.item() > 0.9


def test_descend_refuses_a_negative_number_of_steps():
    with pytest.raises(ValueError, match="num_steps must be at least 0, got -1"):
        descend(RULES["adam"], lambda x: x, torch.zeros(1), num_steps=-1)


def test_b28_standardising_inputs_lowers_the_condition_number_and_the_steps():
    generator = torch.Generator().manual_seed(0)
    raw = torch.randn(200, 2, generator=generator, dtype=torch.float64) * torch.tensor([1.0, 20.0]) + 5
    steps = []
    for X in (raw, (raw - raw.mean(0)) / raw.std(0)):
        H = X.T @ X / 200
        rates = torch.linalg.eigvalsh(H)
        path = descend(
            RULES["gradient-descent"],
            lambda x, H=H: H @ x,
            torch.ones(2).double(),
            num_steps=300,
            lr=1 / rates[-1].item(),
        )
        losses = ((path @ H) * path).sum(1)
        steps.append(int((losses > 1e-6 * losses[0]).sum()))
    assert steps[1] < 20 < steps[0]
