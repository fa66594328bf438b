"""The textbook's checks of single losses."""

import math

import pytest
import torch
from torch.nn import functional as F

from rhobar.nn.losses import (
    LOSSES,
    binary_cross_entropy,
    categorical_cross_entropy,
    cross_entropy,
    entropy,
    gan_discriminator,
    gan_generator_minimax,
    gan_generator_non_saturating,
    gaussian_kl,
    gaussian_nll,
    hide_tokens,
    hinge,
    huber,
    huber_log_likelihood,
    kl_divergence,
    kl_loss,
    label_smoothing,
    mae,
    masked_language,
    mse,
    nats_per,
    negative_elbo,
    nt_xent,
    perceptron_loss,
    smoothed,
    sparse_categorical_cross_entropy,
)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=rng(seed), dtype=torch.float64)


def distributions(rows, classes, seed=0):
    return torch.softmax(2 * normal(rows, classes, seed=seed), -1)


def best_constant(loss, targets, low, high):
    """The constant of least loss, by golden section."""
    ratio = (math.sqrt(5) - 1) / 2
    while high - low > 1e-9:
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        if loss(torch.full_like(targets, a), targets) < loss(torch.full_like(targets, b), targets):
            high = b
        else:
            low = a
    return low


def test_best_constants():  # A35, A42
    y = normal(101).exp()
    assert best_constant(mse, y, -5, 20) == pytest.approx(y.mean().item(), abs=1e-6)
    assert best_constant(mae, y, -5, 20) == pytest.approx(y.median().item(), abs=1e-6)
    assert y.median() < best_constant(huber, y, -5, 20) < y.mean()
    labels = (y > 1.5).double()
    rate = labels.mean().item()
    assert best_constant(binary_cross_entropy, labels, -9, 9) == pytest.approx(math.log(rate / (1 - rate)), abs=1e-6)


def test_gaussian_likelihood_of_the_squared_error():  # A42
    f, y, variance = normal(50), normal(50, seed=1), torch.tensor(0.7, dtype=torch.float64)
    nll = gaussian_nll(f, variance.expand(50), y, reduction="sum")
    expected = 50 * mse(f, y) / (2 * variance) + 50 * math.log(math.sqrt(2 * math.pi * variance))
    torch.testing.assert_close(nll, expected)
    variances = torch.linspace(0.5, 4, 3501, dtype=torch.float64)
    best = variances[torch.stack([gaussian_nll(f, v.expand(50), y) for v in variances]).argmin()]
    assert best.item() == pytest.approx(mse(f, y).item(), abs=1e-3)


def test_linear_models_have_a_convex_loss():  # A34, A38, B9
    X, y, W = normal(30, 4), torch.randint(3, (30,), generator=rng()), normal(4, 3, seed=2).flatten()
    for loss in (
        lambda w: sparse_categorical_cross_entropy(X @ w.view(4, 3), y),
        lambda w: mse((X @ w.view(4, 3))[:, 0], X[:, 1].square()),
    ):
        assert torch.linalg.eigvalsh(torch.autograd.functional.hessian(loss, W)).min() > -1e-12


def test_huber_is_smooth_at_delta_and_bounded():  # C20
    r = torch.tensor([1.5 - 1e-9, 1.5 + 1e-9, 80.0], dtype=torch.float64, requires_grad=True)
    each = huber(r, torch.zeros_like(r), delta=1.5, reduction="none")
    (slope,) = torch.autograd.grad(each.sum(), r)
    assert each[:2].diff().abs() < 1e-8 and slope[:2].diff().abs() < 1e-8 and slope.abs().max() == 1.5
    z, zero = 3 * normal(40), torch.zeros(40, dtype=torch.float64)
    torch.testing.assert_close(F.smooth_l1_loss(z, zero, beta=1.5), huber(z, zero, delta=1.5) / 1.5)
    torch.testing.assert_close(LOSSES["huber"].formula(z, zero, 0.4), huber(z, zero, delta=0.4))


@pytest.mark.parametrize("delta", [0.5, 1.0, 3.0])
def test_hubers_density_integrates_to_one(delta):
    r = torch.linspace(-80, 80, 1_600_001, dtype=torch.float64).unsqueeze(1)
    log_density = torch.where(r.abs() <= delta, -r.square() / 2, delta**2 / 2 - delta * r.abs())
    total = torch.trapezoid(log_density.squeeze().exp(), r.squeeze())
    one = torch.zeros(1, dtype=torch.float64)
    assert huber_log_likelihood(one, one, delta).item() == pytest.approx(-total.log().item(), abs=1e-9)


def test_bernoulli_numbers():  # A43
    z = torch.tensor([math.log(4.0)] * 2, dtype=torch.float64)  # σ(z) = 0.8
    each = binary_cross_entropy(z, torch.tensor([1.0, 0.0], dtype=torch.float64), reduction="none")
    assert each.tolist() == pytest.approx([0.22314, 1.60944], abs=1e-5)
    # A36: torch's loss of probabilities clamps at −100, that of logits does not
    assert F.binary_cross_entropy(torch.zeros(1), torch.ones(1)).item() == 100
    assert binary_cross_entropy(torch.tensor([-1000.0]), torch.ones(1)).item() == 1000


def test_gradient_of_cross_entropies_is_p_minus_y():  # A38, A45, B10
    z, y = normal(4, 5).requires_grad_(), distributions(4, 5, seed=1)
    for loss in (categorical_cross_entropy, kl_loss):
        (gradient,) = torch.autograd.grad(loss(z, y, reduction="sum"), z)
        torch.testing.assert_close(gradient, torch.softmax(z, -1) - y)


def test_sparse_is_one_hot_and_torchs():  # C24
    z, y = normal(4, 5), torch.tensor([0, 4, 2, 2])
    torch.testing.assert_close(
        sparse_categorical_cross_entropy(z, y), categorical_cross_entropy(z, F.one_hot(y, 5).double())
    )
    torch.testing.assert_close(sparse_categorical_cross_entropy(z, y), F.cross_entropy(z, y))
    torch.testing.assert_close(
        categorical_cross_entropy(z, distributions(4, 5)), F.cross_entropy(z, distributions(4, 5))
    )
    torch.testing.assert_close(sparse_categorical_cross_entropy(z[0], y[0]), F.cross_entropy(z[0], y[0]))


def test_label_smoothing_is_least_at_the_smoothed_label():
    y = torch.tensor([1, 3])
    q = smoothed(y, 4, 0.2)
    assert q.sum(-1).tolist() == pytest.approx([1, 1])
    at_best = label_smoothing(q.log(), y, smoothing=0.2)
    assert at_best.item() == pytest.approx(entropy(q).mean().item())
    assert all(label_smoothing(q.log() + 0.1 * normal(2, 4, seed=s), y, smoothing=0.2) > at_best for s in range(5))


@pytest.mark.parametrize("name", ["hinge", "perceptron"])
def test_margin_losses_are_no_likelihood(name):
    f = torch.linspace(-3, 3, 13, dtype=torch.float64)
    mass = sum((-LOSSES[name].production(f, torch.full_like(f, y), reduction="none")).exp() for y in (-1.0, 1.0))
    assert mass.max() - mass.min() > 0.1


def test_hinge_and_perceptron_losses_meet_their_definition():  # A39, A6
    f, y = torch.tensor([-0.5, 0.0, 0.5, 2.0]), torch.tensor([1.0, 1.0, 1.0, 1.0])
    assert hinge(f, y, reduction="none").tolist() == [1.5, 1.0, 0.5, 0.0]
    f.requires_grad_()
    (slope,) = torch.autograd.grad(perceptron_loss(f, y, reduction="sum"), f)
    assert slope.tolist() == [-1.0, -1.0, 0.0, 0.0]  # 0 is a mistake


# ------------------------------------------------------------------ information


@pytest.mark.parametrize(
    "unit, per, coin", [("nats", 1.0, math.log(2)), ("bits", math.log(2), 1.0), ("bans", math.log(10), math.log10(2))]
)
def test_units(unit, per, coin):  # A44
    p, q = distributions(6, 4), distributions(6, 4, seed=1)
    assert nats_per(unit) == per
    assert entropy(torch.tensor([0.5, 0.5], dtype=torch.float64), unit).item() == pytest.approx(coin, rel=1e-15)
    for name, in_nats in (("entropy", entropy(p)), ("cross", cross_entropy(p, q)), ("kl", kl_divergence(p, q))):
        in_unit = {"entropy": entropy(p, unit), "cross": cross_entropy(p, q, unit), "kl": kl_divergence(p, q, unit)}
        torch.testing.assert_close(in_unit[name] * per, in_nats)


def test_unknown_unit():
    with pytest.raises(ValueError, match="unit must be 'nats', 'bits' or 'bans', got 'hartleys'"):
        nats_per("hartleys")


def test_entropy_bounds():  # A44
    p = distributions(50, 7)
    assert (entropy(p) > 0).all() and (entropy(p) < math.log(7)).all()
    assert entropy(torch.full((7,), 1 / 7, dtype=torch.float64)).item() == pytest.approx(math.log(7))
    assert entropy(torch.eye(7, dtype=torch.float64)).abs().max() == 0
    torch.testing.assert_close(entropy(p), torch.distributions.Categorical(probs=p).entropy())


def test_cross_entropy_is_entropy_plus_divergence():  # A40, A45
    p, q = distributions(50, 7), distributions(50, 7, seed=1)
    torch.testing.assert_close(cross_entropy(p, q), entropy(p) + kl_divergence(p, q))
    assert (kl_divergence(p, q) > 0).all() and kl_divergence(p, p).abs().max() < 1e-14
    assert (kl_divergence(p, q) - kl_divergence(q, p)).abs().max() > 0.1
    torch.testing.assert_close(kl_divergence(p, q).mean(), F.kl_div(q.log(), p, reduction="batchmean"))
    one, none = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    assert kl_divergence(one, none).item() == math.inf and kl_divergence(one, one).item() == 0


# ------------------------------------------------------------------ contrastive, masked, generative


def test_nt_xent_when_all_embeddings_collapse():  # C85
    for n in (2, 5, 16):
        assert nt_xent(torch.ones(n, 3), torch.ones(n, 3)).item() == pytest.approx(math.log(2 * n - 1), rel=1e-6)


def test_nt_xent_sees_directions_only_and_both_orders():
    a, b = normal(6, 4), normal(6, 4, seed=1)
    scale = normal(6, 1, seed=2).exp()
    torch.testing.assert_close(nt_xent(a * scale, b), nt_xent(a, b))
    torch.testing.assert_close(nt_xent(b, a), nt_xent(a, b))
    for temperature in (0.1, 2.0):
        torch.testing.assert_close(
            nt_xent(a, b, temperature=temperature), LOSSES["nt_xent"].formula(a, b, temperature), rtol=1e-12, atol=1e-12
        )
    assert nt_xent(a, a, temperature=0.1) < nt_xent(a, b, temperature=0.1)


def test_unmasked_tokens_get_no_loss():  # C86
    z, x = normal(2, 6, 9).requires_grad_(), torch.randint(9, (2, 6), generator=rng())
    mask = torch.rand(2, 6, generator=rng()) < 0.4
    (gradient,) = torch.autograd.grad(masked_language(z, x, mask), z)
    assert (gradient[~mask] == 0).all() and (gradient[mask].abs().sum(-1) > 0).all()
    torch.testing.assert_close(
        masked_language(z, x, torch.ones_like(mask)), F.cross_entropy(z.flatten(0, 1), x.flatten())
    )


def test_bert_hides_in_the_stated_shares():  # C86
    tokens, special = torch.randint(500, (400, 500), generator=rng()), torch.zeros(400, 500, dtype=torch.bool)
    special[:, 0] = True
    hidden, chosen = hide_tokens(tokens, vocabulary=500, mask_token=501, special=special, generator=rng(1))
    assert not (chosen & special).any() and (hidden[~chosen] == tokens[~chosen]).all()
    n = int(chosen.sum())
    assert abs(n / (~special).sum() - 0.15) < 4 * math.sqrt(0.15 * 0.85 / special.numel())
    masked, kept = int((hidden == 501).sum()) / n, int((chosen & (hidden == tokens)).sum()) / n
    assert abs(masked - 0.8) < 4 * math.sqrt(0.16 / n) and abs(kept - 0.1 * (1 + 1 / 500)) < 4 * math.sqrt(0.09 / n)
    again = hide_tokens(tokens, vocabulary=500, mask_token=501, special=special, generator=rng(1))
    assert torch.equal(hidden, again[0]) and torch.equal(chosen, again[1])
    with pytest.raises(ValueError, match="rate must lie"):
        hide_tokens(tokens, vocabulary=500, mask_token=501, rate=1.5)


def test_gaussian_kl_is_torchs():  # C87
    mean, log_variance = normal(5, 3), normal(5, 3, seed=1)
    q = torch.distributions.Normal(mean, (log_variance / 2).exp())
    prior = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    torch.testing.assert_close(gaussian_kl(mean, log_variance), torch.distributions.kl_divergence(q, prior).sum(-1))


def test_elbo_is_a_bound_and_tight_at_the_posterior():  # C87
    """x = z + noise, z ~ N(0, 1), noise ~ N(0, ½): p(x) = N(0, 1½), and the posterior is N(2x/3, 1/3)."""
    x, draws = torch.tensor([[0.8]], dtype=torch.float64), 200_000
    exact = -torch.distributions.Normal(0.0, math.sqrt(1.5)).log_prob(x).item()

    def bound(mean, variance):
        z = mean + math.sqrt(variance) * normal(draws, 1)
        full = [torch.full((draws, 1), v, dtype=torch.float64) for v in (mean, math.log(variance))]
        return negative_elbo(z, *full, x.expand(draws, 1), decoder="gaussian", variance=0.5).item()

    assert bound(2 * 0.8 / 3, 1 / 3) == pytest.approx(exact, abs=0.01)
    for mean, variance in ((0.0, 1 / 3), (2 * 0.8 / 3, 1.0), (1.5, 0.1)):
        assert bound(mean, variance) > exact + 0.05


def test_elbo_refuses_batches_that_do_not_fit():
    with pytest.raises(ValueError, match=r"of one batch, got \(4, 3\) and \(2, 1\)"):
        negative_elbo(torch.zeros(4, 3), torch.zeros(2, 1), torch.zeros(2, 1), torch.zeros(4, 3))


def test_gan_at_the_best_discriminator():  # C88
    p, q = distributions(1, 6)[0], distributions(1, 6, seed=1)[0]
    value = lambda f: (p * F.logsigmoid(f)).sum() + (q * F.logsigmoid(-f)).sum()  # noqa: E731
    best = torch.log(p / q)  # the logit of D* = p / (p + q)
    m = (p + q) / 2
    divergence = (kl_divergence(p, m) + kl_divergence(q, m)) / 2
    torch.testing.assert_close(value(best), 2 * divergence - math.log(4))
    assert all(value(best + 0.1 * normal(6, seed=s)) < value(best) for s in range(5))
    assert gan_discriminator(torch.zeros(4), torch.zeros(9)).item() == pytest.approx(math.log(4))


def test_which_generator_saturates():  # C88
    f = torch.tensor([-20.0], requires_grad=True)  # D sees through the sample
    (minimax,) = torch.autograd.grad(gan_generator_minimax(f), f)
    (practice,) = torch.autograd.grad(gan_generator_non_saturating(f), f)
    assert -1e-8 < minimax.item() < 0 and practice.item() == pytest.approx(-1)
    even = torch.zeros(1, requires_grad=True)
    assert torch.autograd.grad(gan_generator_minimax(even), even)[0].item() == -0.5
    assert torch.autograd.grad(gan_generator_non_saturating(even), even)[0].item() == -0.5
