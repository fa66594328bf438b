import pytest
import torch
from tests.optim.cases import problem
from torch import nn

from rhobar.optim import RULES, Lookahead
from rhobar.optim.rules.lookahead import lookahead_start


@pytest.mark.parametrize("inner, base, settings", [
    ("gradient-descent", torch.optim.SGD, {"lr": 0.1}),
    ("momentum", lambda p, **s: torch.optim.SGD(p, momentum=0.9, **s), {"lr": 0.1}),
    ("adam", torch.optim.Adam, {"lr": 0.1}),
])  # fmt: skip
def test_follows_the_rule(inner, base, settings):
    theta = nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
    optimizer, rule = Lookahead(base([theta], **settings), k=3, alpha=0.3), RULES[inner]
    params = theta.detach().clone()
    state = lookahead_start(params, rule.start(params))
    for _ in range(10):
        theta.grad = theta.detach() ** 3
        state, update = RULES["lookahead"].step(state, params**3, k=3, alpha=0.3, inner=rule.step, **settings)
        params = params + update
        optimizer.step()
        torch.testing.assert_close(theta.detach(), params, rtol=0, atol=1e-12)


def test_sparse_gradients_are_the_bases_affair():
    table = nn.Embedding(5, 2, sparse=True)
    optimizer = Lookahead(torch.optim.SparseAdam(table.parameters()), k=2)
    before = table.weight.detach().clone()
    for _ in range(3):
        optimizer.zero_grad()
        table(torch.tensor([1, 3])).sum().backward()
        optimizer.step()
    assert (table.weight != before).any(1).tolist() == [False, True, False, True, False]


def test_groups_may_have_their_own_k_and_alpha_and_options_do_not_touch_the_bases():
    a, b = (nn.Parameter(torch.zeros(1)) for _ in range(2))
    base = torch.optim.RMSprop([{"params": [a], "lookahead_k": 1}, {"params": [b]}], alpha=0.7, lr=1.0)
    optimizer = Lookahead(base, k=2, alpha=0.5)
    assert [g["alpha"] for g in optimizer.param_groups] == [0.7, 0.7]
    for p in (a, b):
        p.grad = torch.ones(1)
    optimizer.step()
    assert a.item() == pytest.approx(b.item() / 2)


def test_to_slow_and_added_groups():
    model, x, y = problem()
    optimizer = Lookahead(torch.optim.SGD(model[0].parameters(), lr=0.1), k=10)
    optimizer.add_param_group({"params": model[2].parameters(), "lookahead_alpha": 1.0})
    assert optimizer.param_groups is optimizer.base.param_groups
    before = [p.detach().clone() for p in model.parameters()]
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
    assert not any(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))
    optimizer.to_slow()
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))


@pytest.mark.parametrize("settings, message", [
    ({"k": 0}, "k must be a whole number of at least 1, got 0"),
    ({"alpha": 0.0}, r"alpha must be in \(0, 1\], got 0"),
    ({"alpha": 1.5}, r"alpha must be in \(0, 1\], got 1.5"),
])  # fmt: skip
def test_refuses(settings, message):
    with pytest.raises(ValueError, match=message):
        Lookahead(torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=1.0), **settings)


def test_refuses_the_state_of_the_base():
    base = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=1.0)
    with pytest.raises(ValueError, match="must hold 'base'"):
        Lookahead(base).load_state_dict(base.state_dict())


def test_a_scheduler_on_the_base_or_the_wrapper_is_the_same():
    base = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=1.0)
    optimizer = Lookahead(base)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(base, 0.5)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] == 0.5
