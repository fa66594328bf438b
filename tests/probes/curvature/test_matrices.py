"""Hessian, Gauss–Newton, Fisher and empirical Fisher against dense matrices from torch.func and from their definitions."""

import copy

import pytest
import torch
import torch.nn.functional as F
from tests.probes.curvature.nets import NETS, Own, mlp, net
from torch import nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

from rhobar.probes.curvature import ParameterSpace, empirical_fisher, fisher, ggn, hessian, layer_names

MATRICES = {"hessian": hessian, "ggn": ggn, "fisher": fisher, "empirical fisher": empirical_fisher}


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


def dense(A):
    return torch.stack([A @ e for e in torch.eye(A.shape[1], dtype=A.dtype)], dim=1)


def agree(A, truth, tolerance=1e-10):
    """A V = truth V for a few random columns."""
    V = torch.randn(A.shape[1], 3)
    expected = truth @ V
    found = torch.stack([A @ v for v in V.T], dim=1)
    assert (found - expected).abs().max() <= tolerance * max(expected.abs().max(), 1)


def functional(model, call):
    """θ ↦ call(model with θ), the model untouched and its random numbers those of now."""
    space, frozen = ParameterSpace.of(model), copy.deepcopy(model)
    buffers = {k: b.clone() for k, b in model.named_buffers()}

    def f(theta):
        torch.manual_seed(5)
        parts = dict(zip(space.names, space.split(theta), strict=True))
        return call(lambda x: functional_call(frozen, (parts, {k: b.clone() for k, b in buffers.items()}), (x,)))

    torch.manual_seed(5)
    theta = space.flatten(list(dict(model.named_parameters()).values())).detach()
    return f, theta


def shares(loss, batches):
    counts = [len(y) for _, y in batches]
    return [1.0] * len(counts) if getattr(loss, "reduction", "mean") == "sum" else [c / sum(counts) for c in counts]


def tensor_of(output):
    return output["logits"] if isinstance(output, dict) else output


def jacobian(model, x):
    f, theta = functional(model, lambda net: tensor_of(net(x)))
    with sdpa_kernel(SDPBackend.MATH):
        J = torch.autograd.functional.jacobian(f, theta)
        return J.reshape(-1, theta.numel()), f(theta)


@pytest.mark.parametrize("name", NETS)
def test_hessian_is_autograds(name):
    model, loss, batches = net(name)
    v = torch.randn(ParameterSpace.of(model).size)
    truth = 0
    for c, (x, y) in zip(shares(loss, batches), batches, strict=True):
        f, theta = functional(model, lambda net: loss(net(x), y))
        with sdpa_kernel(SDPBackend.MATH):
            truth = truth + c * torch.autograd.functional.vhp(f, theta, v)[1]
    assert truth.abs().max() > 1e-2
    for max_kept in (1, 9):
        torch.manual_seed(5)
        found = hessian(model, loss, batches, max_kept=max_kept) @ v
        assert (found - truth).abs().max() <= 1e-10 * truth.abs().max()


@pytest.mark.parametrize("name", ["layer norm", "attention", "batch norm 1d, train"])
def test_hessian_is_the_dense_one(name):
    model, loss, batches = net(name)
    f, theta = functional(model, lambda net: loss(net(batches[0][0]), batches[0][1]))
    with sdpa_kernel(SDPBackend.MATH):
        truth = torch.autograd.functional.hessian(f, theta)
    assert torch.allclose(dense(hessian(model, loss, batches[:1])), truth, atol=1e-10)


@pytest.mark.parametrize("name", ["mlp", "layer norm", "group norm", "attention", "batch norm, train", "batch norm 1d, train", "lstm"])  # fmt: skip
def test_hessian_is_the_difference_of_gradients(name):
    """An oracle without second derivatives, in case autograd's own are wrong."""
    model, loss, batches = net(name)
    H, space = hessian(model, loss, batches), ParameterSpace.of(model)
    v = torch.randn(space.size)

    def gradient(theta):
        total = 0
        for c, (x, y) in zip(shares(loss, batches), batches, strict=True):
            f, _ = functional(model, lambda net: loss(net(x), y))
            total = total + c * torch.func.grad(f)(theta)
        return total

    _, theta = functional(model, None)
    h = 1e-4
    with sdpa_kernel(SDPBackend.MATH):
        steps = [gradient(theta + k * h * v) for k in (1, -1, 2, -2)]
    numeric = (8 * (steps[0] - steps[1]) - (steps[2] - steps[3])) / (12 * h)
    assert torch.allclose(H @ v, numeric, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", NETS)
def test_ggn_is_the_sandwich(name):
    model, loss, batches = net(name)
    truth = 0
    for c, (x, y) in zip(shares(loss, batches), batches, strict=True):
        J, f0 = jacobian(model, x)
        pack = (lambda o: {"logits": o}) if name == "own" else (lambda o: o)
        M = torch.autograd.functional.hessian(lambda f: loss(pack(f), y), f0).reshape(f0.numel(), f0.numel())
        truth = truth + c * J.T @ M @ J
    torch.manual_seed(5)
    agree(ggn(model, loss, batches), truth)


@pytest.mark.parametrize("name", [n for n in NETS if n not in ("summed", "own")])
def test_fisher_is_the_expectation_over_the_models_targets(name):
    model, loss, batches = net(name)
    truth = 0
    for c, (x, _) in zip(shares(loss, batches), batches, strict=True):
        J, f0 = jacobian(model, x)
        if isinstance(loss, nn.MSELoss):  # y ~ N(f, 1/2): the score 2 (y − f) has variance 2
            truth = truth + c * 2 * J.T @ J / f0.numel()
            continue
        logits = f0.movedim(1, -1).reshape(-1, f0.shape[1])
        rows = J.reshape(*f0.shape, -1).movedim(1, -2).reshape(*logits.shape, -1)
        for p, Ji in zip(logits.softmax(-1), rows, strict=True):
            scores = (torch.eye(len(p)) - p) @ Ji  # of each target in turn
            truth = truth + c * scores.T @ (p[:, None] * scores) / len(logits)
    torch.manual_seed(5)
    agree(fisher(model, loss, batches), truth)


@pytest.mark.parametrize("name", [n for n in NETS if n != "summed"])
def test_empirical_fisher_is_the_second_moment_of_sample_gradients(name):
    model, loss, batches = net(name)
    truth = 0
    for c, (x, y) in zip(shares(loss, batches), batches, strict=True):
        pick = (lambda o, i: {"logits": o["logits"][i : i + 1]}) if name == "own" else (lambda o, i: o[i : i + 1])
        for i in range(len(y)):
            f, theta = functional(model, lambda net: loss(pick(net(x), i), y[i : i + 1]))
            with sdpa_kernel(SDPBackend.MATH):
                g = torch.func.grad(f)(theta)
            truth = truth + c * torch.outer(g, g) / len(y)
    torch.manual_seed(5)
    agree(empirical_fisher(model, loss, batches), truth)


@pytest.mark.parametrize("matrix", [hessian, ggn, fisher, empirical_fisher])
@pytest.mark.parametrize("name", [n for n in NETS if "train" not in n and n not in ("dropout", "summed", "own")])
def test_how_samples_are_split_into_batches_does_not_matter(name, matrix):
    model, loss, batches = net(name)
    together = [tuple(torch.cat(parts) for parts in zip(*batches, strict=True))]
    v = torch.randn(ParameterSpace.of(model).size)
    assert torch.allclose(matrix(model, loss, batches) @ v, matrix(model, loss, together) @ v, atol=1e-12)


def test_the_four_are_different():
    model, _, batches = net("mlp")
    v = torch.randn(ParameterSpace.of(model).size)
    found = [m(model, nn.CrossEntropyLoss(), batches) @ v for m in MATRICES.values()]
    assert torch.allclose(found[1], found[2])  # cross-entropy on logits
    assert all((found[i] - found[j]).abs().max() > 0.01 for i, j in [(0, 1), (0, 3), (1, 3)])
    model = nn.Sequential(mlp(), nn.Softmax(1), nn.Flatten())
    binary = [(x, F.one_hot(y, 3).double()) for x, y in batches]
    G, true = (m(model, nn.BCELoss(), binary) @ v for m in (ggn, fisher))
    assert (G - true).abs().max() > 0.01  # probabilities are not natural parameters


@pytest.mark.parametrize("kind", [nn.BCELoss(), nn.BCEWithLogitsLoss(), nn.PoissonNLLLoss(), nn.NLLLoss(), nn.MSELoss(), F.cross_entropy])  # fmt: skip
def test_likelihoods_are_those_of_the_losses(kind):
    """∇ log p at any target is −∇ loss, for one element."""
    from rhobar.probes.curvature.likelihoods import likelihood_of

    f = torch.rand(1, 4).log_softmax(1) if isinstance(kind, nn.NLLLoss) else torch.rand(1, 4) * 0.8 + 0.1
    f.requires_grad_()
    p = likelihood_of(kind)(f)
    y = p.sample()
    loss = kind(f, y) * p.log_prob(y).numel()
    ours, theirs = (torch.autograd.grad(v, f)[0] for v in (-p.log_prob(y).sum(), loss))
    if isinstance(kind, nn.NLLLoss):  # equal on the simplex's tangent only: Categorical normalises
        ours, theirs = ours, theirs + f.exp()
    assert torch.allclose(ours, theirs)


def test_a_given_likelihood():
    model, loss, batches = net("mlp")
    given = fisher(model, loss, batches, likelihood=lambda f: torch.distributions.Categorical(logits=f))
    v = torch.randn(given.shape[1])
    assert torch.equal(given @ v, fisher(model, nn.CrossEntropyLoss(), batches) @ v)
    with pytest.raises(ValueError, match=r"likelihood is known .* label_smoothing=0.1; pass likelihood="):
        fisher(model, nn.CrossEntropyLoss(label_smoothing=0.1), batches)
    with pytest.raises(ValueError, match="got HuberLoss; pass likelihood="):
        fisher(model, nn.HuberLoss(), batches)


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
def test_blocks_are_blocks(matrix):
    model, loss, batches = net("layer norm")
    whole, start = dense(matrix(model, loss, batches, max_kept=9)), 0
    layers = layer_names(model)
    assert list(layers) == ["0", "1", "3"]
    for names in layers.values():
        block = dense(matrix(model, loss, batches, names=names, max_kept=9))
        assert torch.allclose(block, whole[start : start + len(block), start : start + len(block)], atol=1e-13)
        start += len(block)
    assert start == len(whole)


def snapshot(model):
    return (
        [m.training for m in model.modules()],
        [(id(b), b.clone()) for b in model.buffers()],
        [(p.requires_grad, id(p.grad), p.clone()) for p in model.parameters()],
        [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules()],
        torch.get_rng_state(),
    )


def same(one, two):
    return repr(one) == repr(two)


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
@pytest.mark.parametrize("fails", [False, True])
def test_the_model_is_left_as_it_was(matrix, fails):
    model, loss, batches = net("batch norm, train")
    model.n1.eval()
    model.a.weight.requires_grad_(False)
    model.b.weight.grad = torch.ones_like(model.b.weight)
    before = snapshot(model)

    def failing(output, targets):
        raise OSError("lost")

    A = matrix(
        model, failing if fails else loss, batches, **({"likelihood": failing} if fails and matrix is fisher else {})
    )
    if fails:
        with pytest.raises((OSError, TypeError)):
            A @ torch.ones(A.shape[1])
    else:
        A @ torch.ones(A.shape[1])
    assert same(snapshot(model), before)


def test_a_kept_operator_survives_steps_of_the_buffers_and_modes():
    model, loss, batches = net("batch norm, train")
    H = hessian(model, loss, batches[:1])
    v = torch.randn(H.shape[1])
    first = H @ v
    model(batches[1][0])
    model.eval().requires_grad_(False)
    assert torch.equal(H @ v, first)
    with torch.no_grad():
        model.head.bias.add_(1)
    with pytest.raises(RuntimeError, match="have changed since; make it anew"):
        H @ v


@pytest.mark.parametrize("max_kept", [0, 9])
def test_dropout_is_one_matrix(max_kept):
    model, loss, batches = net("dropout")
    H = hessian(model, loss, batches, max_kept=max_kept)
    v = torch.randn(H.shape[1])
    first = H @ v
    torch.rand(3)
    assert torch.equal(H @ v, first)


def test_a_loss_of_model_and_batch():
    model, loss, batches = net("mlp")
    by_model = hessian(model, lambda m, b: loss(m(b["x"]), b["y"]), [{"x": x, "y": y} for x, y in batches])
    v = torch.randn(by_model.shape[1])
    assert torch.equal(by_model @ v, hessian(model, loss, batches) @ v)
    with pytest.raises(ValueError, match="must be a pair"):
        ggn(model, loss, [{"x": batches[0][0]}]) @ v


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
def test_other_dtypes(matrix, dtype):
    model, loss, batches = net("layer norm")
    exact = matrix(model, loss, batches)
    v = torch.randn(exact.shape[1])
    truth = exact @ v
    low = matrix(model.to(dtype), loss, [(x.to(dtype), y) for x, y in batches])
    found = low @ v.float()
    assert found.dtype == torch.float32
    error = torch.linalg.vector_norm(found - truth) / torch.linalg.vector_norm(truth)
    assert error < (1e-5 if dtype == torch.float32 else 0.1)


def test_two_outputs_of_which_one_follows_from_the_other():
    """The loss's curvature is taken with each output as a variable of its own."""

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(3, 2)

        def forward(self, x):
            y = self.a(x)
            return y, y.tanh()

    model, x = Two(), torch.randn(4, 3)
    loss = lambda o, t: (o[0] ** 2).mean() + (o[1] ** 4 * o[0].exp()).mean()  # noqa: E731
    f, theta = functional(model, lambda net: torch.stack(net(x)))
    J = torch.autograd.functional.jacobian(f, theta).reshape(16, -1)
    M = torch.autograd.functional.hessian(lambda o: loss(o, None), f(theta)).reshape(16, 16)
    assert torch.allclose(dense(ggn(model, loss, [(x, torch.zeros(4))])), J.T @ M @ J)


def test_weights_and_refusals():
    model, loss, batches = net("mlp")
    v = torch.randn(ParameterSpace.of(model).size)
    single = [hessian(model, loss, [b]) @ v for b in batches]
    weighted = hessian(model, loss, batches, weights=[1.0, 2.0, 3.0]) @ v
    assert torch.allclose(weighted, single[0] + 2 * single[1] + 3 * single[2])
    for call, message in {
        lambda: hessian(model, loss, []): "at least one batch",
        lambda: hessian(model, loss, batches, weights=[1.0]): "one a batch, got 1 for 3",
        lambda: hessian(model, loss, [(torch.zeros(0, 4), torch.zeros(0).long())]): "at least one sample",
        lambda: hessian(model, loss, batches, names=["nothing"]): "names must be those of parameters",
        lambda: hessian(model, loss, batches, names=[]): "one at least",
        lambda: hessian(model, nn.CrossEntropyLoss(reduction="none"), batches) @ v: "one floating number, got",
        lambda: ggn(nn.Flatten(), loss, batches): "one at least",
        lambda: ggn(Own(), lambda o, t: o["logits"].sum(), batches, names=["unused"]) @ torch.ones(2): "depends on the chosen",
        lambda: empirical_fisher(model, nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2, 9])), batches) @ v: "mean over its samples",
    }.items():  # fmt: skip
        with pytest.raises(ValueError, match=message):
            call()


def test_a_loss_without_curvature_gives_zero():
    model, _, batches = net("mlp")
    G = ggn(model, lambda o, t: o.sum(), batches)
    assert not (G @ torch.randn(G.shape[1])).any()
    H = hessian(nn.Linear(4, 1), lambda o, t: o.sum(), batches)
    assert not (H @ torch.randn(5)).any()
