"""Recurrent networks, VAE, GAN, SimCLR and the graph network against their equations."""

import math

import pytest
import torch
from tests.nn.architectures.rows import lively, seeded
from torch import nn
from torch.nn import functional as F
from torch.testing import assert_close

from rhobar.nn.architectures.gan import Discriminator, Generator
from rhobar.nn.architectures.gcn import GCN, normalized_adjacency
from rhobar.nn.architectures.recurrent import RecurrentClassifier, RecurrentLanguageModel
from rhobar.nn.architectures.recurrent_stack import recurrent_stack
from rhobar.nn.architectures.resnet import resnet
from rhobar.nn.architectures.simclr import SimCLR
from rhobar.nn.architectures.vae import VAE

CELLS = ["rnn", "lstm", "gru"]


@pytest.mark.parametrize("cell", CELLS)
def test_padding_behind_a_sequence_does_not_count(cell) -> None:
    model = lively(RecurrentClassifier(cell, 3, 8, 4, num_layers=2))
    x, lengths = torch.randn(4, 7, 3, generator=seeded(0)).double(), torch.tensor([7, 3, 1, 5])
    alone = torch.cat([model(x[i : i + 1, :n]) for i, n in enumerate(lengths.tolist())])
    assert_close(model(x, lengths), alone, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_a_language_model_goes_on_from_its_state(cell) -> None:
    model = lively(RecurrentLanguageModel(cell, 11, 8, num_layers=2))
    tokens = torch.randint(11, (3, 9), generator=seeded(0))
    whole, _ = model(tokens)
    state, parts = None, []
    for part in tokens.split([4, 1, 4], 1):
        scores, state = model(part, state)
        parts.append(scores)
    assert_close(torch.cat(parts, 1), whole, rtol=1e-10, atol=1e-12)
    changed = tokens.clone()
    changed[:, 5] = (changed[:, 5] + 1) % 11
    assert torch.equal(model(changed)[0][:, :5], whole[:, :5])  # no future


def test_dropout_stands_around_the_layers_not_along_time() -> None:
    model = RecurrentLanguageModel("lstm", 11, 8, num_layers=2, dropout=0.5)
    assert model.stack.dropout == 0.5 and model.dropout.p == 0.5
    assert recurrent_stack("lstm", 3, 8, num_layers=1, dropout=0.5).dropout == 0.0  # torch would warn
    before: list[torch.Tensor] = []
    model.dropout.register_forward_hook(lambda _, inputs, __: before.append(inputs[0]))
    tokens = torch.tensor([[1, 2, 3]])
    model(tokens)
    assert len(before) == 2 and torch.equal(before[0], model.embedding(tokens))
    classifier = RecurrentClassifier("lstm", 3, 8, 2, num_layers=2, dropout=0.25)
    assert classifier.stack.dropout == 0.25 and classifier.dropout.p == 0.25
    classifier.dropout.register_forward_hook(lambda _, inputs, __: before.append(inputs[0]))
    classifier(torch.zeros(1, 4, 3))
    assert before[2].shape == (1, 8)
    with pytest.raises(ValueError, match="rnn, lstm, gru, got 'elman'"):
        recurrent_stack.__wrapped__("elman", 3, 8)


def test_the_latent_vector_is_drawn_as_the_encoder_says() -> None:
    """z = μ + s ε: over many draws its mean is μ and its variance s², within five standard errors."""
    model = VAE(4, [8], 2).double().train()
    with torch.no_grad():
        model.encoder.layers[-1].bias += torch.tensor([1.0, -1.0, 0.5, -2.0]).double()
    model.decoder = nn.Identity()
    n, x = 40_000, torch.rand(1, 4, generator=seeded(0)).double()
    with torch.no_grad():
        z, mean, log_variance = model(x.expand(n, 4), seeded(1))
    mu, variance = mean[0], log_variance[0].exp()
    assert ((z.mean(0) - mu).abs() < 5 * (variance / n).sqrt()).all()
    assert ((z.var(0) / variance - 1).abs() < 5 * math.sqrt(2 / n)).all()
    assert_close(model.encode(x)[0][0], mu)
    assert_close(model.eval()(x, seeded(1)).logits, mean[:1])


def test_the_bound_of_the_vae_lies_below_the_likelihood() -> None:
    """C87: ELBO ≤ log p(x), here with p(x) = ∫ p(x|z) p(z) dz summed over a grid of the two latent numbers."""
    model, n = VAE(5, [16], 2).double().train(), 10_000
    grid = torch.cartesian_prod(*[torch.linspace(-7, 7, 281).double()] * 2)
    for x in (torch.rand(4, 5, generator=seeded(0)) < 0.5).double().split(1):
        with torch.no_grad():
            logits, mean, log_variance = model(x.expand(n, 5), seeded(1))
            at_grid = _log_likelihood(model.decode(grid), x)
        exact = (at_grid - (grid**2).sum(1) / 2).logsumexp(0) + math.log(0.05**2 / (2 * math.pi))
        code = (mean[0] ** 2 + log_variance[0].exp() - 1 - log_variance[0]).sum() / 2
        bound = _log_likelihood(logits, x).mean() - code
        assert exact - 2 < bound < exact


def _log_likelihood(logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return -F.binary_cross_entropy_with_logits(logits, x.expand(logits.shape), reduction="none").sum(1)


def test_samples_of_the_vae_are_probabilities_under_their_generator() -> None:
    model = VAE(5, [16], 2)
    one, same, other = (model.sample(3, seeded(s)) for s in (0, 0, 1))
    assert torch.equal(one, same) and not torch.equal(one, other)
    assert ((one > 0) & (one < 1)).all()
    z = torch.randn(3, 2, generator=seeded(0))
    assert_close(one, model.decode(z).sigmoid())


@pytest.mark.parametrize("size", [8, 16, 64])
def test_the_adversaries_fit_together(size: int) -> None:
    generator, judge = Generator(5, channels=2, width=4, size=size), Discriminator(channels=2, width=4, size=size)
    images = generator(torch.randn(3, 5, generator=seeded(0)))
    assert images.shape == (3, 2, size, size) and images.abs().max() <= 1
    assert judge(images).shape == (3,)
    last = next(m for m in reversed(list(generator.modules())) if isinstance(m, nn.ConvTranspose2d))
    with torch.no_grad():
        last.weight.mul_(1e3)
    assert generator(torch.randn(3, 5)).abs().max() > 0.99  # tanh, of numbers of any size
    for make in (Generator, Discriminator):
        with pytest.raises(ValueError, match="power of two of at least 8, got 12"):
            make(size=12)


def test_slopes_of_the_discriminator() -> None:
    slopes = [m.negative_slope for m in Discriminator(width=4, size=16).modules() if isinstance(m, nn.LeakyReLU)]
    assert slopes == [0.2, 0.2]


def test_simclr_keeps_features_and_compares_projections() -> None:
    encoder = resnet(18, num_classes=0, width=4)
    assert encoder.num_features == 32
    model = lively(SimCLR(encoder, 32, projection=6))
    x = torch.randn(3, 3, 33, 33, generator=seeded(0)).double()
    h = model.features(x)
    assert torch.equal(h, encoder(x)) and h.shape == (3, 32)
    first, _, second = model.head.layers
    assert_close(model(x), (h @ first.weight.T + first.bias).relu() @ second.weight.T + second.bias)


def graph(n: int, seed: int = 0) -> torch.Tensor:
    upper = (torch.rand(n, n, generator=seeded(seed)) < 0.4).double().triu(1)
    return upper + upper.T


def test_propagation_is_its_equation() -> None:
    A = graph(7)
    loops = A + torch.eye(7)
    D = loops.sum(1)
    wanted = torch.diag(D**-0.5) @ loops @ torch.diag(D**-0.5)
    got = normalized_adjacency(A)
    assert_close(got, wanted)
    values = torch.linalg.eigvalsh(got)
    assert values[0] > -1 and values[-1].item() == pytest.approx(1)
    assert_close(got @ D.sqrt(), D.sqrt())


def test_the_graph_network_is_its_equation_and_equivariant() -> None:
    """B78: f(PAPᵀ, PX) = P f(A, X)."""
    model = lively(GCN(4, 8, 3))
    A, X = graph(7), torch.randn(7, 4, generator=seeded(1)).double()
    P = torch.eye(7).double()[torch.randperm(7, generator=seeded(2))]
    S = normalized_adjacency(A)
    W0, b0, W1, b1 = (p for layer in (model.first, model.second) for p in (layer.weight, layer.bias))
    assert_close(model(X, A), S @ (S @ X @ W0 + b0).relu() @ W1 + b1)
    assert_close(model(P @ X, P @ A @ P.T), P @ model(X, A))


def test_a_node_sees_two_steps_far() -> None:
    chain = torch.diag(torch.ones(5), 1)
    chain, model = (chain + chain.T).double(), lively(GCN(2, 16, 3))
    X = torch.randn(6, 2, generator=seeded(1)).double().requires_grad_()
    (gradient,) = torch.autograd.grad(model(X, chain)[0].sum(), X)
    assert gradient.any(1).tolist() == [True, True, True, False, False, False]


def test_dropout_of_the_graph_network_hits_inputs_of_both_layers() -> None:
    model = GCN(2, 16, 3, dropout=0.5).train()
    seen: list[int] = []
    model.dropout.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0].shape[-1]))
    model(torch.randn(6, 2), graph(6).float())
    assert seen == [2, 16]
