"""K-FAC: rows, factors, inverses, and when the blocks are the Fisher matrix itself."""

import gc

import pytest
import torch
import torch.nn.functional as F
from benchmarks import kfac as benchmark
from torch import nn

from rhobar.optim import KFAC, ema, split_parameters
from rhobar.optim.curvature import fisher
from rhobar.optim.kfac import BLOCKS
from rhobar.optim.kfac.block import Seen
from rhobar.optim.kfac.capture import Capture
from rhobar.optim.kfac.layers import blocks_of
from rhobar.optim.likelihood import likelihood_of


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


LAYERS = {
    "linear": (lambda: nn.Linear(3, 4), normal(5, 3)),
    "linear-without-bias": (lambda: nn.Linear(3, 4, bias=False), normal(5, 3)),
    "linear-on-sequences": (lambda: nn.Linear(3, 4), normal(5, 6, 3)),
    "conv2d": (lambda: nn.Conv2d(2, 3, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2)), normal(5, 2, 7, 6)),
    "conv2d-same": (lambda: nn.Conv2d(2, 3, (5, 3), padding="same", bias=False), normal(5, 2, 5, 5)),
    "conv1d": (lambda: nn.Conv1d(2, 3, 3, stride=2, padding=2), normal(5, 2, 8)),
    "embedding": (lambda: nn.Embedding(4, 3, padding_idx=0), torch.tensor([[0, 1, 2], [2, 2, 3]])),
    "layer-norm": (lambda: nn.LayerNorm(4), normal(5, 4)),
    "layer-norm-2d": (lambda: nn.LayerNorm((3, 4)), normal(5, 2, 3, 4)),
    "rms-norm": (lambda: nn.RMSNorm(4), normal(5, 6, 4)),
    "group-norm": (lambda: nn.GroupNorm(2, 4), normal(5, 4, 3)),
    "batch-norm-1d": (lambda: nn.BatchNorm1d(4), normal(5, 4)),
    "batch-norm-2d": (lambda: nn.BatchNorm2d(4), normal(5, 4, 3, 2)),
}


def layer(name):
    torch.manual_seed(1)
    make, x = LAYERS[name]
    module = make().double()
    with torch.no_grad():
        for p in module.parameters():
            p.add_(0.3 * torch.randn_like(p))
        if name == "embedding":
            module.weight[0] = 0
    return module, x


def block_of(module):
    return blocks_of(module, list(module.parameters()))[""]


def test_every_kind_of_layer_is_in_the_table():
    assert {type(layer(name)[0]) for name in LAYERS} | {nn.BatchNorm3d} == set(BLOCKS)


def per_sample_gradients(module, x, delta):
    """One row of flattened gradients for each sample, by autograd of Σ y·δ over that sample alone.

    In a batch norm the samples share statistics, which are those of the whole batch here as in K-FAC.
    """
    rows = []
    for i in range(len(x)):
        module.zero_grad()
        mask = torch.zeros_like(delta)
        mask[i] = 1
        (module(x) * delta * mask).sum().backward()
        rows.append(torch.cat([p.grad.reshape(len(p), -1) for p in module.parameters()], 1).reshape(-1)
                    if not isinstance(module, nn.LayerNorm | nn.RMSNorm | nn.GroupNorm | nn.modules.batchnorm._BatchNorm)
                    else torch.cat([p.grad.reshape(-1) for p in module.parameters()]))  # fmt: skip
    return torch.stack(rows)


def dense_inverse(block, factors, damping):
    """(F̂ + λI)⁻¹ as `precondition` applies it, column by column, in the order of `per_sample_gradients`."""
    inverse, params = block.invert(factors), block.params
    joint = "A" in factors and len(params) == 2
    columns = []
    n = sum(p.numel() for p in params)
    for e in torch.eye(n, dtype=torch.float64):
        if joint:
            V = e.reshape(len(params[0]), -1)
            grads = [V[:, :-1].reshape(params[0].shape), V[:, -1]]
        else:
            parts = e.split([p.numel() for p in params])
            grads = [part.view(p.shape) for part, p in zip(parts, params, strict=True)]
        d = block.precondition(inverse, grads, damping)
        columns.append(torch.cat([d[0].reshape(len(d[0]), -1), d[1][:, None]], 1).reshape(-1) if joint
                       else torch.cat([part.reshape(-1) for part in d]))  # fmt: skip
    return torch.stack(columns, 1)


@pytest.mark.parametrize("name", [n for n in LAYERS if n.startswith(("linear", "conv"))])
def test_rows_give_the_layers_gradient(name):
    """Σ δ āᵀ over the rows is the gradient of Σ y·δ: patches, strides, padding and dilation are the layer's own."""
    module, x = layer(name)
    block = block_of(module)
    y = module(x)
    delta = normal(*y.shape, seed=2)
    a, d = block.rows(Seen(x, delta))
    grads = torch.autograd.grad((y * delta).sum(), block.params)
    torch.testing.assert_close(torch.bmm(d, a.mT).sum(0).reshape(module.weight.shape), grads[0])
    if module.bias is not None:
        torch.testing.assert_close(d.sum((0, 2)), grads[1])


@pytest.mark.parametrize("name", [n for n in LAYERS if n.startswith(("linear", "conv"))])
def test_factors_are_the_second_moments_of_the_rows(name):
    """Of two calls of unequal size, with a one at the end of each row where there is a bias."""
    module, x = layer(name)
    calls = [Seen(part, normal(*module(part).shape, seed=2)) for part in (x, x[:1])]
    block = block_of(module)
    rows = [tuple(t.transpose(1, 2).flatten(0, 1) for t in block.rows(call)) for call in calls]
    a, d = (torch.cat(parts) for parts in zip(*rows, strict=True))
    a = torch.cat([a, torch.ones_like(a[:, :1])], 1) if module.bias is not None else a
    found = block.factors(calls, 3)
    torch.testing.assert_close(found["A"], a.T @ a / len(a))
    torch.testing.assert_close(found["G"], d.T @ d / 3)


ONE_ROW = ["linear", "linear-without-bias", "embedding", "layer-norm", "rms-norm", "group-norm"]


@pytest.mark.parametrize("name", ONE_ROW)
def test_b25_exact_for_a_single_sample(name):
    """One row: the block is g gᵀ/n, between a scale and a shift of the same unit for norms."""
    module, x = layer(name)
    x = torch.tensor([2]) if name == "embedding" else x[:1, :1] if name == "rms-norm" else x[:1]
    delta = normal(*module(x).shape, seed=2)
    block = block_of(module)
    g = per_sample_gradients(module, x, delta)[0]
    expected = torch.outer(g, g) / 3
    if "norm" in name:
        c = block.params[0].numel()
        same_unit = torch.eye(c, dtype=torch.bool).repeat(len(block.params), len(block.params))
        expected = torch.where(same_unit, expected, 0.0)
    inverse = torch.linalg.inv(expected + 0.1 * torch.eye(len(g), dtype=g.dtype))
    factors = block.factors([Seen(x, delta)], num_predictions=3)
    torch.testing.assert_close(dense_inverse(block, factors, 0.1), inverse)


@pytest.mark.parametrize("name", [n for n in LAYERS if "norm" in n])
def test_norm_blocks_are_exact_within_each_unit_for_whole_batches(name):
    module, x = layer(name)
    block = block_of(module)
    delta = normal(*module(x).shape, seed=2)
    g = per_sample_gradients(module, x, delta)
    c = block.params[0].numel()
    same_unit = torch.eye(c, dtype=torch.bool).repeat(len(block.params), len(block.params))
    expected = torch.where(same_unit, g.T @ g / 5, 0.0) + 0.1 * torch.eye(g.shape[1], dtype=g.dtype)
    factors = block.factors([Seen(x, delta)], num_predictions=5)
    torch.testing.assert_close(dense_inverse(block, factors, 0.1), torch.linalg.inv(expected))


@pytest.mark.parametrize("name", ["linear", "conv2d", "conv1d", "linear-on-sequences"])
def test_b25_the_inverse_is_that_of_the_damped_kronecker_product(name):
    module, x = layer(name)
    block = block_of(module)
    factors = block.factors([Seen(x, normal(*module(x).shape, seed=2))], num_predictions=5)
    product = torch.kron(factors["G"], factors["A"])
    expected = torch.linalg.inv(product + 0.1 * torch.eye(len(product), dtype=torch.float64))
    torch.testing.assert_close(dense_inverse(block, factors, 0.1), expected)


def test_negligible_eigenvalues_change_the_step_by_less_than_a_thousandth():
    torch.manual_seed(0)
    module, scales = nn.Linear(8, 3).double(), 10.0 ** -torch.arange(8).double()
    block = block_of(module)
    factors = block.factors([Seen(normal(50, 8) * scales, normal(50, 3, seed=2))], num_predictions=50)
    product = torch.kron(factors["G"], factors["A"])
    exact = torch.linalg.inv(product + 0.1 * torch.eye(27, dtype=torch.float64))
    error = torch.linalg.matrix_norm(dense_inverse(block, factors, 0.1) - exact, 2)
    assert 0 < error < 1e-3 * torch.linalg.matrix_norm(exact, 2)


def test_b25_inverse_of_a_kronecker_product():
    A, G = (m @ m.T for m in (normal(3, 3), normal(2, 2, seed=1)))
    torch.testing.assert_close(torch.linalg.inv(torch.kron(A, G)), torch.kron(torch.linalg.inv(A), torch.linalg.inv(G)))


@pytest.mark.parametrize("name", ["linear", "conv1d", "embedding", "layer-norm"])
def test_batches_count_by_samples_not_by_calls(name):
    """A batch in one call or in two uneven ones is the same, with as many predictions."""
    module, x = layer(name)
    if name == "embedding":
        x = torch.tensor([[1, 2], [2, 3], [0, 1], [3, 3]])
    block, delta = block_of(module), normal(*module(x).shape, seed=2)
    whole = block.factors([Seen(x, delta)], 4)
    parts = block.factors([Seen(x[:1], delta[:1]), Seen(x[1:], delta[1:])], 4)
    for key, value in whole.items():
        torch.testing.assert_close(parts[key], value)


def test_padding_tokens_do_not_count():
    module, x = layer("embedding")
    block, delta = block_of(module), normal(2, 3, 3, seed=2)
    factors = block.factors([Seen(x, delta)], 2)
    torch.testing.assert_close(factors["A"], torch.tensor([0, 0.2, 0.6, 0.2]).double())
    kept = delta.reshape(6, 3)[1:]
    torch.testing.assert_close(factors["G"], kept.T @ kept / 2)


def exact_factors(model, x):
    """Each layer's factors with δ over all outputs instead of draws: for F.mse_loss, E[∇∇ᵀ] = Σ_k 2 J_k J_kᵀ."""
    blocks, calls = blocks_of(model, list(model.parameters())), {}
    inputs, outputs = {}, {}
    for name, block in blocks.items():

        def hook(_module, args, out, name=name):
            inputs[name], outputs[name] = args[0].detach(), out

        block.module.register_forward_hook(hook)
    f = model(x)
    for k in range(f.shape[1]):
        deltas = torch.autograd.grad(2**0.5 * f[:, k].sum(), list(outputs.values()), retain_graph=True)
        for name, delta in zip(outputs, deltas, strict=True):
            calls.setdefault(name, []).append(Seen(inputs[name], delta))
    return {name: blocks[name].factors(seen, f.numel()) for name, seen in calls.items()}, f


@pytest.mark.parametrize("activation, exact", [(nn.Identity, True), (nn.Tanh, False)])
def test_b25_blocks_are_exact_in_deep_linear_networks(activation, exact):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), activation(), nn.Linear(4, 4), activation(), nn.Linear(4, 2)).double()
    factors, f = exact_factors(model, 2 * normal(9, 3))
    for name in ("0", "2"):
        params = [model[int(name)].weight, model[int(name)].bias]
        A = fisher(f, params, likelihood_of("gaussian"))
        dense = torch.stack([A @ e for e in torch.eye(A.shape[0], dtype=torch.float64)], 1)
        rows, columns = params[0].shape
        order = torch.cat([torch.arange(rows * columns).reshape(rows, columns),
                           rows * columns + torch.arange(rows)[:, None]], 1).reshape(-1)  # fmt: skip
        error = torch.kron(factors[name]["G"], factors[name]["A"]) - dense[order][:, order]
        assert bool(error.abs().max() < 1e-10) == exact


# Watching the forward pass.


def watched(model, likelihood="gaussian", seed=0):
    class Owner:
        def due(self):
            return True

        def receive(self, calls, num_predictions):
            self.calls, self.num_predictions = calls, num_predictions

    owner = Owner()
    layers = [(n, m) for n, m in model.named_modules() if type(m) in BLOCKS]
    generator = torch.Generator().manual_seed(seed)
    Capture(model, layers, likelihood_of(likelihood), lambda f: f, owner.due, owner.receive, generator)
    return owner


def test_the_captured_gradients_are_those_of_the_sampled_loss():
    """Rows of both give the gradient that a direct backward of the same draw gives."""
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double(), normal(6, 3)
    owner = watched(model)
    f = model(x)
    loss = likelihood_of("gaussian").sampled_loss(f, generator=torch.Generator().manual_seed(0))
    for name in ("0", "2"):
        (seen,) = owner.calls[name]
        (g,) = torch.autograd.grad(loss, model[int(name)].weight, retain_graph=True)
        torch.testing.assert_close(seen.delta.T @ seen.x, g)
    assert owner.num_predictions == 12


def test_in_place_activations_do_not_disturb_it():
    deltas = []
    for inplace in (False, True):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=inplace), nn.Linear(4, 2)).double()
        owner = watched(model)
        model(normal(6, 3)).sum().backward()
        deltas.append(owner.calls["0"][0].delta)
    assert torch.equal(*deltas)


def test_the_users_backward_notices_nothing():
    grads, states = [], []
    for watch in (False, True):
        torch.manual_seed(0)
        model, x = nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Linear(4, 2)), normal(6, 3).float()
        owner = watched(model) if watch else None
        f = model(x)
        assert all(p.grad is None for p in model.parameters())
        F.mse_loss(f, torch.ones_like(f)).backward()
        grads.append([p.grad for p in model.parameters()])
        states.append(torch.get_rng_state())
    assert owner is not None
    assert all(torch.equal(a, b) for a, b in zip(*grads, strict=True))
    assert torch.equal(*states)


def classifier():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def batch():
    return normal(8, 3).float(), torch.arange(8) % 2


def train(optimizer, model, steps):
    x, y = batch()
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


@pytest.mark.parametrize("how", ["eval", "no_grad", "nan"])
def test_other_forward_passes_leave_no_statistics(how):
    model, (x, y) = classifier(), batch()
    optimizer = KFAC(model.parameters(), model)
    if how == "eval":
        model.eval()(x)
    elif how == "no_grad":
        with torch.no_grad():
            model(x)
    else:
        model(x * float("nan"))
    F.cross_entropy(model[2](model[1](model[0](x))), y).backward()
    with pytest.raises(RuntimeError, match="no statistics of layer '0'"):
        optimizer.step()


def test_an_error_in_the_forward_pass_passes_through():
    model = classifier()
    optimizer = KFAC(model.parameters(), model)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        model(torch.ones(2, 5))
    train(optimizer, model, 1)


def test_rhythm_of_statistics_and_diagonalisations():
    """Statistics at 0, 2, 4, …; bases at 0, 5, 10 and before 5 when the statistics have doubled: at 2."""
    model = classifier()
    optimizer = KFAC(model.parameters(), model, stats_every=2, inverse_every=5)
    counts, bases = [], []
    for _ in range(11):
        train(optimizer, model, 1)
        state = optimizer.state[model[0].weight]
        counts.append(state["num_stats"])
        bases.append(state["inverse"]["Q_A"])
    assert counts == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6]
    changes = [a is not b for a, b in zip(bases[1:], bases[:-1], strict=True)]
    assert [t for t, changed in enumerate(changes, 1) if changed] == [2, 5, 10]


def test_statistics_are_a_running_mean_whose_first_batches_count_in_full():
    model, (x, _) = classifier(), batch()
    optimizer = KFAC(model.parameters(), model, stats_every=1, stats_decay=0.6)
    means, expected = [], None
    for t, scale in enumerate((1.0, 2.0, 3.0, 4.0), 1):
        model(scale * x)
        state = optimizer.state[model[0].weight]
        means.append(state["factors"]["A"].clone())
        a = torch.cat([scale * x, torch.ones(8, 1)], 1)
        weight = max(1 / t, 0.4)
        expected = a.T @ a / 8 if expected is None else (1 - weight) * expected + weight * a.T @ a / 8
        torch.testing.assert_close(means[-1], expected)


def test_step_by_its_parts():
    """One step from the state that it leaves: d = (F̂ + λI)⁻¹g cut to max_kl, then momentum, decay and rate."""
    model = classifier().double()
    x, y = batch()
    settings = {"lr": 0.3, "damping": 1e-5, "momentum": 0.5, "weight_decay": 0.1, "max_kl": 1e-2}
    optimizer = KFAC(model.parameters(), model, **settings)
    velocity = [torch.zeros_like(p) for p in model.parameters()]
    for _ in range(3):
        optimizer.zero_grad()
        F.cross_entropy(model(x.double()), y).backward()
        before, grads = [p.detach().clone() for p in model.parameters()], [p.grad.clone() for p in model.parameters()]
        optimizer.step()
        d = []
        for i in (0, 2):
            state, pair = optimizer.state[model[i].weight], grads[i : i + 2]
            F_hat = torch.kron(state["factors"]["G"], state["factors"]["A"])
            V = torch.cat([pair[0], pair[1][:, None]], 1)
            U = torch.linalg.solve(F_hat + 1e-5 * torch.eye(len(F_hat)).double(), V.reshape(-1)).view_as(V)
            d += [U[:, :-1], U[:, -1]]
        divergence = 0.09 * sum((a * b).sum() for a, b in zip(d, grads, strict=True))
        nu = min(1.0, (1e-2 / divergence).sqrt())
        velocity = [0.5 * v + nu * a for v, a in zip(velocity, d, strict=True)]
        for p, b, v in zip(model.parameters(), before, velocity, strict=True):
            torch.testing.assert_close(p.detach(), b - 0.3 * (v + 0.1 * b), rtol=0, atol=1e-8)
    assert nu < 1


def test_b24_invariant_to_affine_reparametrisation_of_the_inputs():
    """x and Tx + c with the weights to match: the same draws, the same function after a step."""
    T, c = normal(3, 3, seed=3), normal(3, seed=4)
    ends = {}
    for kfac in (True, False):
        functions = []
        for transformed in (False, True):
            torch.manual_seed(0)
            model, x = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double(), normal(30, 3)
            z = x
            if transformed:
                z = x @ T.T + c
                with torch.no_grad():
                    W = model[0].weight @ torch.linalg.inv(T)
                    model[0].bias -= W @ c
                    model[0].weight.copy_(W)
            y = torch.stack([x[:, 0].sin(), x[:, 1] ** 2], 1)
            optimizer = KFAC(model.parameters(), model, lr=0.1, likelihood="gaussian", damping=1e-13, max_kl=None,
                             generator=torch.Generator().manual_seed(0))  # fmt: skip
            F.mse_loss(model(z), y).backward()
            (optimizer if kfac else torch.optim.SGD(model.parameters(), lr=0.1)).step()
            functions.append(model.eval()(z).detach())
        ends[kfac] = (functions[0] - functions[1]).abs().max().item()
    assert ends[True] < 1e-6
    assert ends[False] > 1e-2


def test_beats_adam_where_inputs_are_badly_scaled():
    """A target loss in fewer steps than Adam at the best of its rates."""
    x = normal(64, 4) * torch.tensor([0.03, 1.0, 10.0, 30.0])
    y = torch.tanh(x @ torch.tensor([[30.0, 1, 0, 0], [0, 1, 0.1, 0], [30.0, 0, 0.1, 0.03]]).double().T)
    y = y @ normal(3, 2, seed=1)

    def steps(make):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 2)).double()
        optimizer = make(model)
        for step in range(150):
            optimizer.zero_grad()
            loss = F.mse_loss(model(x), y)
            if loss < 0.03 * y.square().mean():
                return step
            loss.backward()
            optimizer.step()
        return 150

    ours = steps(lambda m: KFAC(m.parameters(), m, lr=0.5, likelihood="gaussian", stats_every=1, inverse_every=1,
                                generator=torch.Generator().manual_seed(0)))  # fmt: skip
    theirs = min(steps(lambda m, lr=lr: torch.optim.Adam(m.parameters(), lr=lr)) for lr in (3e-3, 1e-2, 3e-2, 1e-1))
    assert ours < theirs


def test_reaches_a_loss_of_the_digits_autoencoder_in_fewer_steps_than_adam():
    """The target is what the best of three rates of Adam has reached after 90 steps."""
    curves = [benchmark.losses(benchmark.adam(rate), 0, 90) for rate in (3e-3, 1e-2, 3e-2)]
    target = min(curve[-1] for curve in curves)
    theirs = min(benchmark.steps_to(target, curve) for curve in curves)
    assert benchmark.steps_to(target, benchmark.losses(benchmark.kfac, 0, 90)) < theirs <= 90


class Words(nn.Module):
    """Embedding, norm, convolution, head: logits of shape (batch, classes, places)."""

    def __init__(self):
        super().__init__()
        self.embed, self.norm, self.conv = nn.Embedding(7, 6), nn.LayerNorm(6), nn.Conv1d(6, 8, 3, padding=1)
        self.head = nn.Linear(8, 7)

    def forward(self, tokens):
        h = self.conv(self.norm(self.embed(tokens)).transpose(1, 2)).relu()
        return {"logits": self.head(h.transpose(1, 2)).transpose(1, 2)}


def test_trains_a_model_of_many_kinds_with_outputs_in_a_dictionary():
    torch.manual_seed(0)
    model, tokens = Words(), torch.randint(7, (16, 5), generator=torch.Generator().manual_seed(0))
    with pytest.raises(TypeError, match="say by `pick`"):
        broken = KFAC(model.parameters(), model)
        model(tokens)
    del broken
    optimizer = KFAC(model.parameters(), model, lr=0.1, stats_every=2, inverse_every=4, pick=lambda out: out["logits"],
                     generator=torch.Generator().manual_seed(0))  # fmt: skip
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(tokens)["logits"], tokens)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


def test_copies_of_the_model_are_not_watched_and_a_dead_optimizer_lets_go():
    model, (x, _) = classifier(), batch()
    optimizer = KFAC(model.parameters(), model, stats_every=1)
    average = ema(model)
    average.train()(x)
    assert not optimizer.state[model[0].weight]
    model(x)
    assert optimizer.state[model[0].weight]["num_stats"] == 1
    del optimizer
    gc.collect()
    model(x)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_frozen_halves_of_a_layer():
    for frozen, stepped in (("bias", "weight"), ("weight", "bias")):
        model = classifier()
        getattr(model[0], frozen).requires_grad_(False)
        params = [p for p in model.parameters() if p.requires_grad]
        optimizer = KFAC(params, model)
        before = [p.detach().clone() for p in model[0].parameters()]
        train(optimizer, model, 2)
        moved = [not torch.equal(p, q) for p, q in zip(model[0].parameters(), before, strict=True)]
        assert moved == [stepped == "weight", stepped == "bias"]


def test_split_parameters():
    class Mixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.TransformerEncoderLayer(4, 2, 8)
            self.tied, self.head = nn.Embedding(5, 4), nn.Linear(4, 5, bias=False)
            self.head.weight = self.tied.weight
            self.token = nn.Parameter(torch.zeros(4))

    model = Mixed()
    covered, others = split_parameters(model)
    names = {id(p): n for n, p in model.named_parameters()}
    assert {names[id(p)] for p in others} == {
        "token", "tied.weight", "body.self_attn.in_proj_weight", "body.self_attn.in_proj_bias",
        "body.self_attn.out_proj.weight", "body.self_attn.out_proj.bias",
    }  # fmt: skip
    assert len(covered) + len(others) == len(names)
    KFAC(covered, model)


REFUSED = {
    "gru": (nn.GRU(2, 3), "GRU is none of Linear"),
    "groups": (nn.Conv1d(2, 2, 1, groups=2), "groups=2"),
    "padding": (nn.Conv1d(2, 2, 1, padding_mode="circular"), "padding_mode='circular'"),
    "sparse": (nn.Embedding(3, 2, sparse=True), "sparse=True"),
    "frequency": (nn.Embedding(3, 2, scale_grad_by_freq=True), "scale_grad_by_freq=True"),
    "max-norm": (nn.Embedding(3, 2, max_norm=1.0), "max_norm=1.0"),
    "half": (nn.Linear(2, 2).bfloat16(), "use autocast"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_what_it_cannot_approximate(name):
    module, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        KFAC(module.parameters(), module)


@pytest.mark.parametrize("settings, message", [
    ({"lr": -1.0}, "lr must be at least 0"),
    ({"damping": 0.0}, "damping must be positive"),
    ({"momentum": 1.0}, "momentum must be in"),
    ({"stats_every": 0}, "must be at least 1"),
    ({"max_kl": 0.0}, "max_kl must be positive or None"),
    ({"likelihood": "poisson"}, "likelihood must be one of"),
])  # fmt: skip
def test_refuses(settings, message):
    model = classifier()
    with pytest.raises(ValueError, match=message):
        KFAC(model.parameters(), model, **settings)


def test_refuses_strangers_and_late_groups():
    model = classifier()
    with pytest.raises(ValueError, match="1 of the parameters are not in the model"):
        KFAC([nn.Parameter(torch.ones(1))], model)
    optimizer = KFAC(model[0].parameters(), model)
    with pytest.raises(ValueError, match="construct another one"):
        optimizer.add_param_group({"params": model[2].parameters()})


def test_autocast():
    model, (x, y) = classifier(), batch()
    optimizer = KFAC(model.parameters(), model)
    with torch.autocast("cpu", torch.bfloat16):
        loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    state = optimizer.state[model[2].weight]
    assert state["factors"]["A"].dtype == torch.float32
    assert all(bool(p.isfinite().all()) for p in model.parameters())
