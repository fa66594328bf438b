"""Restricted Boltzmann machines against exact enumeration, and greedy pre-training on digits."""

from itertools import product

import pytest
import torch
from sklearn.datasets import load_digits

from rhobar.nn.neurons import RBM, BeliefNetwork, contrastive_divergence, log_likelihood, pretrain


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def machine(visible=5, hidden=4, scale=0.8):
    rbm = RBM(visible, hidden, scale=scale, generator=rng()).double()
    with torch.no_grad():
        rbm.visible_bias.copy_(torch.randn(visible, generator=rng(1)))
        rbm.hidden_bias.copy_(torch.randn(hidden, generator=rng(2)))
    return rbm


def states(n):
    return torch.tensor(list(product((0.0, 1.0), repeat=n)), dtype=torch.float64)


def joint(rbm):
    """p(v, h) of every pair of states, by the energy."""
    v, h = states(rbm.weight.shape[1]), states(rbm.weight.shape[0])
    energies = rbm.energy(v[:, None, :].expand(-1, len(h), -1), h[None].expand(len(v), -1, -1))
    return v, h, torch.softmax(-energies.flatten(), 0).view(len(v), len(h)), energies


def test_energy_by_its_sum():
    rbm = machine()
    v, h = states(5)[11], states(4)[6]
    W, a, b = rbm.weight, rbm.visible_bias, rbm.hidden_bias
    expected = -sum(W[j, i] * v[i] * h[j] for i in range(5) for j in range(4)) - a @ v - b @ h
    torch.testing.assert_close(rbm.energy(v, h), expected)


def test_conditionals_and_free_energy_follow_from_the_energy():
    rbm = machine()
    v, h, p, energies = joint(rbm)
    torch.testing.assert_close(rbm.free_energy(v), -torch.logsumexp(-energies, 1))
    torch.testing.assert_close(rbm(v), (p @ h) / p.sum(1, keepdim=True))
    torch.testing.assert_close(rbm.backward_pass(h), (p.T @ v) / p.sum(0)[:, None])


@pytest.mark.parametrize("visible, hidden", [(5, 4), (3, 6)])
def test_log_likelihood_is_exact_by_either_layer(visible, hidden):
    rbm = machine(visible, hidden)
    v, _, p, _ = joint(rbm)
    torch.testing.assert_close(log_likelihood(rbm, v), p.sum(1).log().mean())
    with pytest.raises(ValueError, match="at most 20 units, got 30 and 25"):
        log_likelihood(RBM(30, 25), torch.zeros(1, 30))


def test_long_chains_give_the_gradient_of_the_log_likelihood():
    rbm = machine(scale=0.5)
    data = states(5)[[3, 3, 17, 28]]
    gradients = torch.autograd.grad(log_likelihood(rbm, data), list(rbm.parameters()))
    many = data.repeat(4000, 1)
    d = contrastive_divergence(rbm, many, steps=30, generator=rng(5))
    for ours, exact in zip((d.weight, d.visible_bias, d.hidden_bias), gradients, strict=True):
        torch.testing.assert_close(ours, exact, rtol=0, atol=4 * 0.5 / len(many) ** 0.5 + 1e-9)


def test_one_step_is_biased_but_points_the_same_way():
    rbm = machine(scale=0.5)
    data = states(5)[[3, 3, 17, 28]]
    exact = torch.autograd.grad(log_likelihood(rbm, data), rbm.weight)[0]
    d = contrastive_divergence(rbm, data.repeat(4000, 1), generator=rng(5))
    assert torch.cosine_similarity(d.weight.flatten(), exact.flatten(), 0) > 0.7
    assert (d.weight - exact).abs().max() > 0.03


def test_at_the_models_own_distribution_nothing_moves():
    rbm = machine(scale=0.5)
    v, _, p, _ = joint(rbm)
    drawn = v[torch.multinomial(p.sum(1), 40_000, replacement=True, generator=rng(1))]
    d = contrastive_divergence(rbm, drawn, generator=rng(2))
    assert d.weight.abs().max() < 0.02 and d.visible_bias.abs().max() < 0.02 and d.hidden_bias.abs().max() < 0.02


def test_training_raises_the_exact_log_likelihood():
    rbm, data = RBM(6, 8, generator=rng()).double(), torch.eye(6, dtype=torch.float64)
    before, chain = log_likelihood(rbm, data).item(), None
    for step in range(800):
        d = contrastive_divergence(rbm, data.repeat(4, 1), start=chain, generator=rng(step))
        chain = d.end
        with torch.no_grad():
            for p, move in zip(rbm.parameters(), (d.weight, d.visible_bias, d.hidden_bias), strict=True):
                p += 0.1 * move
    after = log_likelihood(rbm, data).item()
    assert before == pytest.approx(-6 * 0.6931, abs=0.05) and before + 1 < after < -1.79  # −ln 6 at best
    with pytest.raises(ValueError, match="steps must be at least 1, got 0"):
        contrastive_divergence(rbm, data, steps=0)


def test_greedy_pretraining_improves_the_reconstruction_of_digits():  # C-§2.3
    data = torch.tensor(load_digits().data[:600] / 16, dtype=torch.float32)
    net = BeliefNetwork([64, 48, 24], generator=rng())
    layers = pretrain(net, data, epochs=15, generator=rng(1))
    baseline = (data - data.mean(0)).square().mean().item()  # what the mean image scores
    assert all(layer.after < 0.4 * layer.before for layer in layers)
    assert layers[0].after < 0.5 * baseline and layers[1].after < 0.7 * baseline
    unseen = torch.tensor(load_digits().data[600:900] / 16, dtype=torch.float32)
    assert (net.reconstruct(unseen) - unseen).square().mean() < 0.75 * (unseen - data.mean(0)).square().mean()
    torch.testing.assert_close(net.encoder()(unseen), net(unseen))
    assert layers[1].after == pytest.approx((net.reconstruct(data) - data).square().mean().item())


def test_pretraining_is_repeatable_and_refuses_other_data():
    data = torch.rand(20, 6, generator=rng())
    nets = [BeliefNetwork([6, 4], generator=rng()) for _ in range(2)]
    assert pretrain(nets[0], data, epochs=2, generator=rng(1)) == pretrain(nets[1], data, epochs=2, generator=rng(1))
    with pytest.raises(ValueError, match="data must lie in \\[0, 1\\], got values from"):
        pretrain(nets[0], data + 1)
    with pytest.raises(ValueError, match="at least a visible and a hidden layer, got \\[6\\]"):
        BeliefNetwork([6])
