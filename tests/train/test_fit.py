"""What `fit` promises of gradients, penalties, averages, stopping and modes; each against the plain loop or a closed form."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, get_swa_multi_avg_fn
from torch.utils.data import DataLoader, TensorDataset

from rhobar.optim import NaturalGradient, NewtonCG
from rhobar.train import (
    Batches,
    EarlyStopping,
    accuracy,
    clip_norm_,
    decay_groups,
    evaluate,
    fit,
    penalty,
    plateau,
    weights,
)

X = torch.randn(45, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
Y = X[:, :3].argmax(1)


def net(*, norm=False):
    torch.manual_seed(3)
    middle = [nn.BatchNorm1d(8)] if norm else []
    return nn.Sequential(nn.Linear(5, 8), *middle, nn.Tanh(), nn.Linear(8, 3)).double()


def sgd(model, rate=0.1):
    return torch.optim.SGD(model.parameters(), lr=rate)


def cut(sizes):
    return [(x, y) for x, y in zip(X.split(sizes), Y.split(sizes), strict=True)]


def same(one, other, tol=1e-12):
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.allclose(a, b, rtol=0, atol=tol)


def test_it_is_the_plain_loop():
    loader = DataLoader(TensorDataset(X, Y), 7, shuffle=True, generator=torch.Generator().manual_seed(1))
    model, plain = net(), net()
    losses = [step.loss for step in fit(model, F.cross_entropy, loader, sgd(model), epochs=3)]
    loader = DataLoader(TensorDataset(X, Y), 7, shuffle=True, generator=torch.Generator().manual_seed(1))
    optimizer, expected = sgd(plain), []
    for _ in range(3):
        for x, y in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(plain(x), y)
            loss.backward()
            optimizer.step()
            expected.append(loss.item())
    assert losses == expected
    same(model, plain, 0)


@pytest.mark.parametrize("sizes", [[9] * 5, [20, 20, 5], [1, 43, 1]], ids=str)
@pytest.mark.parametrize("options", [{}, {"clip_norm": 0.05}, {"clip_value": 0.01}, {"l1": 0.1, "l2": 0.3}], ids=str)
def test_accumulated_batches_are_one_large_batch_whatever_their_sizes(sizes, options):
    many, one = net(), net()
    steps = [list(fit(m, F.cross_entropy, b, sgd(m), accumulate=len(b), **options))
             for m, b in ((many, cut(sizes)), (one, [(X, Y)]))]  # fmt: skip
    assert [len(s) for s in steps] == [1, 1]
    assert steps[0][0].loss == pytest.approx(steps[1][0].loss, rel=1e-12)
    assert steps[0][0].rows == 45
    same(many, one)


def test_a_last_group_that_is_smaller_still_counts():
    model = net()
    steps = list(fit(model, F.cross_entropy, cut([10, 10, 10, 10, 5]), sgd(model), accumulate=2))
    assert [(s.rows, s.ends_epoch) for s in steps] == [(20, False), (20, False), (5, True)]


def test_clipping_keeps_the_direction_and_reports_the_norm_before():
    model, free = net(), net()
    step = next(fit(model, F.cross_entropy, [(X, Y)], sgd(model), clip_norm=0.01))
    F.cross_entropy(free(X), Y).backward()
    gradient = torch.cat([p.grad.flatten() for p in free.parameters()])
    moved = torch.cat([(a - b).flatten() for a, b in zip(free.parameters(), model.parameters(), strict=True)])
    assert step.grad_norm == pytest.approx(gradient.norm().item())
    assert moved.norm().item() == pytest.approx(0.1 * 0.01, rel=1e-4)
    assert F.cosine_similarity(moved, gradient, dim=0).item() == pytest.approx(1)


def test_a_short_gradient_is_not_stretched():
    p = nn.Parameter(torch.zeros(2))
    p.grad = torch.tensor([0.03, 0.04])
    assert clip_norm_([p], 1.0).item() == pytest.approx(0.05)
    assert p.grad.tolist() == pytest.approx([0.03, 0.04])


def test_a85_only_weights_are_penalised():
    model = net(norm=True)
    assert [tuple(p.shape) for p in weights(model)] == [(8, 5), (3, 8)]
    groups = decay_groups(model, 0.1)
    assert [(len(g["params"]), g["weight_decay"]) for g in groups] == [(2, 0.1), (4, 0.0)]
    before = [p.clone() for p in model.parameters()]
    list(fit(model, lambda out, y: 0 * out.sum(), [(X, Y)], sgd(model), l2=0.5))
    for p, old in zip(model.parameters(), before, strict=True):
        assert torch.allclose(p, old * (1 - 0.1 * 0.5) if p.ndim == 2 else old)


def test_a84_c76_l2_is_the_gradient_of_its_penalty_and_equals_weight_decay_of_sgd():
    one, other = net(), net()
    list(fit(one, F.cross_entropy, cut([15] * 3), sgd(one), l2=0.2))
    list(fit(other, F.cross_entropy, cut([15] * 3), torch.optim.SGD(decay_groups(other, 0.2), lr=0.1)))
    same(one, other)
    w = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    penalty([w], l1=0.3, l2=0.2).backward()
    assert torch.allclose(w.grad, 0.2 * w.detach() + 0.3 * w.detach().sign())


def test_a84_ridge_has_its_closed_form():
    """(1/N)‖Xw − y‖² + (λ/2)‖w‖²: w = (XᵀX + (Nλ/2) I)⁻¹ Xᵀy."""
    y, lam = X @ torch.arange(1.0, 6.0, dtype=torch.float64), 0.3
    model = nn.Linear(5, 1, bias=False).double()
    for _ in fit(model, F.mse_loss, [(X, y[:, None])], sgd(model, 0.2), epochs=400, l2=lam):
        pass
    expected = torch.linalg.solve(X.T @ X + 45 * lam / 2 * torch.eye(5, dtype=torch.float64), X.T @ y)
    assert torch.allclose(model.weight[0], expected, atol=1e-9)


def test_stopped_gradient_descent_is_like_ridge():
    """C-§7.2.3: on a linear model t steps of η act on a direction of eigenvalue s like a ridge of λ ≈ 1/(ηt)."""
    y = X @ torch.arange(1.0, 6.0, dtype=torch.float64)
    H, g = X.T @ X / 45, X.T @ y / 45
    eta, t = 0.01, 100
    model = nn.Linear(5, 1, bias=False).double()
    nn.init.zeros_(model.weight)
    for _ in fit(model, lambda out, target: F.mse_loss(out, target) / 2, [(X, y[:, None])], sgd(model, eta), epochs=t):
        pass
    ridge = torch.linalg.solve(H + torch.eye(5, dtype=torch.float64) / (eta * t), g)
    full = torch.linalg.solve(H, g)
    stopped = model.weight[0].detach()
    assert (stopped - ridge).norm() < 0.3 * (stopped - full).norm()


@pytest.mark.parametrize("norm", [False, True])
def test_ema_is_torchs_average_and_takes_the_models_place(norm):
    model, by_hand = net(norm=norm), net(norm=norm)
    for _ in fit(model, F.cross_entropy, cut([15] * 3), sgd(model), epochs=2, ema=0.8):
        pass
    average = AveragedModel(by_hand, multi_avg_fn=get_ema_multi_avg_fn(0.8), use_buffers=True)
    for _ in fit(by_hand, F.cross_entropy, cut([15] * 3), sgd(by_hand), epochs=2):
        average.update_parameters(by_hand)
    assert all(
        torch.equal(a, b)
        for a, b in zip(model.state_dict().values(), average.module.state_dict().values(), strict=True)
    )


def test_swa_is_torchs_average_over_the_last_epochs_with_fresh_batch_norm():
    model, by_hand = net(norm=True), net(norm=True)
    for _ in fit(model, F.cross_entropy, cut([15] * 3), sgd(model), epochs=4, swa=0.5):
        pass
    average = AveragedModel(by_hand, multi_avg_fn=get_swa_multi_avg_fn())
    for step in fit(by_hand, F.cross_entropy, cut([15] * 3), sgd(by_hand), epochs=4):
        if step.ends_epoch and step.epoch > 2:
            average.update_parameters(by_hand)
    same(model, average.module)
    torch.optim.swa_utils.update_bn(cut([15] * 3), average)
    assert torch.allclose(model[1].running_var, average.module[1].running_var)


def test_c_7_2_3_early_stopping_takes_the_best_weights_back():
    """A rate that is too high for these weights: the first epoch is the best."""
    model, valid = net(), [(X[:20], Y[:20])]
    seen = []
    steps = fit(model, lambda out, y: -F.cross_entropy(out, y), [(X, Y)], sgd(model), epochs=50, validation=valid,
                stopping=EarlyStopping(3, "accuracy", maximize=True), metrics={"accuracy": accuracy})  # fmt: skip
    for step in steps:
        seen.append((step.validation["accuracy"], [p.detach().clone() for p in model.parameters()]))
    best = max(range(len(seen)), key=lambda i: (seen[i][0], -i))
    assert len(seen) == best + 1 + 3
    assert all(torch.equal(a, b) for a, b in zip(seen[best][1], model.parameters(), strict=True))


def test_nan_is_no_improvement():
    model = net()
    valid = [(torch.full_like(X[:5], math.nan), Y[:5])]
    steps = list(
        fit(model, F.cross_entropy, [(X, Y)], sgd(model), epochs=9, validation=valid, stopping=EarlyStopping(2))
    )
    assert len(steps) == 2


def test_a_break_leaves_the_model_and_its_mode():
    model = net(norm=True).eval()
    for step in (steps := fit(model, F.cross_entropy, cut([15] * 3), sgd(model))):
        assert model.training
        if step.number == 2:
            break
    steps.close()
    assert not any(m.training for m in model.modules())


def test_frozen_parts_keep_the_mode_that_the_loop_gives_them():
    model = net(norm=True)
    for step in fit(model, F.cross_entropy, cut([15] * 3), sgd(model), epochs=2, validation=[(X, Y)]):
        if step.number == 1:
            model[1].eval()
            kept = model[1].running_mean.clone()
    assert torch.equal(model[1].running_mean, kept)


def test_evaluation_weighs_batches_by_their_rows():
    model = net()
    whole = evaluate(model, F.cross_entropy, [(X, Y)], metrics={"accuracy": accuracy})
    parts = evaluate(model, F.cross_entropy, cut([40, 4, 1]), metrics={"accuracy": accuracy})
    assert parts.loss == pytest.approx(whole.loss, rel=1e-12)
    assert parts["accuracy"] == pytest.approx(whole["accuracy"], rel=1e-6)
    assert parts.rows == 45
    with pytest.raises(KeyError, match="there are loss, accuracy"):
        parts["acuracy"]


@pytest.mark.parametrize(
    "make", [lambda m: NewtonCG(m.parameters()), lambda m: NaturalGradient(m.parameters(), 0.3, damping=0.1)]
)
def test_optimizers_that_differentiate_twice_get_the_graph(make):
    model = net()
    steps = list(fit(model, F.cross_entropy, [(X, Y)], make(model), epochs=8))
    assert steps[-1].loss < 0.7 * steps[0].loss


def test_plateau_goes_by_the_training_loss_where_there_is_nothing_else():
    model = net()
    steps = fit(model, lambda out, y: 0 * out.sum() + 1, [(X, Y)], sgd(model), epochs=6, schedule=plateau(0.5, 1))
    assert [s.rate for s in steps] == [0.1, 0.1, 0.1, 0.05, 0.05, 0.025]


def test_a_batch_that_is_no_pair_goes_to_the_loss_with_the_model():
    model = net()
    steps = list(fit(model, lambda m, x: m(x).square().mean(), Batches(X, size=20), sgd(model)))
    assert [s.rows for s in steps] == [20, 20, 5]


def test_bfloat16_computes_in_bfloat16_and_keeps_the_weights_in_float32():
    model, seen = net().float(), []

    def loss(out, y):
        seen.append(out.dtype)
        return F.cross_entropy(out, y)

    steps = list(fit(model, loss, [(X.float(), Y)], sgd(model), epochs=30, amp=True))
    assert set(seen) == {torch.bfloat16} and all(p.dtype is torch.float32 for p in model.parameters())
    assert steps[-1].loss < steps[0].loss


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # inductor's own use of it
def test_a_compiled_model_is_the_same_model():
    model, plain = net(), net()
    for m, flag in ((model, True), (plain, False)):
        list(fit(m, F.cross_entropy, cut([15] * 3), sgd(m), compile=flag))
    same(model, plain, 1e-9)


REFUSED = {
    "epochs": ({"epochs": 0}, "epochs must be a whole number"),
    "clip": ({"clip_norm": 0.0}, "clip_norm must be positive"),
    "penalty": ({"l1": -1.0}, "l1 must be at least 0"),
    "nan": ({"l2": math.nan}, "l2 must be at least 0"),
    "two averages": ({"ema": 0.9, "swa": 0.5}, "choose one"),
    "swa": ({"swa": 1.5}, "in \\(0, 1\\]"),
    "no validation": ({"stopping": EarlyStopping(1)}, "give validation"),
    "metrics": ({"metrics": {"accuracy": accuracy}}, "give validation"),
    "no file": ({"save_every": 1}, "needs a checkpoint"),
    "no batch": ({"batches": []}, "at least one batch"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_refused_at_the_call(name):
    options, message = REFUSED[name]
    batches = options.pop("batches", [(X, Y)])
    with pytest.raises(ValueError, match=message):
        fit(net(), F.cross_entropy, batches, sgd(net()), **options)


def test_a_stream_without_length_needs_max_steps_for_a_schedule_and_ends_after_one_pass():
    model = net()
    with pytest.raises(ValueError, match="give max_steps"):
        fit(model, F.cross_entropy, (b for b in cut([15] * 3)), sgd(model), schedule=plateau())
    steps = fit(model, F.cross_entropy, (b for b in cut([15] * 3)), sgd(model), epochs=2)
    with pytest.raises(ValueError, match="gave nothing in epoch 2"):
        list(steps)


def test_a_loss_that_is_no_number_is_refused():
    model = net()
    with pytest.raises(TypeError, match=r"shape \(45,\); take the mean"):
        next(fit(model, lambda out, y: F.cross_entropy(out, y, reduction="none"), [(X, Y)], sgd(model)))
