import math
import random

import numpy as np
import pytest
import torch
from tests.optim.cases import CASES, LBFGS, problem
from torch import nn

from rhobar.select import rate_range_test
from rhobar.select.range_test import _random_states_kept

DRIVEN = {name: case for name, case in CASES.items() if case.drive in ("backward", "closure")}


def network(seed=0):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 3))
    x = torch.randn(512, 8)
    return model, [(x[i : i + 64], (x[i : i + 64, :3] * 2).argmax(1)) for i in range(0, 512, 64)]


def states():
    return torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("name", DRIVEN)
def test_everything_stays_bit_identical(name, fails):
    model, x, y = problem()
    optimizer = DRIVEN[name].optimizer(model)
    DRIVEN[name].step(optimizer, model, x, y)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    grads = [p.grad.clone() for p in model.parameters()]
    kept, rng = repr(optimizer.state_dict()), states()

    def loss(outputs, targets):
        torch.rand(1), np.random.rand(), random.random()
        if fails and calls.append(0) is None and len(calls) > 5:
            raise RuntimeError("as asked")
        return nn.functional.mse_loss(outputs, targets)

    calls = []
    try:
        rate_range_test(model, optimizer, loss, [(x, y)], num_steps=12)
    except RuntimeError:
        assert fails
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert all(torch.equal(p.grad, g) for p, g in zip(model.parameters(), grads, strict=True))
    assert repr(optimizer.state_dict()) == kept
    after = states()
    assert torch.equal(rng[0], after[0])
    assert (rng[1] == after[1]).all()


def test_random_states_are_put_back():
    """Python's own stands here, as the type checks of these tests draw from it."""
    before = states()
    with pytest.raises(RuntimeError), _random_states_kept():
        torch.rand(1), np.random.rand(), random.random()
        raise RuntimeError
    assert random.getstate() == before[2]
    assert (np.random.get_state()[1] == before[1]).all()
    assert torch.equal(torch.get_rng_state(), before[0])


def test_modes_and_running_statistics_stay():
    model, batches = network()
    model[1].eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    rate_range_test(model, torch.optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss(), batches)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert model.training
    assert not model[1].training


def test_on_a_quadratic_the_edge_is_the_stability_limit():
    """L = λ/2 θ²: steps grow the loss once η > 2/λ."""
    for curvature in (1.0, 50.0):
        model = nn.Linear(1, 1, bias=False).double()
        nn.init.ones_(model.weight)
        x = torch.full((4, 1), curvature**0.5, dtype=torch.float64)
        found = rate_range_test(
            model, torch.optim.SGD(model.parameters(), lr=1.0), lambda out, _: 0.5 * out.square().mean(), [(x, x)],
            low=1e-5, high=1e3, num_steps=200, beta=0.0,
        )  # fmt: skip
        step = found.rates[1] / found.rates[0]
        assert found.suggestion < 2 / curvature < found.rates[-1]
        assert 2 / curvature / step < found.least < 2 / curvature * step, "the loss grows from there on"
        assert 0.01 / curvature < found.suggestion < 1 / curvature
        assert found.edge >= found.least


@pytest.mark.parametrize(("make", "low", "high"), [
    (lambda p: torch.optim.SGD(p, lr=1.0, momentum=0.9), 0.003, 1.0), (lambda p: torch.optim.Adam(p, lr=1.0), 3e-4, 0.3),
])  # fmt: skip
def test_the_suggestion_trains_well(make, low, high):
    model, batches = network()
    found = rate_range_test(model, make(model.parameters()), nn.CrossEntropyLoss(), batches)
    assert low < found.suggestion < high

    def final(rate):
        trained, _ = network()
        optimizer = make(trained.parameters())
        optimizer.param_groups[0]["lr"] = rate
        for _ in range(10):
            for x, y in batches:
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(trained(x), y)
                loss.backward()
                optimizer.step()
        return float(loss.detach())

    suggested = final(found.suggestion)
    assert suggested < 0.5 * final(found.suggestion / 100)
    assert suggested < final(found.suggestion * 100)


def test_losses_and_rates_are_those_of_a_plain_loop():
    model, batches = network()
    model.eval()  # no dropout
    found = rate_range_test(
        model,
        torch.optim.SGD(model.parameters(), lr=3.0),
        nn.CrossEntropyLoss(),
        batches,
        low=1e-3,
        high=0.1,
        num_steps=20,
        beta=0.5,
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    s = 0.0
    for t in range(20):
        rate = 1e-3 * 100 ** (t / 19)
        optimizer.param_groups[0]["lr"] = rate
        x, y = batches[t % 8]
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        s = 0.5 * s + 0.5 * loss.item()
        assert found.rates[t] == pytest.approx(rate)
        assert found.losses[t] == pytest.approx(loss.item(), rel=1e-6)
        assert found.smoothed[t] == pytest.approx(s / (1 - 0.5 ** (t + 1)), rel=1e-6)


def test_groups_keep_the_ratio_of_their_rates():
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False))
    seen = []

    class Spy(torch.optim.SGD):
        def step(self, closure=None):
            seen.append([group["lr"] for group in self.param_groups])
            return super().step(closure)

    optimizer = Spy(
        [{"params": model[0].parameters(), "lr": 0.4}, {"params": model[1].parameters(), "lr": 0.1}], lr=1.0
    )
    rate_range_test(
        model, optimizer, nn.MSELoss(), [(torch.ones(2, 1), torch.ones(2, 1))], low=1e-4, high=1e-2, num_steps=10
    )
    assert len(seen) == 10
    assert all(a == pytest.approx(4 * b) for a, b in seen)
    assert (seen[0][0], seen[-1][0]) == pytest.approx((1e-4, 1e-2))


def test_ends_where_the_loss_blows_up_and_says_so():
    model, batches = network()
    found = rate_range_test(
        model, torch.optim.SGD(model.parameters(), lr=1.0), nn.CrossEntropyLoss(), batches, high=1e6, num_steps=200
    )
    assert len(found.rates) < 200
    assert math.isfinite(found.least)
    assert found.edge is not None


def test_no_suggestion_where_the_loss_never_falls():
    model = nn.Linear(1, 1)
    found = rate_range_test(
        model,
        torch.optim.SGD(model.parameters(), lr=1.0),
        lambda out, _: 1.0 + 0 * out.mean(),
        [(torch.ones(2, 1),) * 2],
    )
    assert found.suggestion is None


@pytest.mark.parametrize(("options", "message"), [
    ({"low": 1.0, "high": 0.1}, "Rates 0 < low < high"), ({"num_steps": 3}, "10 steps"), ({"beta": 1.0}, "beta"),
])  # fmt: skip
def test_refusals(options, message):
    model = nn.Linear(1, 1)
    with pytest.raises(ValueError, match=message):
        rate_range_test(model, torch.optim.SGD(model.parameters(), lr=1.0), nn.MSELoss(), [], **options)


def test_batches_that_end_are_refused():
    model, batch = nn.Linear(1, 1), (torch.ones(2, 1), torch.ones(2, 1))
    with pytest.raises(ValueError, match="The batches ended before the test did"):
        rate_range_test(model, torch.optim.SGD(model.parameters(), lr=1.0), nn.MSELoss(), iter([batch]))


def test_what_cannot_be_copied_is_refused():
    model, x, y = problem()
    with pytest.raises(ValueError, match="L-BFGS"):
        rate_range_test(model, LBFGS.optimizer(model), nn.MSELoss(), [(x, y)])
