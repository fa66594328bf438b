import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from rhobar.linalg.flatten import flatten
from rhobar.optim import NaturalGradient
from rhobar.optim.curvature import fisher
from rhobar.optim.likelihood import likelihood_of

LOSSES = {
    "categorical": (F.cross_entropy, torch.arange(8) % 3),
    "bernoulli": (F.binary_cross_entropy_with_logits, (torch.arange(24).reshape(8, 3) % 2).double()),
    "gaussian": (F.mse_loss, torch.arange(24).reshape(8, 3).double().sin()),
}
every = pytest.mark.parametrize("name", LOSSES)


def inputs():
    return torch.randn(8, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def closure_of(name, model, x):
    loss, y = LOSSES[name]

    def closure():
        outputs = model(x)
        return loss(outputs, y), outputs

    return closure


@every
def test_step_solves_with_the_damped_fisher(name):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 3)).double()
    params, x = list(model.parameters()), inputs()
    loss, outputs = closure_of(name, model, x)()
    g = flatten(torch.autograd.grad(loss, params, retain_graph=True))
    A = fisher(outputs, params, likelihood_of(name))
    dense = torch.stack([A @ e for e in torch.eye(len(g), dtype=g.dtype)], 1) + 0.1 * torch.eye(len(g)).double()
    before = flatten(params).detach().clone()
    optimizer = NaturalGradient(model.parameters(), lr=0.7, likelihood=name, damping=0.1, tol=1e-12)
    optimizer.step(closure_of(name, model, x))
    torch.testing.assert_close(flatten(params).detach() - before, -0.7 * torch.linalg.solve(dense, g))


@every
def test_b24_invariant_to_linear_reparametrisation(name):
    """W and W M with inputs M⁻¹x are the same function; the undamped step keeps it so, gradient descent does not."""
    x, M = inputs(), torch.tensor([[2.0, 1.0], [0.0, 0.5]], dtype=torch.float64)
    differences = {}
    for make in (lambda p: NaturalGradient(p, lr=1.0, likelihood=name, damping=0.0, tol=1e-13), torch.optim.SGD):
        outputs = []
        for T in (torch.eye(2, dtype=torch.float64), M):
            torch.manual_seed(0)
            model = nn.Linear(2, 3, bias=False).double()
            with torch.no_grad():
                model.weight[2] = 0  # one logit is redundant: start where both forms have the same null space
                model.weight.copy_(model.weight @ T)
            z = x @ torch.linalg.inv(T).T
            optimizer = make(list(model.parameters()))
            if isinstance(optimizer, NaturalGradient):
                optimizer.step(closure_of(name, model, z))
            else:
                closure_of(name, model, z)()[0].backward()
                optimizer.param_groups[0]["lr"] = 1.0
                optimizer.step()
            f = model(z).detach()
            outputs.append(f - f.mean(1, keepdim=True) if name == "categorical" else f)
        differences[type(optimizer).__name__] = (outputs[0] - outputs[1]).abs().max().item()
    assert differences["NaturalGradient"] < 1e-7
    assert differences["SGD"] > 1e-2


def test_b24_the_true_fisher_does_not_see_the_labels_and_the_empirical_one_does():
    torch.manual_seed(0)
    model, x = nn.Linear(2, 3).double(), inputs()
    params = list(model.parameters())
    true, empirical = [], []
    for y in (torch.zeros(8, dtype=torch.long), torch.arange(8) % 3):
        outputs = model(x)
        A = fisher(outputs, params, likelihood_of("categorical"))
        true.append(torch.stack([A @ e for e in torch.eye(9, dtype=torch.float64)], 1))
        rows = [flatten(torch.autograd.grad(loss, params, retain_graph=True))
                for loss in F.cross_entropy(outputs, y, reduction="none")]  # fmt: skip
        empirical.append(torch.stack(rows).T @ torch.stack(rows) / 8)
    assert torch.equal(true[0], true[1])
    assert (empirical[0] - empirical[1]).abs().max() > 1e-2
    assert (empirical[1] - true[1]).abs().max() > 1e-2


def test_max_kl_bounds_the_divergence_of_the_predictions():
    for bound in (1e-2, 1e-4):
        torch.manual_seed(0)
        model, x = nn.Linear(2, 3).double(), inputs()
        before = model(x).detach().log_softmax(1)
        optimizer = NaturalGradient(model.parameters(), lr=100.0, damping=1e-3, max_kl=bound)
        optimizer.step(closure_of("categorical", model, x))
        after = model(x).detach().log_softmax(1)
        divergence = (before.exp() * (before - after)).sum(1).mean().item()
        assert divergence == pytest.approx(bound, rel=20 * math.sqrt(bound))


@pytest.mark.parametrize("settings, message", [
    ({"likelihood": "poisson"}, "likelihood must be one of"),
    ({"damping": -1.0}, "damping must be at least 0"),
    ({"lr": -1.0}, "lr must be at least 0"),
    ({"max_kl": 0.0}, "max_kl must be positive"),
    ({"tol": -1.0}, "tol at least 0"),
])  # fmt: skip
def test_refuses(settings, message):
    with pytest.raises(ValueError, match=message):
        NaturalGradient([nn.Parameter(torch.ones(1))], **settings)


def test_refuses_two_dampings():
    a, b = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    with pytest.raises(ValueError, match="damping must be the same in all groups"):
        NaturalGradient([{"params": [a]}, {"params": [b], "damping": 1.0}])


def test_b24_invariant_to_first_order_under_a_curved_reparametrisation():
    """θ = φ³: with half the rate the two functions' ends differ by a quarter; under gradient descent by a half."""
    x = inputs()
    y = x @ torch.tensor([0.5, 2.0], dtype=torch.float64)
    differences = {}
    for natural in (True, False):
        for lr in (0.02, 0.01):
            ends = []
            for power in (1, 3):
                phi = nn.Parameter(torch.tensor([1.0, 8.0], dtype=torch.float64) ** (1 / power))

                def closure(phi=phi, power=power):
                    outputs = x @ phi**power
                    return F.mse_loss(outputs, y), outputs

                if natural:
                    optimizer = NaturalGradient([phi], lr=lr, likelihood="gaussian", damping=0.0, tol=1e-13)
                    optimizer.step(closure)
                else:
                    closure()[0].backward()
                    torch.optim.SGD([phi], lr=lr).step()
                ends.append(phi.detach() ** power)
            differences[natural, lr] = (ends[0] - ends[1]).norm().item()
    assert differences[True, 0.01] / differences[True, 0.02] == pytest.approx(0.25, abs=0.03)
    assert differences[False, 0.01] / differences[False, 0.02] > 0.4
