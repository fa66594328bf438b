"""The stability limit against the iteration itself, and the layers' blocks against dense ones."""

import pytest
import torch
from tests.probes.curvature.nets import net
from torch import nn

from rhobar.probes.curvature import empirical_fisher, ggn, hessian, layer_curvature, layer_names, stability


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


SGD = torch.optim.SGD
OPTIMIZERS = {
    "gradient descent": lambda p, lr: SGD(p, lr=lr),
    "decay": lambda p, lr: SGD(p, lr=lr, weight_decay=0.7),
    "heavy ball": lambda p, lr: SGD(p, lr=lr, momentum=0.8),
    "dampened": lambda p, lr: SGD(p, lr=lr, momentum=0.8, dampening=0.5),
    "nesterov": lambda p, lr: SGD(p, lr=lr, momentum=0.8, nesterov=True),
    "two rates": lambda p, lr: SGD([{"params": p[:1]}, {"params": p[1:], "lr": 3 * lr}], lr=lr),
}  # fmt: skip


def quadratic():
    """Two layers' worth of parameters under a quadratic loss with a random positive Hessian."""

    class Point(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Parameter(torch.randn(3)), nn.Parameter(torch.randn(2, 2))

        def forward(self, x):
            return x @ torch.cat([self.a, self.b.flatten()])

    return Point(), lambda f, y: (f**2).mean(), [(torch.randn(9, 7), torch.zeros(9))]


def grows(model, loss, batches, optimizer, steps=1000):
    """Whether the iteration itself diverges."""
    for _ in range(steps):
        optimizer.zero_grad()
        loss(model(batches[0][0]), batches[0][1]).backward()
        optimizer.step()
    size = sum(p.abs().max().item() for p in model.parameters())
    return not size < 1e3


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_limit_is_where_the_iteration_diverges(name):
    model, loss, batches = quadratic()
    found = stability(model, loss, batches, OPTIMIZERS[name](list(model.parameters()), 0.01), tol=1e-9)
    assert found.converged
    assert found.rate == 0.01
    for factor, diverges in ((0.97, False), (1.03, True)):
        torch.manual_seed(0)
        model, loss, batches = quadratic()
        optimizer = OPTIMIZERS[name](list(model.parameters()), factor * found.limit)
        assert stability(model, loss, batches, optimizer, tol=1e-9).ratio == pytest.approx(factor)
        assert grows(model, loss, batches, optimizer) == diverges


ADAPTIVE = {
    "adam": (lambda p, lr: torch.optim.Adam(p, lr=lr, betas=(0.7, 0.99)), ("exp_avg_sq",)),
    "amsgrad": (lambda p, lr: torch.optim.Adam(p, lr=lr, betas=(0.7, 0.99), amsgrad=True), ("exp_avg_sq", "max_exp_avg_sq")),
    "adamw": (lambda p, lr: torch.optim.AdamW(p, lr=lr, betas=(0.7, 0.99), weight_decay=0.0), ("exp_avg_sq",)),
    "rmsprop": (lambda p, lr: torch.optim.RMSprop(p, lr=lr, alpha=0.99, momentum=0.5), ("square_avg",)),
    "adagrad": (lambda p, lr: torch.optim.Adagrad(p, lr=lr), ("sum",)),
}  # fmt: skip


@pytest.mark.parametrize("name", ADAPTIVE)
def test_the_limit_of_a_frozen_preconditioner(name):
    """Adam and its kin with their second moments pinned: the preconditioner is then what the formula holds fixed."""
    make, pinned = ADAPTIVE[name]
    for factor, diverges in ((0.97, False), (1.03, True)):
        torch.manual_seed(0)
        model, loss, batches = quadratic()
        optimizer = make(list(model.parameters()), 0.01)
        grows(model, loss, batches, optimizer, steps=300)
        fixed = [{k: optimizer.state[p][k].clone() for k in pinned} for p in model.parameters()]
        if name.startswith("a") and name != "adagrad":
            for p in model.parameters():
                optimizer.state[p]["step"].fill_(1e6)  # the bias correction is over
        limit = stability(model, loss, batches, optimizer, tol=1e-9).limit
        optimizer.param_groups[0]["lr"] = factor * limit
        for _ in range(1000):
            optimizer.zero_grad()
            loss(model(batches[0][0]), None).backward()
            for p, values in zip(model.parameters(), fixed, strict=True):
                for k, value in values.items():
                    beta = {"exp_avg_sq": 0.99, "square_avg": 0.99}.get(k)
                    old = value if beta is None else (value - (1 - beta) * p.grad**2) / beta
                    optimizer.state[p][k].copy_(value - p.grad**2 if k == "sum" else old)
            optimizer.step()
            if max(p.abs().max() for p in model.parameters()) > 1e3:
                break
        assert (max(p.abs().max().item() for p in model.parameters()) > 1) == diverges


def test_gradient_descent_is_two_over_lambda():
    model, loss, batches = net("mlp")
    truth = torch.linalg.eigvalsh(torch.stack([hessian(model, loss, batches, max_kept=9) @ e for e in torch.eye(43)]))[
        -1
    ]
    found = stability(model, loss, batches, SGD(model.parameters(), lr=0.1), tol=1e-8)
    assert found.sharpness == pytest.approx(truth.item())
    assert found.limit == pytest.approx(2 / truth.item())
    climbing = stability(
        model, lambda f, y: -loss(f, y), batches, SGD(model.parameters(), lr=0.1, maximize=True), tol=1e-8
    )
    assert climbing.sharpness == pytest.approx(truth.item())


def test_refused_optimizers():
    model, loss, batches = net("mlp")
    for optimizer, message in {
        torch.optim.Adam(model.parameters()): "must have taken a step",
        torch.optim.Rprop(model.parameters()): "got Rprop",
        SGD([{"params": model[0].parameters(), "momentum": 0.5}, {"params": model[2].parameters()}], lr=1.0): "same momentum",
        SGD(nn.Linear(1, 1).parameters(), lr=1.0): "holds none",
    }.items():  # fmt: skip
        with pytest.raises(ValueError, match=message):
            stability(model, loss, batches, optimizer)


@pytest.mark.parametrize("matrix", [hessian, ggn, empirical_fisher])
def test_layers_against_dense_blocks(matrix):
    model, loss, batches = net("layer norm")
    batches = batches[:1]
    for layer in layer_curvature(model, loss, batches, matrix=matrix, num_matvecs=200, tol=1e-8):
        A = matrix(model, loss, batches, names=layer_names(model)[layer.name])
        block = torch.stack([A @ e for e in torch.eye(layer.size)])
        assert layer.sharpness == pytest.approx(torch.linalg.eigvalsh(block)[-1].item())
        assert abs(layer.trace - block.trace()) <= 5 * layer.trace_stderr + 1e-9
        assert layer.reason == ""


class Once(torch.autograd.Function):
    """Its backward is not differentiable, and says so."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * gradient


class Silent(Once):
    """Its backward loses a path, and does not say so."""

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * gradient.detach()


def test_a_lost_path_is_seen_where_the_block_holds_both_of_its_ends():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Parameter(torch.randn(3, 4)), nn.Parameter(torch.randn(4, 2))

        def forward(self, x):
            return torch.tanh(Silent.apply(torch.tanh(x @ self.a)) @ self.b)

    (found,) = layer_curvature(Net(), nn.MSELoss(), [(torch.randn(5, 3), torch.randn(5, 2))])
    assert "not symmetric" in found.reason


def test_what_has_no_second_derivative_is_named_and_the_rest_measured():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = nn.Linear(3, 4), nn.Linear(4, 4), nn.Linear(4, 2)

        def forward(self, x):
            return self.c(torch.tanh(self.b(Once.apply(torch.tanh(self.a(x))))))

    found = layer_curvature(Net(), nn.MSELoss(), [(torch.randn(5, 3), torch.randn(5, 2))])
    assert [bool(layer.reason) for layer in found] == [True, False, False]
    assert [layer.name for layer in found] == ["a", "b", "c"]
    assert "OnceBackward" in found[0].reason
    assert found[0].sharpness != found[0].sharpness
