"""Forward and reverse mode, finite differences, and what each costs."""

import itertools

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from rhobar.nn.backprop import (
    finite_differences,
    gradient_cost,
    jacobian,
    jacobian_forward,
    jacobian_reverse,
    mode_costs,
)


def random(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def network(*widths):
    torch.manual_seed(0)
    layers = [part for n, m in itertools.pairwise(widths) for part in (nn.Linear(n, m), nn.Tanh())]
    return nn.Sequential(*layers).double()


@pytest.mark.parametrize("widths", [(3, 4, 2), (2, 4, 5), (3, 3), (1, 4, 1)], ids=str)
def test_both_modes_agree_with_torchs(widths):
    f, x = network(*widths), random(widths[0])
    wanted = torch.func.jacrev(f)(x)
    assert wanted.shape == (widths[-1], widths[0])
    for found in (jacobian_forward(f, x), jacobian_reverse(f, x), jacobian(f, x), torch.func.jacfwd(f)(x)):
        torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)


def test_products_are_adjoint():
    f, x, u, v = network(3, 4, 2), random(3), random(3, seed=1), random(2, seed=2)
    _, Ju = torch.func.jvp(f, (x,), (u,))
    _, pull = torch.func.vjp(f, x)
    assert (v @ Ju).item() == pytest.approx((pull(v)[0] @ u).item(), rel=1e-12)
    torch.testing.assert_close(Ju, jacobian_forward(f, x) @ u)


PASSES = {"forward": 0, "reverse": 0}


class Counted(torch.autograd.Function):
    """The identity, which counts how often a derivative passes it."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return x.clone()

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, g):
        PASSES["reverse"] += 1
        return g.clone()

    @staticmethod
    def jvp(ctx, t):
        PASSES["forward"] += 1
        return t.clone()


@pytest.mark.parametrize(("n", "m"), [(5, 2), (2, 5), (3, 3), (7, 1)])
def test_the_number_of_products_is_the_number_of_inputs_or_outputs(n, m):
    net, costs = network(n, 4, m), mode_costs(n, m)

    def f(x):
        return net(Counted.apply(x))

    def passes(build):
        PASSES.update(forward=0, reverse=0)
        build(f, random(n))
        return dict(PASSES)

    assert passes(jacobian_forward) == {"forward": n, "reverse": 0}
    assert passes(jacobian_reverse) == {"forward": 0, "reverse": m}
    assert (costs.forward, costs.reverse) == (n, m)
    chosen = passes(jacobian)
    assert chosen[costs.cheaper] == sum(chosen.values()) == min(n, m)


@pytest.mark.parametrize(("n", "m"), [(40, 3), (3, 40)])
def test_the_cheaper_mode_takes_fewer_operations(n, m):
    f, x = network(n, 16, m), random(1, n)

    def operations(build):
        with FlopCounterMode(display=False) as counter:
            build(lambda x: f(x[None])[0], x[0])
        return counter.get_total_flops()

    forward, reverse = operations(jacobian_forward), operations(jacobian_reverse)
    assert mode_costs(n, m).cheaper == ("forward" if forward < reverse else "reverse")
    assert max(forward, reverse) > 4 * min(forward, reverse)


def test_ties_and_refusals():
    assert mode_costs(3, 3).cheaper == "forward"
    with pytest.raises(ValueError, match="inputs and outputs"):
        mode_costs(0, 1)


def mean_square(net, x):
    return lambda: net(x).square().mean()


def test_differences_agree_with_autograd():
    net, x = network(3, 4, 2), random(5, 3)
    parameters = list(net.parameters())
    before = [p.detach().clone() for p in parameters]
    loss = mean_square(net, x)
    found = finite_differences(loss, parameters)
    for ours, theirs in zip(found.gradients, torch.autograd.grad(loss(), parameters), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=1e-9)
    assert all(torch.equal(a, b) for a, b in zip(parameters, before, strict=True))
    assert found.num_forwards == 2 * sum(p.numel() for p in parameters)


def test_a_number_is_a_parameter_too():
    w = torch.tensor(2.0, dtype=torch.float64)
    assert finite_differences(lambda: w**3, [w]).gradients[0].item() == pytest.approx(12, rel=1e-9)


def test_the_error_falls_with_the_square_of_the_step():
    w = torch.tensor([1.0], dtype=torch.float64)
    errors = [
        abs(finite_differences(lambda: w.exp().sum(), [w], step=h).gradients[0].item() - torch.e) for h in (0.1, 0.01)
    ]
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.01)
    with pytest.raises(ValueError, match="step must be positive"):
        finite_differences(lambda: w.sum(), [w], step=0.0)


def test_parameters_come_back_when_the_loss_raises():
    w = random(3)
    before = w.clone()

    def loss():
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        finite_differences(loss, [w])
    assert torch.equal(w, before)


def test_the_loss_is_called_as_often_as_said():
    calls = []
    w = random(2, 3)
    found = finite_differences(lambda: (calls.append(0), w.sum())[1], [w])
    assert len(calls) == found.num_forwards == 12


WIDTHS = [8, 16, 32, 64]


@pytest.fixture(scope="module")
def costs():
    found = []
    for width in WIDTHS:
        net, x = network(width, width, width, width), random(2, width)
        found.append(gradient_cost(mean_square(net, x), [*net.parameters()]))
    return found


def test_backward_takes_about_two_forwards_at_any_size(costs):
    """Exactly 2 less the first layer's input, whose gradient nobody asks for: 5/3 with three layers of one width."""
    assert [cost.backward / cost.forward for cost in costs] == pytest.approx([5 / 3] * len(costs))


def test_differences_cost_the_square(costs):
    for small, large in itertools.pairwise(costs):
        growth = large.num_parameters / small.num_parameters
        assert large.finite_differences / small.finite_differences == pytest.approx(growth**2, rel=0.15)
        assert large.backward / small.backward == pytest.approx(growth, rel=0.15)
    largest = costs[-1]
    assert largest.finite_differences == 2 * largest.num_parameters * largest.forward
    assert largest.finite_differences / (largest.forward + largest.backward) > 9000


def test_costs_leave_the_gradients_alone():
    net = network(3, 2)
    gradient_cost(mean_square(net, random(4, 3)), list(net.parameters()))
    assert all(p.grad is None for p in net.parameters())
