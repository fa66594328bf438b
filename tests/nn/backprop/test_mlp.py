"""Backpropagation by hand equals autograd, for any depth, width, activation and batch."""

import itertools

import pytest
import torch
from torch.nn import functional as F

from rhobar.nn.backprop import (
    activation_jacobian,
    chain_product,
    layer_jacobian,
    mlp_backward,
    mlp_forward,
    preactivation_jacobian,
    softmax_cross_entropy_delta,
    squared_error_gradient,
    weight_jacobian,
)

ACTIVATIONS = {
    "tanh": (torch.tanh, lambda z: 1 - torch.tanh(z) ** 2),
    "sigmoid": (torch.sigmoid, lambda z: torch.sigmoid(z) * (1 - torch.sigmoid(z))),
    "relu": (torch.relu, lambda z: (z > 0).to(z)),
    "gelu": (F.gelu, lambda z: torch.special.ndtr(z) + z * torch.exp(-(z**2) / 2) / (2 * torch.pi) ** 0.5),
    "identity": (lambda z: z, torch.ones_like),
}
WIDTHS = [(3, 2), (4, 5, 3), (2, 7, 1, 6, 3)]


def random(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def network(widths, batch=4):
    weights = [random(m, n, seed=n + 10 * m).requires_grad_() for n, m in itertools.pairwise(widths)]
    biases = [random(m, seed=m).requires_grad_() for m in widths[1:]]
    return random(batch, widths[0]).requires_grad_(), weights, biases


def same(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("batch", [1, 4])
def test_the_four_equations_equal_autograd(widths, activation, batch):
    f, df = ACTIVATIONS[activation]
    x, weights, biases = network(widths, batch)
    depth, y = len(weights), random(batch, widths[-1], seed=9)
    done = mlp_forward(x, weights, biases, [f] * depth)
    loss = ((done.a[-1] - y) ** 2).sum()
    found = mlp_backward(done, weights, [df] * depth, 2 * (done.a[-1] - y))
    same(found.weights, torch.autograd.grad(loss, weights, retain_graph=True))
    same(found.biases, torch.autograd.grad(loss, biases, retain_graph=True))
    same(found.deltas, torch.autograd.grad(loss, done.z, retain_graph=True))
    same([found.inputs], torch.autograd.grad(loss, x))


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_the_forward_pass_equals_torchs_modules(widths):
    x, weights, biases = network(widths)
    layers = []
    for W, b in zip(weights, biases, strict=True):
        layer = torch.nn.Linear(W.shape[1], W.shape[0], dtype=torch.float64)
        layer.load_state_dict({"weight": W, "bias": b})
        layers += [layer, torch.nn.Tanh()]
    done = mlp_forward(x, weights, biases, [torch.tanh] * len(weights))
    torch.testing.assert_close(done.a[-1], torch.nn.Sequential(*layers)(x), rtol=1e-12, atol=1e-12)
    assert done.a[0] is x
    assert len(done.z) == len(done.a) - 1 == len(weights)


def test_each_layer_may_have_its_own_activation():
    names = ["tanh", "relu", "gelu", "identity"]
    x, weights, biases = network(WIDTHS[2])
    f, df = zip(*(ACTIVATIONS[name] for name in names), strict=True)
    done = mlp_forward(x, weights, biases, f)
    found = mlp_backward(done, weights, df, torch.ones_like(done.a[-1]))
    same(found.weights, torch.autograd.grad(done.a[-1].sum(), weights))


def test_softmax_with_cross_entropy():
    x, weights, biases = network((3, 5, 4))
    y = F.one_hot(torch.tensor([0, 3, 1, 1]), 4).double()
    f, df = ACTIVATIONS["tanh"]
    done = mlp_forward(x, weights, biases, [f, lambda z: z])
    found = mlp_backward(done, weights, [df, torch.ones_like], softmax_cross_entropy_delta(done.z[-1], y))
    loss = F.cross_entropy(done.z[-1], y, reduction="sum")
    same(found.weights, torch.autograd.grad(loss, weights, retain_graph=True))
    # The elementwise rule would be wrong here: softmax has a full Jacobian.
    p = done.z[-1].softmax(-1)
    assert not torch.allclose((-y / p) * p * (1 - p), softmax_cross_entropy_delta(done.z[-1], y))


def test_the_gradient_of_a_mean_is_the_mean_of_the_gradients():
    x, weights, biases = network((3, 5, 2), batch=5)
    f, df = ACTIVATIONS["tanh"]

    def gradient(x):
        done = mlp_forward(x, weights, biases, [f, f])
        return mlp_backward(done, weights, [df, df], done.a[-1]).weights[0]

    torch.testing.assert_close(gradient(x), sum(gradient(sample[None]) for sample in x))


def test_one_layer_and_a_squared_error():
    W, b, x, y = random(2, 3).requires_grad_(), random(2, seed=1), random(3, seed=2), random(2, seed=3)
    a = torch.sigmoid(W @ x + b)
    found = squared_error_gradient(x, y, a, a * (1 - a))
    same([found], torch.autograd.grad(((a - y) ** 2).sum(), W))


def test_jacobians_of_layers():
    W, b, x = random(4, 3), random(4, seed=1), random(3, seed=2)
    z = W @ x + b
    f, df = ACTIVATIONS["gelu"]
    jacrev = torch.func.jacrev
    same([activation_jacobian(df(z))], [jacrev(f)(z)])
    same([layer_jacobian(W, df(z))], [jacrev(lambda x: f(W @ x + b))(x)])
    same([preactivation_jacobian(W, df(x))], [jacrev(lambda x: W @ f(x) + b)(x)])
    same([weight_jacobian(x, 4)], [jacrev(lambda W: W @ x)(W)])
    assert layer_jacobian(W, df(z)).shape == (4, 3)


def test_singular_values_of_an_activation_are_the_sizes_of_its_slopes():
    z = torch.tensor([-2.0, -1.0, 3.0], dtype=torch.float64)  # GELU falls at the first two
    slopes = ACTIVATIONS["gelu"][1](z)
    assert slopes.min() < 0
    torch.testing.assert_close(torch.linalg.svdvals(activation_jacobian(slopes)), slopes.abs().sort(descending=True)[0])


def test_the_chain_product_equals_autograd():
    x, weights, biases = network(WIDTHS[2], batch=1)
    f, df = ACTIVATIONS["tanh"]
    done = mlp_forward(x, weights, biases, [f] * 4)
    jacobians = [layer_jacobian(W, df(z[0])) for W, z in zip(weights, done.z, strict=True)]
    g = random(WIDTHS[2][-1], seed=5)
    (wanted,) = torch.autograd.grad(done.a[-1], x, g[None])
    same([chain_product(g, jacobians)], wanted)
