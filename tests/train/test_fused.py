"""The fused kernel that `fit` switches on: for whom, with what result, and for how long."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from rhobar.optim import SAM, Lookahead
from rhobar.train import fit
from rhobar.train.fused import fuse

X = torch.randn(40, 5, generator=torch.Generator().manual_seed(0))
Y = X[:, :3].argmax(1)
BATCHES = list(zip(X.split(8), Y.split(8), strict=True))


def net(dtype=torch.float32):
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3)).to(dtype)


def adam(model, **options):
    return torch.optim.Adam(model.parameters(), lr=0.01, **options)


class Own(torch.optim.Adam):
    """Whose step may be another."""


def used(model):
    adam(model).step()
    optimizer = adam(model)
    F.cross_entropy(model(X.to(model[0].weight.dtype)), Y).backward()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "get_default_dtype", lambda: torch.float64)  # its count is then of this type
        optimizer.step()
    return optimizer


def strided(model):
    model[0].weight = nn.Parameter(torch.randn(5, 8).t())
    return adam(model)


MEMBERS = {
    "adam": (adam, True),
    "adamw": (lambda m: torch.optim.AdamW(m.parameters()), True),
    "lookahead": (lambda m: Lookahead(adam(m)), True),
    "lookahead of sam": (lambda m: Lookahead(SAM(adam(m))), True),
    "refused by the user": (lambda m: adam(m, fused=False), False),
    "foreach": (lambda m: adam(m, foreach=True), False),
    "not foreach": (lambda m: adam(m, foreach=False), False),
    "differentiable": (lambda m: adam(m, differentiable=True), False),
    "capturable": (lambda m: adam(m, capturable=True), False),
    "derived": (lambda m: Own(m.parameters()), False),
    "another": (lambda m: torch.optim.SGD(m.parameters(), lr=0.1), False),
    "half": (lambda m: adam(m.bfloat16()), False),
    "counted in double": (used, False),
    "transposed": (strided, False),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_it_is_for_adams_that_left_it_open_and_that_the_kernel_can_read(name):
    make, expected = MEMBERS[name]
    optimizer = make(net())
    before = [copy.copy(group) for group in optimizer.param_groups]
    assert fuse(optimizer) is expected
    for group, old in zip(optimizer.param_groups, before, strict=True):
        assert {k: v for k, v in group.items() if k not in ("fused", "params")} == {
            k: v for k, v in old.items() if k not in ("fused", "params")
        }
        assert group.get("fused") == (True if expected else old.get("fused"))


@pytest.mark.parametrize(("dtype", "tol"), [(torch.float32, 1e-6), (torch.float64, 1e-14)], ids=str)
def test_the_steps_are_those_of_the_plain_loop_and_the_choice_is_open_again(dtype, tol):
    model, plain = net(dtype), net(dtype)
    optimizer, theirs, seen = adam(model), adam(plain), []
    batches = [(x.to(dtype), y) for x, y in BATCHES]
    for _ in fit(model, F.cross_entropy, batches, optimizer, epochs=3):
        seen.append(optimizer.param_groups[0]["fused"])
    for x, y in 3 * batches:
        theirs.zero_grad()
        F.cross_entropy(plain(x), y).backward()
        theirs.step()
    assert seen == [True] * 15
    assert optimizer.param_groups[0]["fused"] is None
    for a, b in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=tol, atol=tol)
    F.cross_entropy(model(batches[0][0]), Y[:8]).backward()
    optimizer.step()  # goes on with the state that the kernel left


def test_a_break_and_an_exception_leave_the_choice_open():
    model = net()
    optimizer = adam(model)
    steps = fit(model, F.cross_entropy, BATCHES, optimizer)
    next(steps)
    steps.close()
    assert optimizer.param_groups[0]["fused"] is None
    with pytest.raises(TypeError, match="one number"):
        list(fit(model, lambda out, y: out, BATCHES, optimizer))
    assert optimizer.param_groups[0]["fused"] is None


def test_a_gradient_that_a_hook_transposed_is_read_in_the_order_of_the_weights():
    """The kernel reads memory as it lies: without care every weight would get another one's step."""
    ends = []
    for fused in (None, False):
        model = net()
        model[0].weight.register_post_accumulate_grad_hook(
            lambda p: setattr(p, "grad", p.grad.t().contiguous().t())  # the same numbers, column by column
        )
        list(fit(model, F.cross_entropy, BATCHES, adam(model, fused=fused)))
        ends.append(model[0].weight.detach())
    torch.testing.assert_close(*ends, rtol=1e-6, atol=1e-6)
