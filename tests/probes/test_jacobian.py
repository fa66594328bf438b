"""Laws of layer_gains, in float64 against dense Jacobians."""

import math
import warnings

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from rhobar.probes.jacobian import LayerGain, chain_gain, layer_gains


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


EXACT = {"max_steps": 60, "tol": 1e-9, "num_probes": 100}


def agrees(gain, J):
    """The three numbers of `gain` against the dense J of shape (*out, *in)."""
    assert gain.reason == ""
    frobenius = torch.linalg.matrix_norm(J) / J.shape[0] ** 0.5
    assert gain.sigma_max == pytest.approx(torch.linalg.svdvals(J)[0].item(), rel=1e-6)
    assert abs(gain.jacobian - frobenius) <= 5 * gain.jacobian_stderr + 1e-9


def dense(f, x):
    J = torch.func.jacrev(f)(x)
    return J.reshape(f(x).numel(), x.numel())


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.a, self.b = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x):
        return x + self.b(F.gelu(self.a(x)))


class Attention(nn.Module):
    """A transformer block with its norms first, in plain functions."""

    def __init__(self, width=8):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.q, self.k, self.v, self.o = (nn.Linear(width, width) for _ in range(4))
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x):
        n = self.norm1(x)
        split = [f(n).unflatten(-1, (2, -1)).transpose(-2, -3) for f in (self.q, self.k, self.v)]
        x = x + self.o(F.scaled_dot_product_attention(*split).transpose(-2, -3).flatten(-2))
        return x + self.mlp(self.norm2(x))


def test_linear_network_against_the_svd():
    model = nn.Sequential(nn.Linear(5, 8), nn.Linear(8, 6), nn.Linear(6, 3))
    gains = layer_gains(model, torch.randn(1, 5), **EXACT)
    assert [gain.name for gain in gains] == ["0", "1", "2"]
    assert all(gain.chained for gain in gains)
    for gain, layer in zip(gains, model, strict=True):
        agrees(gain, layer.weight.detach())


def test_batch_is_block_diagonal():
    layer, x = nn.Linear(5, 8), torch.randn(4, 5)
    (gain,) = layer_gains(layer, x, **EXACT)
    agrees(gain, torch.block_diag(*[layer.weight.detach()] * 4))
    assert gain.forward == pytest.approx((layer(x).pow(2).mean() / x.pow(2).mean()).sqrt().item())
    assert gain.name == "Linear"


@pytest.mark.parametrize("functional", [True, False])
def test_activation_belongs_to_the_map_before_it_module_or_not(functional):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.act = nn.Linear(6, 7), nn.Linear(7, 4), nn.ReLU(inplace=True)

        def forward(self, x):
            x = self.a(x)
            return self.b(F.relu(x) if functional else self.act(x))

    model, x = Net(), torch.randn(3, 6)
    first, second = layer_gains(model, x, **EXACT)
    agrees(first, dense(lambda x: F.relu(model.a(x)), x))
    agrees(second, dense(model.b, F.relu(model.a(x))))
    assert first.modules == (("a",) if functional else ("a", "act"))


def test_diagonal_activation():
    model = nn.Sequential(nn.Linear(6, 6, bias=False), nn.Tanh())
    nn.init.eye_(model[0].weight)
    x = torch.randn(2, 6)
    (gain,) = layer_gains(model, x, **EXACT)
    agrees(gain, torch.diag((1 - x.tanh() ** 2).flatten()))


@pytest.mark.parametrize("train", [True, False])
def test_convolution_with_norm_and_pooling(train):
    model = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(12, 4),
    ).train(train)
    x = torch.randn(3, 2, 4, 4)
    gains = layer_gains(model, x, **EXACT)
    assert [gain.name for gain in gains] == ["0", "5"]
    assert gains[0].modules == ("0", "1", "2", "3", "4")
    with torch.no_grad():
        hidden = model[:5](x)
    model[1].track_running_stats = False if train else model[1].track_running_stats
    if train:
        model[1].running_mean = model[1].running_var = model[1].num_batches_tracked = None
    agrees(gains[0], dense(model[:5], x))
    agrees(gains[1], dense(model[5], hidden))


def test_residual_blocks():
    model = nn.Sequential(nn.Linear(4, 6), Residual(6), Residual(6), nn.Linear(6, 2))
    x = torch.randn(2, 4)
    gains = {gain.name: gain for gain in layer_gains(model, x, **EXACT)}
    assert [name for name, gain in gains.items() if gain.chained] == ["0", "1.a+1.b", "2.a+2.b", "3"]
    h = model[0](x).detach()
    agrees(gains["1.a+1.b"], dense(model[1], h))
    agrees(gains["1.a"], dense(lambda h: F.gelu(model[1].a(h)), h))
    agrees(gains["1.b"], dense(model[1].b, F.gelu(model[1].a(h)).detach()))
    assert set(gains) == {"0", "1.a+1.b", "1.a", "1.b", "2.a+2.b", "2.a", "2.b", "3"}


def test_stream_changed_in_place():
    class Net(Residual):
        def forward(self, x):
            x = self.b(self.a(x))
            x += 1
            x *= self.a.weight[0, 0]
            return self.b(self.a(x))

    model, x = Net(4), torch.randn(2, 4)
    gains = layer_gains(model, x, **EXACT)
    assert [gain.name for gain in gains] == ["a", "b", "a#2", "b#2"]
    h = model.a(x).detach()
    agrees(gains[1], dense(lambda h: (model.b(h) + 1) * model.a.weight[0, 0], h))


def test_transformer_block_and_embeddings():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.token, self.place = nn.Embedding(11, 8), nn.Embedding(5, 8)
            self.blocks = nn.ModuleList([Attention(), Attention()])
            self.norm, self.head = nn.LayerNorm(8), nn.Linear(8, 11, bias=False)
            self.head.weight = self.token.weight  # tied

        def forward(self, tokens):
            x = self.token(tokens) + self.place(torch.arange(tokens.shape[1]))
            for block in self.blocks:
                x = block(x)
            return {"logits": self.head(self.norm(x))}

    model, tokens = Net(), torch.randint(11, (2, 5))
    gains = {gain.name: gain for gain in layer_gains(model, tokens, **EXACT)}
    chained = [name for name, gain in gains.items() if gain.chained]
    assert chained[-1] == "head"
    assert [name.split(".")[1] for name in chained[:-1]] == ["0", "1"]
    x = (model.token(tokens) + model.place(torch.arange(5))).detach()
    with sdpa_kernel(SDPBackend.MATH):
        agrees(gains[chained[0]], dense(model.blocks[0], x))
    assert gains["blocks.0.q+blocks.0.k+blocks.0.v"].sigma_max > 0


@pytest.mark.parametrize("train", [True, False])
def test_torch_transformer_layer(train):
    model = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True).train(train)
    x = torch.randn(2, 3, 8)
    gains = [gain for gain in layer_gains(model, x, **EXACT) if gain.chained]
    product = [gain.name for gain in gains]
    assert product[0].startswith("self_attn")
    assert all(gain.reason == "" for gain in gains)


def test_lstm_is_handled():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.head = nn.LSTM(3, 4, batch_first=True), nn.Linear(4, 2)

        def forward(self, x):
            return self.head(self.rnn(x)[0][:, -1])

    model, x = Net(), torch.randn(2, 5, 3)
    first, second = layer_gains(model, x, **EXACT)
    assert (first.name, second.name, first.chained, second.chained) == ("rnn", "head", True, True)
    expected = torch.autograd.functional.jacobian(lambda x: model.rnn(x)[0][:, -1], x)
    agrees(first, expected.reshape(8, 30))


def test_what_cannot_be_measured_is_named_with_its_reason():
    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, g):
            return g * 2

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.detached, self.b, self.idle = (nn.Linear(4, 4) for _ in range(4))
            self.two, self.aside = nn.Bilinear(4, 4, 4), nn.Linear(4, 1)

        def forward(self, x):
            y = self.a(x)
            y = Once.apply(y) + y  # half of the paths have a second derivative
            self.aside(y)
            y = y + self.detached(x.detach())
            return self.b(y) + self.two(x, y)

    gains = {gain.name: gain for gain in layer_gains(Net(), torch.randn(2, 4), **EXACT)}
    assert gains["idle"].reason == "it was not called"
    assert gains["two"].reason == "it takes 2 float tensors, not one"
    assert gains["detached"].reason == "no derivative leads from the model's input to its input"
    assert gains["aside"].reason == "the model's (first) output does not depend on it"
    assert gains["a"].reason == "an operation in it has no second derivative"
    assert gains["a"].jacobian > 0 and math.isnan(gains["a"].sigma_max)
    assert gains["b"].reason == ""


def test_output_without_derivative():
    class Net(nn.Linear):
        def forward(self, x):
            return super().forward(x).argmax(-1)

    (gain,) = layer_gains(nn.Sequential(Net(3, 2)), torch.randn(2, 3))
    assert gain.reason == "no derivative leads from the model's input to its output"


def test_nan_is_not_healthy():
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    nn.init.constant_(model[0].weight, float("nan"))
    gains = layer_gains(model, torch.randn(2, 3))
    assert gains[0].reason == "its Jacobian is not finite"
    assert math.isnan(gains[0].jacobian)
    assert chain_gain(gains).missing == ("0",)


def snapshot(model):
    return (
        [m.training for m in model.modules()],
        [(id(b), b.clone()) for b in model.buffers()],
        [(id(p), p.clone(), p.requires_grad, id(p.grad), p.grad.clone()) for p in model.parameters()],
        [(len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks)) for m in model.modules()],
        torch.get_rng_state(),
        torch.is_grad_enabled(),
    )


def same(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@pytest.mark.parametrize("fails", [False, True])
def test_everything_is_restored(fails):
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("count", torch.zeros(()))

        def forward(self, x):
            self.count = self.count + 1
            self.train(not self.training)
            if fails:
                raise KeyError("in the model")
            return x

    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), Odd(), nn.Linear(4, 2))
    model[2].eval()
    model(torch.randn(8, 4)).sum().backward() if not fails else None
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    model[0].bias.requires_grad_(False)
    before = snapshot(model)
    x = torch.randn(8, 4)
    before = snapshot(model)
    with torch.no_grad():
        if fails:
            with pytest.raises(KeyError):
                layer_gains(model, x)
        else:
            assert len(layer_gains(model, x)) == 2
    assert same(before, snapshot(model))
    assert x.grad is None and not x.requires_grad


def test_standard_error_is_honest():
    """(estimate − truth)/stderr has mean 0 and deviation 1, over many seeds."""
    layer, x = nn.Linear(20, 15), torch.randn(1, 20)
    truth = (torch.linalg.matrix_norm(layer.weight) / 15**0.5).item()
    scores = []
    for seed in range(100):
        generator = torch.Generator().manual_seed(seed)
        (gain,) = layer_gains(layer, x, num_probes=25, max_steps=1, generator=generator)
        scores.append((gain.jacobian - truth) / gain.jacobian_stderr)
    z = torch.tensor(scores)
    assert abs(z.mean()) < 0.3
    assert 0.8 < z.std() < 1.25


def test_deterministic_and_in_float32():
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8)).float()
    x = torch.randn(4, 8, dtype=torch.float32)
    assert layer_gains(model, x) == layer_gains(model, x)


@pytest.mark.parametrize("gain", [0.5, 1.0, 2.0])
def test_chain_of_scaled_orthogonal_maps_is_exact(gain):
    layers = [nn.Linear(6, 6) for _ in range(12)]
    for layer in layers:
        nn.init.orthogonal_(layer.weight, gain)
    chain = chain_gain(layer_gains(nn.Sequential(*layers), torch.randn(3, 6)))
    assert chain.mean == pytest.approx(gain)
    assert chain.product == pytest.approx(gain**12)
    assert chain.depth == 12


@pytest.mark.parametrize("functional", [True, False])
def test_kaiming_initialisation_is_critical(functional):
    class Deep(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(256, 256, bias=False) for _ in range(10)])
            self.act = F.relu if functional else nn.ReLU()

        def forward(self, x):
            for layer in self.layers:
                x = self.act(layer(x))
            return x

    model = Deep()
    for layer in model.layers:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    chain = chain_gain(layer_gains(model, torch.randn(4, 256), max_steps=1))
    assert chain.mean == pytest.approx(1, abs=0.05)


def test_chain_of_nothing_and_of_zero():
    assert math.isnan(chain_gain([]).mean)
    dead = [LayerGain("a", chained=True, jacobian=0.0), LayerGain("b", chained=True, jacobian=2.0)]
    assert chain_gain(dead).product == 0
    aside = [LayerGain("a", jacobian=5.0), LayerGain("b", chained=True, jacobian=2.0, jacobian_stderr=0.2)]
    assert (chain_gain(aside).product, chain_gain(aside).depth) == (pytest.approx(2), 1)
    assert chain_gain(aside).mean_stderr == pytest.approx(0.2)


def test_keyword_inputs():
    class Net(nn.Linear):
        def forward(self, *, x, scale):
            return super().forward(x) * scale

    (gain,) = layer_gains(nn.ModuleDict({"n": Net(3, 3)})["n"], {"x": torch.randn(2, 3), "scale": 2.0})
    assert gain.sigma_max > 0


def test_refused():
    with pytest.raises(ValueError, match="num_probes must be at least 2, got 1"):
        layer_gains(nn.Linear(2, 2), torch.ones(1, 2), num_probes=1)
    with warnings.catch_warnings(action="ignore"), pytest.raises(ValueError, match="uninitialised"):
        layer_gains(nn.LazyLinear(2), torch.ones(1, 2))
