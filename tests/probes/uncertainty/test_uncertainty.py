"""Calibration, doubt, Laplace, attacks, membership, groups, attribution, transport: each on known answers."""

import math

import pytest
import torch
from torch import nn

from rhobar.probes import uncertainty as u
from rhobar.probes.uncertainty.transport import _on_lines


def g(seed=0):
    return torch.Generator().manual_seed(seed)


def answers(n, seed, twist=1.0):
    """Probabilities, and classes drawn from them with their logits multiplied by `twist`."""
    z = 2 * torch.randn(n, 4, generator=g(seed)).double()
    y = torch.multinomial((twist * z).softmax(1), 1, generator=g(seed + 10**6))[:, 0]
    return z, y


def test_a_calibrated_model_is_within_its_interval():
    inside, within, z = 0, 0, []
    for seed in range(60):
        logits, y = answers(600, seed)
        found = u.calibration(logits.softmax(1), y, num_resamples=200)
        inside += found.calibrated
        within += found.interval[0] == 0
        z.append(found.overconfidence / found.overconfidence_stderr)
        assert 0 < found.if_calibrated < found.limit
    assert 51 <= inside <= 60
    assert within >= 54
    z = torch.tensor(z)
    assert abs(z.mean()) < 0.4 and 0.75 < z.std() < 1.25


def test_the_interval_covers_the_error_of_a_model_that_is_not():
    p = torch.tensor([0.95, 0.05]).repeat(400, 1).double()
    covered = 0
    for seed in range(100):
        y = (torch.rand(400, generator=g(seed)) > 0.75).long()  # 75 % right: ECE 0.2
        found = u.calibration(p, y, num_resamples=200)
        covered += found.interval[0] <= 0.2 <= found.interval[1]
        assert not found.calibrated
    assert 87 <= covered <= 100


def test_ece_by_hand():
    p = torch.tensor([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4], [0.55, 0.45]]).double()
    y = torch.tensor([0, 1, 0, 1])
    found = u.calibration(p, y, num_bins=2, equal="mass")
    assert found.ece == pytest.approx(0.5 * abs(0.5 - 0.85) + 0.5 * abs(0.5 - 0.575))
    assert found.diagram.counts.tolist() == [2, 2]
    assert found.diagram.accuracy.tolist() == [0.5, 0.5]
    assert torch.allclose(found.diagram.confidence, torch.tensor([0.575, 0.85]).double())
    assert found.overconfidence == pytest.approx(0.7125 - 0.5)


@pytest.mark.parametrize("truth", [0.5, 1.0, 2.0])
def test_temperature_errors_are_standard_normal(truth):
    z = []
    for seed in range(60):
        logits, y = answers(500, seed, 1 / truth)
        found = u.fit_temperature(logits, y)
        z.append((found.value - truth) / found.stderr)
        assert found.nll_after <= found.nll_before + 1e-12
    z = torch.tensor(z)
    assert abs(z.mean()) < 0.45 and 0.75 < z.std() < 1.3


def test_temperature_without_end():
    z = torch.tensor([[3.0, 0.0]]).repeat(10, 1)
    assert u.fit_temperature(z, torch.zeros(10).long()).value == 0
    assert u.fit_temperature(z, torch.ones(10).long()).value == math.inf
    assert u.fit_temperature(torch.tensor([[9.0, 0.0]] * 4), torch.tensor([0, 0, 1, 0])).value > 5


def test_doubt_adds_up_and_the_mean_is_better():
    p = torch.randn(5, 40, 3, generator=g()).double().softmax(2)
    y = torch.randint(3, (40,), generator=g())
    found = u.predictive(p, y)
    assert found.total.value == pytest.approx(found.aleatoric.value + found.epistemic.value)
    assert found.epistemic.value > 0 and found.nll.value <= found.member_nll.value
    same = u.predictive(p[:1].repeat(4, 1, 1), y)
    assert same.epistemic.value == pytest.approx(0, abs=1e-12)
    assert torch.allclose(found.probabilities, p.mean(0))


def test_an_ensemble_is_the_mean_of_its_members():
    models = [nn.Linear(3, 2) for _ in range(3)]
    x, y = torch.randn(7, 3, generator=g()), torch.randint(2, (7,), generator=g())
    found = u.deep_ensemble(models, [(x[:4], y[:4]), (x[4:], y[4:])])
    expected = torch.stack([m(x).double().softmax(1) for m in models]).mean(0)
    assert torch.allclose(found.probabilities, expected)


def test_dropout_passes_differ_and_leave_the_model_alone():
    model = nn.Sequential(nn.Linear(3, 20), nn.BatchNorm1d(20), nn.Dropout(0.5), nn.Linear(20, 2)).train()
    batches = [(torch.randn(9, 3), torch.randint(2, (9,)))]
    before = {k: v.clone() for k, v in model.state_dict().items()}
    state = torch.get_rng_state()
    found = u.mc_dropout(model, batches)
    assert found.epistemic.value > 0 and found.num_members == 20
    assert model.training and torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    again = u.mc_dropout(model, batches)
    assert torch.equal(found.probabilities, again.probabilities)
    with pytest.raises(ValueError, match="dropout"):
        u.mc_dropout(nn.Linear(3, 2), batches)


def test_last_layer_laplace_is_the_posterior_of_linear_regression():
    torch.manual_seed(0)
    features = nn.Sequential(nn.Linear(2, 3), nn.Tanh()).double()
    model = nn.Sequential(features, nn.Linear(3, 1).double())
    x, y = torch.randn(20, 2).double(), torch.randn(20, 1).double()
    post = u.last_layer_laplace(
        model, [(x[:7], y[:7]), (x[7:], y[7:])], likelihood="regression", prior_precision=0.5, noise=0.3
    )
    phi = torch.cat([features(x), torch.ones(20, 1).double()], 1).detach()
    exact = phi.T @ phi / 0.09 + 0.5 * torch.eye(4).double()
    assert torch.allclose(post.precision, exact)
    at = torch.cat([features(x[:5]), torch.ones(5, 1).double()], 1).detach()
    mean, deviation = post.predict(x[:5])
    assert torch.allclose(deviation[:, 0] ** 2, (at @ exact.inverse() @ at.T).diagonal())
    assert torch.allclose(mean, model(x[:5]))


def test_laplace_of_classes_is_the_gauss_newton_matrix():
    torch.manual_seed(0)
    model = nn.Linear(3, 4).double()
    x, y = torch.randn(15, 3).double(), torch.randint(4, (15,))
    H = torch.autograd.functional.hessian(
        lambda w, b: nn.functional.cross_entropy(x @ w.T + b, y, reduction="sum"), (model.weight, model.bias)
    )
    H = torch.cat(
        [
            torch.cat([H[0][0].reshape(12, 12), H[0][1].reshape(12, 4)], 1),
            torch.cat([H[1][0].reshape(4, 12), H[1][1]], 1),
        ]
    )
    full = u.last_layer_laplace(model, [(x, y)])
    assert torch.allclose(full.precision, H + torch.eye(16).double())
    diagonal = u.diagonal_laplace(model, [(x, y)])
    assert torch.allclose(diagonal.precision, H.diagonal() + 1)
    p, deviation = full.predict(x)
    assert torch.allclose(p.sum(1), torch.ones(15).double()) and (deviation > 0).all()
    logits = model(x).detach()
    assert torch.allclose(p, (logits / (1 + math.pi / 8 * deviation**2).sqrt()).softmax(1))
    far, _ = full.predict(100 * x)
    plain = model(100 * x).softmax(1)
    assert (far.max(1).values <= plain.max(1).values + 1e-9).all() and far.max(1).values.mean() < 0.98


def test_laplace_refuses():
    with pytest.raises(ValueError, match=r"nn\.Linear, got Conv1d"):
        u.last_layer_laplace(nn.Conv1d(1, 1, 1), [(torch.ones(2, 1, 1), torch.zeros(2))])
    with pytest.raises(ValueError, match="at most 5"):
        u.last_layer_laplace(nn.Linear(2, 2), [(torch.ones(2, 2), torch.zeros(2).long())], max_size=5)
    with pytest.raises(ValueError, match="prior_precision"):
        u.diagonal_laplace(nn.Linear(2, 2), [(torch.ones(2, 2), torch.zeros(2).long())], prior_precision=0.0)


@pytest.mark.parametrize("num_steps", [1, 10])
def test_attacks_on_a_linear_classifier_move_the_margin_by_the_l1_norm(num_steps):
    torch.manual_seed(0)
    model = nn.Linear(5, 2)
    x = torch.randn(200, 5)
    y = model(x).argmax(1)
    w = (model.weight[1] - model.weight[0]).detach()
    margin = (x @ w + model.bias[1] - model.bias[0]).abs()
    eps = 0.3
    expected = (margin > eps * w.abs().sum()).double().mean().item()
    found = u.adversarial_accuracy(model, [(x[:50], y[:50]), (x[50:], y[50:])], eps=eps, num_steps=num_steps)
    assert found.clean.value == 1 and found.attacked.value == pytest.approx(expected)
    assert u.adversarial_accuracy(model, [(x, y)], eps=0.0, num_steps=num_steps).attacked.value == 1


def test_attacks_stay_within_bounds_and_iterations_help():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 30), nn.Tanh(), nn.Linear(30, 3))
    with torch.no_grad():
        model[0].weight.mul_(3)
    x = torch.rand(300, 4)
    y = model(x).argmax(1)
    once, often = (u.adversarial_accuracy(model, [(x, y)], eps=0.15, num_steps=s).attacked.value for s in (1, 20))
    assert often <= once < 1
    seen = []

    class Watched(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, x):
            seen.append((x.min().item(), x.max().item()))
            return self.model(x)

    u.adversarial_accuracy(Watched(), [(x, y)], eps=0.3, num_steps=1, bounds=(0.0, 1.0))
    assert seen[-1][0] >= 0 and seen[-1][1] <= 1


def test_membership():
    z = []
    for seed in range(60):
        a, b = torch.randn(80, generator=g(seed)), torch.randn(120, generator=g(seed + 500)) + 0.5
        found = u.membership_gap(a, b)
        truth = 0.5 * (1 + math.erf(0.5 / 2))  # P(b > a) = Φ(0.5/√2)
        z.append(((found.auc.value - truth) / found.auc.stderr, (found.gap.value - 0.5) / found.gap.stderr))
    z = torch.tensor(z)
    assert (z.mean(0).abs() < 0.45).all() and ((z.std(0) > 0.75) & (z.std(0) < 1.3)).all()
    null = [
        u.membership_gap(torch.randn(80, generator=g(s)), torch.randn(120, generator=g(s + 900))) for s in range(100)
    ]
    assert sum(f.advantage > f.chance for f in null) <= 12


def test_membership_auc_counts_pairs():
    a, b = torch.tensor([1.0, 2.0, 2.0, 5.0]), torch.tensor([2.0, 3.0, 0.0])
    found = u.membership_gap(a, b)
    wins = sum((x < y) + 0.5 * (x == y) for x in a.tolist() for y in b.tolist()) / 12
    assert found.auc.value == pytest.approx(wins)
    shares = [(a <= t).double().mean() - (b <= t).double().mean() for t in (0, 1, 2, 3, 5)]
    assert found.advantage == pytest.approx(max(shares).item())


def test_groups():
    given = torch.tensor([1, 1, 1, 0, 1, 0, 0, 0])
    true = torch.tensor([1, 1, 0, 0, 1, 1, 0, 0])
    group = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
    found = u.fairness_gaps(given, true, group)
    assert found.demographic_parity.value == pytest.approx(0.5)
    assert found.equal_opportunity.value == pytest.approx(0.5)
    assert found.equalized_odds.value == pytest.approx(0.5)
    assert found.accuracy.value == 0 and found.num_samples == {"0": 4, "1": 4}
    assert math.isnan(u.fairness_gaps(given, torch.zeros(8).long(), group).equal_opportunity.value)
    z = []
    for seed in range(80):
        group = torch.arange(400) % 2
        given = (torch.rand(400, generator=g(seed)) < torch.where(group == 0, 0.7, 0.4)).long()
        gap = u.fairness_gaps(given, given, group).demographic_parity
        z.append((gap.value - 0.3) / gap.stderr)
    assert abs(torch.tensor(z).mean()) < 0.4 and 0.75 < torch.tensor(z).std() < 1.25


class Product(nn.Module):
    def forward(self, x):
        return torch.stack([x[:, 0] * x[:, 1] ** 2, x.sum(1)], 1)


def test_integrated_gradients_are_complete():
    torch.manual_seed(0)
    x = torch.randn(6, 4).double()
    model = nn.Sequential(nn.Linear(4, 9), nn.Tanh(), nn.Linear(9, 3)).double()
    target = torch.tensor([0, 1, 2, 0, 1, 2])
    found = u.integrated_gradients(model, x, target, baseline=torch.ones(4).double())
    expected = (model(x) - model(torch.ones(6, 4).double())).gather(1, target[:, None])[:, 0]
    assert torch.allclose(found.change, expected)
    assert found.residual.abs().max() < 1e-9 and torch.allclose(found.values.sum(1), expected)
    rough = u.integrated_gradients(model, 5 * x, target, num_points=1)
    assert rough.residual.abs().max() > 1e-3


def test_integrated_gradients_of_a_product():
    x = torch.tensor([[2.0, 3.0]]).double()
    found = u.integrated_gradients(Product(), x, 0)  # ∫ 2 t² 9 dt · … : x y²/3 and 2 x y²/3
    assert torch.allclose(found.values, torch.tensor([[6.0, 12.0]]).double())
    assert torch.allclose(u.saliency(Product(), -x, 0), torch.tensor([[9.0, 12.0]]).double())


@pytest.mark.parametrize("sizes", [(7, 7), (5, 9), (6, 4)])
@pytest.mark.parametrize("power", [1.0, 2.0])
def test_transport_on_a_line(sizes, power):
    """B77: on a line W₁ is the sorted difference; the sliced distance is exact there."""
    ot = pytest.importorskip("ot")
    a, b = (torch.randn(n, 1, generator=g(n)).double() for n in sizes)
    work = _on_lines(a, b, power)
    assert work.item() == pytest.approx(ot.wasserstein_1d(a.numpy(), b.numpy(), p=power).item())
    exact = u.transport_distance(a, b, power=power, num_permutations=0)
    assert exact.value == pytest.approx(work.item() ** (1 / power))
    if sizes == (7, 7) and power == 1:
        assert work.item() == pytest.approx((a.sort(0).values - b.sort(0).values).abs().mean().item())


def test_transport_laws():
    pytest.importorskip("ot")
    x, y = torch.randn(30, 3, generator=g()).double(), torch.randn(40, 3, generator=g(1)).double()
    for distance in (u.transport_distance, u.sliced_distance):
        same = distance(x, x.flip(0), num_permutations=1).value
        assert same == pytest.approx(0, abs=1e-6)
        assert distance(x, y, num_permutations=1).value == pytest.approx(distance(y, x, num_permutations=1).value)
        assert distance(3 * x, 3 * y, num_permutations=1).value == pytest.approx(
            3 * distance(x, y, num_permutations=1).value
        )
    shift = torch.tensor([1.0, 2.0, -2.0]).double()
    assert u.transport_distance(x, x + shift, num_permutations=1).value == pytest.approx(3)
    sliced = u.sliced_distance(x, x + shift, num_directions=2000, num_permutations=0)
    assert sliced.value == pytest.approx(3 / 3**0.5, abs=4 * sliced.stderr)
    assert u.sliced_distance(x, y).value <= u.transport_distance(x, y, num_permutations=1).value


def test_a_shift_is_told_from_chance():
    x, y = torch.randn(60, 4, generator=g()), torch.randn(60, 4, generator=g(1))
    assert u.sliced_distance(x, y).p_value > 0.05
    moved = u.sliced_distance(x, y + 1)
    assert moved.p_value == pytest.approx(1 / 20) and moved.value > 2 * moved.null


@pytest.mark.parametrize("call, words", [
    (lambda: u.calibration(torch.randn(4, 2), torch.zeros(4).long()), "sum one"),
    (lambda: u.calibration(torch.full((4, 2), 0.5), torch.full((4,), 2)), "lie in"),
    (lambda: u.fit_temperature(torch.full((4, 2), torch.nan), torch.zeros(4).long()), "finite"),
    (lambda: u.predicted_logits(nn.Linear(2, 2), [(torch.zeros(3, 2), torch.zeros(3, 2))]), "classifier"),
    (lambda: u.predicted_logits(nn.Linear(2, 2), []), "at least one batch"),
    (lambda: u.predictive(torch.ones(1, 3, 2) / 2, torch.zeros(3).long()), "two at least"),
    (lambda: u.adversarial_accuracy(nn.Linear(2, 2), [], eps=-1.0), "eps"),
    (lambda: u.membership_gap(torch.tensor([1.0, torch.nan]), torch.ones(3)), "NaN"),
    (lambda: u.saliency(nn.Linear(2, 2), torch.zeros(2, 2, dtype=torch.float).fill_(torch.inf), 0), "finite"),
    (lambda: u.sliced_distance(torch.zeros(3, 2), torch.zeros(3, 1)), "same features"),
])  # fmt: skip
def test_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call()
