import math

import pytest
import torch
from torch import nn

from rhobar.train.strategies import UncertaintyWeighting, gradient_conflict, weighted_sum


def test_learned_weights_settle_where_the_derivation_says():
    """At fixed losses e^s = L for a regression and 2L for a classification."""
    weighting = UncertaintyWeighting(["depth"], ["class"])
    losses = {"class": torch.tensor(0.3), "depth": torch.tensor(5.0)}
    optimizer = torch.optim.SGD(weighting.parameters(), lr=0.5)
    for _ in range(400):
        optimizer.zero_grad()
        weighting(losses).backward()
        optimizer.step()
    assert weighting.log_variances.tolist() == pytest.approx([math.log(5.0), math.log(0.6)], abs=1e-3)
    assert weighting.weights() == pytest.approx({"depth": 0.1, "class": 1 / 0.6}, rel=1e-2)


def test_it_is_the_likelihood_of_gaussian_outputs():
    """½(e^{−s}L + s) is the mean negative log-likelihood with variance e^s, without ½ ln 2π."""
    torch.manual_seed(0)
    error = 2 * torch.randn(1000, dtype=torch.float64)
    weighting = UncertaintyWeighting(["a"]).double()
    with torch.no_grad():
        weighting.log_variances.fill_(0.7)
    nll = -torch.distributions.Normal(0.0, math.exp(0.35)).log_prob(error).mean()
    assert float(weighting({"a": error.square().mean()}).detach()) == pytest.approx(
        float(nll) - 0.5 * math.log(2 * math.pi)
    )


def test_a_noisy_task_counts_less_and_the_other_is_learned_better():
    """One shared weight, a clean and a noisy task; the learned weights approach those of the inverse variances."""
    torch.manual_seed(0)
    x = torch.randn(2000, 1)
    clean, noisy = 2 * x + 0.1 * torch.randn_like(x), 2 * x + 3 * torch.randn_like(x)
    model, weighting = nn.Linear(1, 1, bias=False), UncertaintyWeighting(["clean", "noisy"])
    optimizer = torch.optim.Adam([*model.parameters(), *weighting.parameters()], lr=0.05)
    for _ in range(400):
        optimizer.zero_grad()
        out = model(x)
        weighting({"noisy": (out - noisy).square().mean(), "clean": (out - clean).square().mean()}).backward()
        optimizer.step()
    weights = weighting.weights()
    assert weights["clean"] / weights["noisy"] == pytest.approx(9 / 0.01, rel=0.15)
    assert weights["noisy"] == pytest.approx(1 / 18, rel=0.1)


def test_the_weighted_sum_and_its_gradient():
    w = torch.tensor(2.0, requires_grad=True)
    total = weighted_sum({"a": w**2, "b": 3 * w}, {"b": 2.0, "a": 0.5})
    assert float(total.detach()) == 14.0
    total.backward()
    assert float(w.grad) == 0.5 * 4 + 2 * 3


def test_opposed_tasks_conflict_and_a_step_for_one_undoes_the_other():
    torch.manual_seed(0)
    model, x = nn.Linear(3, 1), torch.randn(20, 3)
    y = torch.randn(20, 1)

    def losses():
        out = model(x)
        return (out - y).square().mean(), (out + y).square().mean(), (out - y).square().mean() * 5

    cosines = gradient_conflict(losses(), model.parameters())
    assert torch.allclose(cosines, cosines.T)
    assert cosines.diagonal().tolist() == pytest.approx([1, 1, 1])
    assert float(cosines[0, 2]) == pytest.approx(1)
    before = losses()
    assert (float(cosines[0, 1]) < 0) == (sum(float((a * b).sum()) for a, b in zip(
        torch.autograd.grad(before[0], list(model.parameters()), retain_graph=True),
        torch.autograd.grad(before[1], list(model.parameters())), strict=True)) < 0)  # fmt: skip
    nn.init.zeros_(model.weight), nn.init.zeros_(model.bias)
    first, second, _ = losses()
    assert float(gradient_conflict([first, second], model.parameters())[0, 1]) == pytest.approx(-1)
    grads = torch.autograd.grad(first, list(model.parameters()))
    with torch.no_grad():
        for p, g in zip(model.parameters(), grads, strict=True):
            p -= 0.01 * g
    after = losses()
    assert after[0] < first
    assert after[1] > second


def test_an_unused_parameter_counts_as_zero():
    a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    assert gradient_conflict([a.sum(), b.sum()], [a, b]).tolist() == [
        [pytest.approx(1.0), 0.0],
        [0.0, pytest.approx(1.0)],
    ]
    assert gradient_conflict([a.sum(), 0 * b.sum()], [a, b])[1].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("call", [
    lambda: UncertaintyWeighting(), lambda: UncertaintyWeighting(["a"], ["a"]), lambda: UncertaintyWeighting(["a"])({"b": torch.ones(())}),
    lambda: weighted_sum({"a": torch.ones(())}, {"b": 1.0}), lambda: weighted_sum({"a": torch.ones(())}, {"a": -1.0}),
])  # fmt: skip
def test_refusals(call):
    with pytest.raises(ValueError, match="got"):
        call()
