"""A loss spelled out by hand is kept as the call that gives its number; one that no call gives is not."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import rhobar as rb
from rhobar.watch.graph import Graph
from rhobar.watch.handmade import handmade_call
from rhobar.watch.loss import trace_loss

SPELLED = {
    "squares": (lambda f, y: ((f - y) ** 2).mean(), F.mse_loss),
    "squares, turned": (lambda f, y: (y - f).pow(2).mean(), F.mse_loss),
    "half squares": (lambda f, y: 0.5 * ((f - y) ** 2).mean(), F.mse_loss),
    "sum of squares": (lambda f, y: ((f - y) ** 2).sum(), F.mse_loss),
    "accumulated": (lambda f, y: ((f - y) ** 2).mean() / 4, F.mse_loss),
    "absolute": (lambda f, y: (f - y).abs().mean(), F.l1_loss),
}
UNKNOWN = {
    "weighted": lambda f, y: ((f - y) ** 2 * torch.linspace(0, 1, len(y))[:, None]).mean(),
    "two terms": lambda f, y: ((f - y) ** 2).mean() + f.abs().mean(),
    "root": lambda f, y: ((f - y) ** 2).mean().sqrt(),
    "cosine": lambda f, y: 1 - F.cosine_similarity(f, y, dim=0).mean(),
}


def call_for(loss_of, y: torch.Tensor, width: int = 1):
    torch.manual_seed(0)
    f = nn.Linear(6, width)(torch.randn(16, 6))
    loss = loss_of(f, y)
    return f, loss, handmade_call(trace_loss(Graph(loss), {f.grad_fn: f}), loss)


@pytest.mark.parametrize("name", SPELLED)
def test_a_standard_loss_is_recognised(name: str) -> None:
    loss_of, function = SPELLED[name]
    y = torch.randn(16, 1, generator=torch.Generator().manual_seed(1))
    f, _, call = call_for(loss_of, y)
    assert call is not None and call.function is function
    assert torch.allclose(call.input, f) and torch.allclose(call.target, y, atol=1e-5)


@pytest.mark.parametrize("name", UNKNOWN)
def test_another_loss_is_not_taken_for_one(name: str) -> None:
    y = torch.randn(16, 1, generator=torch.Generator().manual_seed(1))
    assert call_for(UNKNOWN[name], y)[2] is None


def test_the_target_of_a_silent_broadcast_is_found() -> None:
    y = torch.randn(16, generator=torch.Generator().manual_seed(1))
    _, loss, call = call_for(lambda f, y: ((f - y) ** 2).mean(), y)
    assert call is not None and call.target.shape == (16,) and torch.allclose(call.target, y, atol=1e-5)
    with pytest.warns(UserWarning, match="different to the input size"):
        assert torch.allclose(call.function(call.input, call.target), loss)


def test_picked_log_probabilities_are_cross_entropy() -> None:
    y = torch.randint(3, (16,), generator=torch.Generator().manual_seed(1))
    f, loss, call = call_for(lambda f, y: -f.log_softmax(1)[range(len(y)), y].mean(), y, width=3)
    assert call is not None
    assert torch.allclose(call.function(call.input, call.target), loss, rtol=1e-5)
    assert f.shape == call.input.shape


def test_a_residual_behind_an_activation_is_not_guessed() -> None:
    """y = f − (σ(f) − y) would be wrong, and its squares would still be the loss."""
    y = torch.rand(16, 1, generator=torch.Generator().manual_seed(1))
    for inner in (torch.sigmoid, torch.tanh, torch.exp, lambda f: 3 * f, lambda f: f + 2):
        _, _, call = call_for(lambda f, y, inner=inner: ((inner(f) - y) ** 2).mean(), y)
        assert call is None or torch.allclose(call.target, y, atol=1e-5)


def test_a_squeezed_prediction_keeps_its_target() -> None:
    y = torch.randn(16, generator=torch.Generator().manual_seed(1))
    _, _, call = call_for(lambda f, y: ((f.squeeze(1) - y) ** 2).mean(), y)
    assert call is not None and torch.allclose(call.target.reshape(-1), y, atol=1e-5)


SPELLINGS = {
    "power": (lambda f, y: ((f - y) ** 2).mean(), "mse"),
    "square, turned round": (lambda f, y: (y - f).square().mean(), "mse"),
    "product": (lambda f, y: ((f - y) * (f - y)).mean(), "mse"),
    "half a sum": (lambda f, y: 0.5 * ((f - y) ** 2).sum() / len(y), "mse"),
    "absolute": (lambda f, y: (f - y).abs().mean(), "l1"),
    "softplus": (lambda f, y: (F.softplus(f) - f * y).mean(), "bce_with_logits"),
}
SHAPES = {"squeezed": lambda f: f.squeeze(-1), "first column": lambda f: f[:, 0], "flat": torch.flatten}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize(("loss", "kind"), SPELLINGS.values(), ids=SPELLINGS)
def test_targets_of_a_loss_by_hand_are_seen_whatever_shape_the_output_has(loss, kind, shape):
    torch.manual_seed(0)
    x = torch.randn(200, 3)
    y = (x[:, 0] > 0).float()
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    with rb.watch(net, optimizer) as run:
        for rows in torch.randperm(200).split(10) * 2:
            optimizer.zero_grad()
            loss(shape(net(x[rows])), y[rows]).backward()
            optimizer.step()
    (training,) = run.record.trainings
    assert training.loss.kind == kind
    assert training.targets.distinct == pytest.approx((0.0, 1.0), abs=1e-5) or kind != "bce_with_logits"
    assert training.targets.mean == pytest.approx(float(y.mean()), abs=0.05)
    assert training.targets.constant_loss > 0.2
    assert training.modes.eval_loss is not None
