"""Spectra of weights with known structure, power laws with known exponent, and compression by hand."""

import math

import pytest
import torch
from torch import nn

from rhobar.probes.weights import fit_power_law, low_rank_losses, weight_spectra
from rhobar.probes.weights.power_law import _resampled


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


def pareto(n, alpha, xmin=1.0, seed=0):
    return xmin * torch.rand(n, generator=torch.Generator().manual_seed(seed)) ** (-1 / (alpha - 1))


def test_the_exponents_error_is_honest():
    """With x_min at the least value, (α̂ − α)/stderr is standard normal."""
    scores = []
    for seed in range(300):
        fit = fit_power_law(pareto(200, 2.5, seed=seed), min_tail=200, num_bootstrap=0)
        assert fit.num_tail == 200
        scores.append((fit.alpha - 2.5) / fit.alpha_stderr)
    z = torch.tensor(scores)
    assert abs(z.mean()) < 0.25 and 0.85 < z.std() < 1.2


@pytest.mark.parametrize("alpha", [1.8, 2.5, 4.0])
def test_the_start_of_the_tail_is_found(alpha):
    x = torch.cat([torch.rand(600) * 3.0, pareto(600, alpha, 3.0)])
    fit = fit_power_law(x, num_bootstrap=0)
    assert fit.xmin == pytest.approx(3.0, rel=0.35)
    assert abs(fit.alpha - alpha) < 4 * fit.alpha_stderr + 0.1 * alpha


@pytest.mark.parametrize("x", [[1.0, 2.0, 4.0, 8.0], [1.0, 7.0, 7.5, 8.0]])
def test_by_hand(x):
    """The distance is reached just above a step in one, just below in the other."""
    x = torch.tensor(x)
    fit = fit_power_law(x, min_tail=4, num_bootstrap=0)
    assert fit.alpha == pytest.approx(1 + 4 / x.log().sum().item())
    F = 1 - x ** (1 - fit.alpha)
    steps = torch.arange(5.0) / 4
    assert fit.distance == pytest.approx(max((F - steps[:4]).abs().max(), (F - steps[1:]).abs().max()).item())
    assert math.isnan(fit.p_value)


def test_true_laws_pass_and_others_are_refused():
    passed = [fit_power_law(pareto(300, 2.5, seed=s), min_tail=30, num_bootstrap=40).p_value > 0.1 for s in range(12)]
    assert sum(passed) >= 9
    for wrong in (torch.randn(2000).abs() + 1, torch.distributions.Exponential(1.0).sample((2000,)) + 1):
        assert fit_power_law(wrong, min_tail=1500, num_bootstrap=40).p_value < 0.1


def test_what_the_fit_is_compared_with_obeys_it():
    """The tail of a replica is drawn from the fitted law, the rest from the body of the data."""
    x = torch.cat([torch.full((1000,), 0.5), pareto(4000, 2.5)]).double().sort().values
    drawn = _resampled(x, 3.0, 2.0, 2000, torch.Generator().manual_seed(0))
    tail = drawn[drawn >= 2.0]
    assert len(tail) == pytest.approx(2000, abs=150) and set(drawn[drawn < 2.0].tolist()) <= set(x[:3000].tolist())
    excess = (tail / 2.0).log()  # exponential with mean 1/(α − 1)
    assert excess.mean().item() == pytest.approx(0.5, abs=4 * 0.5 / len(tail) ** 0.5)


def test_refusals_of_the_fit():
    with pytest.raises(ValueError, match="different positive numbers"):
        fit_power_law(torch.ones(50))
    with pytest.raises(ValueError, match="finite"):
        fit_power_law(torch.tensor([math.nan] * 20))


def one(W, **kwargs):
    model = nn.Linear(W.shape[1], W.shape[0])
    with torch.no_grad():
        model.weight.copy_(W)
    return weight_spectra(model, num_bootstrap=0, **kwargs)[0]


@pytest.mark.parametrize("m, n", [(200, 200), (100, 300)])
def test_random_matrices_have_no_spikes_and_planted_ones_are_counted(m, n):
    alarms = sum(one(0.3 * torch.randn(m, n)).spikes for _ in range(20))
    assert alarms <= 2
    noise = 0.3 * torch.randn(m, n)
    u, v = torch.linalg.qr(torch.randn(m, 3))[0], torch.linalg.qr(torch.randn(n, 3))[0]
    found = one(noise + u * torch.tensor([60.0, 40.0, 30.0]) @ v.T)
    assert found.spikes == 3
    assert found.band.high == pytest.approx(0.3 * (m**0.5 + n**0.5), rel=0.02)
    assert found.spike_energy == pytest.approx(
        (found.singular_values[:3] ** 2).sum().item() / found.singular_values.square().sum().item()
    )


def test_ranks_and_energies():
    found = one(torch.diag(torch.tensor([4.0, 2.0, 1.0, 0.0])))
    assert found.stable_rank == pytest.approx(21 / 16)
    assert found.energy(1) == pytest.approx(16 / 21)
    assert (found.rank_for(0.7), found.rank_for(0.9), found.rank_for(1.0)) == (1, 2, 3)
    assert one(torch.eye(30)).stable_rank == pytest.approx(30)
    zero = one(torch.zeros(3, 3))
    assert (zero.stable_rank, zero.spikes, zero.power_law) == (0.0, 0, None)
    with pytest.raises(ValueError, match="share"):
        found.rank_for(1.5)


def test_kernels_ties_and_nan():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm, self.embed, self.head = (
                nn.Conv2d(2, 4, 3),
                nn.BatchNorm2d(4),
                nn.Embedding(6, 4),
                nn.Linear(4, 6),
            )
            self.head.weight = self.embed.weight

    model = Net()
    found = {w.name: w for w in weight_spectra(model, num_bootstrap=0)}
    assert set(found) == {"conv.weight", "embed.weight"}
    assert found["conv.weight"].shape == (4, 18)
    with torch.no_grad():
        model.conv.weight[0, 0, 0, 0] = math.nan
    assert weight_spectra(model, names=["conv.weight"])[0].reason == "it is not finite"
    with pytest.raises(ValueError, match="names must be those"):
        weight_spectra(model, names=["norm.weight"])
    with pytest.raises(ValueError, match="two rows and two columns"):
        weight_spectra(nn.BatchNorm1d(3))


def test_a_heavy_tail_is_recognised():
    U, V = torch.linalg.qr(torch.randn(200, 200))[0], torch.linalg.qr(torch.randn(200, 200))[0]
    W = U * pareto(200, 3.0).sqrt() @ V.T
    model = nn.Linear(200, 200)
    with torch.no_grad():
        model.weight.copy_(W)
    (found,) = weight_spectra(model, num_bootstrap=50)
    assert abs(found.power_law.alpha - 3) < 4 * found.power_law.alpha_stderr + 0.3
    assert found.power_law.p_value > 0.1


def test_compression_is_that_by_hand_and_leaves_the_model_alone():
    model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))
    batches = [(torch.randn(n, 6), torch.randint(3, (n,))) for n in (7, 2)]
    loss = nn.CrossEntropyLoss()
    before = [(id(p), p._version, p.clone()) for p in model.parameters()]
    found = {c.name: c for c in low_rank_losses(model, loss, batches, energies=[0.6, 1.0])}
    assert all(
        id(p) == i and p._version == v and torch.equal(p, q)
        for p, (i, v, q) in zip(model.parameters(), before, strict=True)
    )
    whole = (torch.cat([x for x, _ in batches]), torch.cat([y for _, y in batches]))
    full = loss(model(whole[0]), whole[1]).item()
    for _name, c in found.items():
        assert c.full == pytest.approx(full) and c.losses[1] == pytest.approx(full)
    U, S, V = torch.linalg.svd(model[0].weight.detach())
    k = found["0.weight"].ranks[0]
    assert (S[:k] ** 2).sum() >= 0.6 * (S**2).sum() > (S[: k - 1] ** 2).sum()
    assert found["0.weight"].energies[0] == pytest.approx(((S[:k] ** 2).sum() / (S**2).sum()).item())
    assert found["0.weight"].parameters[0] == pytest.approx(k * 11 / 30)
    with torch.no_grad():
        model[0].weight.copy_(U[:, :k] * S[:k] @ V[:k])
        assert found["0.weight"].losses[0] == pytest.approx(loss(model(whole[0]), whole[1]).item())
        U, S, V = torch.linalg.svd(model[2].weight)
        k = found["2.weight"].ranks[0]
        model[2].weight.copy_(U[:, :k] * S[:k] @ V[:k])
        assert found["all"].losses[0] == pytest.approx(loss(model(whole[0]), whole[1]).item())


def test_tied_weights_are_replaced_everywhere():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)
            self.b.weight = self.a.weight

        def forward(self, x):
            return self.b(self.a(x))

    model, x = Tied(), torch.randn(5, 4)
    found = low_rank_losses(model, nn.MSELoss(), [(x, torch.zeros(5, 4))], energies=[0.5])[0]
    U, S, V = torch.linalg.svd(model.a.weight.detach())
    W = U[:, : found.ranks[0]] * S[: found.ranks[0]] @ V[: found.ranks[0]]
    assert found.losses[0] == pytest.approx((x @ W.T @ W.T).square().mean().item())
    with pytest.raises(ValueError, match="at least one batch"):
        low_rank_losses(model, nn.MSELoss(), [])
    with pytest.raises(ValueError, match="share"):
        low_rank_losses(model, nn.MSELoss(), [(x, x)], energies=[0.0])
