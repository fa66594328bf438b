import pytest
import torch
from tests.optim.cases import problem
from torch import nn

from rhobar.optim import SAM


def closure_of(optimizer, model, x, y, seen=None):
    def closure():
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        if seen is not None:
            seen.append(torch.cat([p.detach().reshape(-1).clone() for p in model.parameters()]))
        return loss

    return closure


@pytest.mark.parametrize("rho", [0.01, 0.5])
def test_the_second_gradient_is_taken_at_distance_rho_uphill(rho):
    (model, x, y), seen = problem(), []
    optimizer = SAM(torch.optim.SGD(model.parameters(), lr=0.1), rho=rho)
    loss = nn.functional.mse_loss(model(x), y)
    g = torch.cat([s.reshape(-1) for s in torch.autograd.grad(loss, list(model.parameters()))])
    optimizer.step(closure_of(optimizer, model, x, y, seen))
    torch.testing.assert_close(seen[1] - seen[0], rho * g / g.norm(), rtol=0, atol=1e-12)


def test_step_by_hand():
    """L = aθ²/2: e = ρ sign θ, the gradient is a(θ + e)."""
    theta = nn.Parameter(torch.tensor([2.0], dtype=torch.float64))
    optimizer = SAM(torch.optim.SGD([theta], lr=0.1), rho=0.3)

    def closure():
        optimizer.zero_grad()
        loss = 4 * (theta**2).sum() / 2
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 8
    assert theta.item() == pytest.approx(2 - 0.1 * 4 * 2.3, abs=1e-12)


def test_rho_zero_is_the_base():
    (model, x, y), (other, _, _) = problem(), problem()
    a = SAM(torch.optim.Adam(model.parameters()), rho=0.0)
    b = torch.optim.Adam(other.parameters())
    for _ in range(3):
        a.step(closure_of(a, model, x, y))
        b.step(closure_of(b, other, x, y))
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), other.parameters(), strict=True))


def test_b65_adaptive_sam_does_not_feel_the_scale_of_layers():
    """Layers scaled by c and 1/c around a ReLU give the same function; e scales with them only if adaptive."""
    c, changes = 4.0, {}
    for adaptive in (False, True):
        losses = []
        for scale in (1.0, c):
            torch.manual_seed(0)
            model = nn.Sequential(nn.Linear(3, 4, bias=False), nn.ReLU(), nn.Linear(4, 2, bias=False)).double()
            x, y = torch.randn(9, 3).double(), torch.randn(9, 2).double()
            with torch.no_grad():
                model[0].weight *= scale
                model[2].weight /= scale
            optimizer = SAM(torch.optim.SGD(model.parameters(), lr=0.1), rho=0.1, adaptive=adaptive)
            closure_of(optimizer, model, x, y)()
            with optimizer.perturbed(), torch.no_grad():
                losses.append(nn.functional.mse_loss(model(x), y).item())
        changes[adaptive] = abs(losses[1] / losses[0] - 1)
    assert changes[True] < 1e-12
    assert changes[False] > 1e-2


def test_parameters_come_back_exactly_also_after_an_error():
    model, x, y = problem()
    optimizer = SAM(torch.optim.SGD(model.parameters(), lr=0.1), rho=1e6)
    before = [p.detach().clone() for p in model.parameters()]
    closure_of(optimizer, model, x, y)()
    with pytest.raises(KeyError), optimizer.perturbed():
        assert not torch.equal(model[0].weight, before[0])
        raise KeyError
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))
    with pytest.raises(RuntimeError, match="which was not taken"):
        optimizer.step()


def test_without_closure_and_with_a_gradient_scaler():
    (model, x, y), (other, _, _) = problem(dtype=torch.float32), problem(dtype=torch.float32)
    a, b = (SAM(torch.optim.SGD(m.parameters(), lr=0.1)) for m in (model, other))
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**12)
    for _ in range(2):
        a.zero_grad()
        scaler.scale(nn.functional.mse_loss(model(x), y)).backward()
        with a.perturbed():
            a.zero_grad()
            scaler.scale(nn.functional.mse_loss(model(x), y)).backward()
        scaler.step(a)
        scaler.update()
        b.step(closure_of(b, other, x, y))
    for p, q in zip(model.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(p, q)


def test_maximising_looks_for_the_lowest_point_nearby():
    theta = nn.Parameter(torch.tensor([1.0]))
    optimizer = SAM(torch.optim.SGD([theta], lr=1.0, maximize=True), rho=0.25)
    theta.grad = torch.ones(1)
    with optimizer.perturbed():
        assert theta.item() == 0.75


def test_refuses_sparse_gradients_negative_rho_and_things_that_are_no_optimizer():
    table = nn.Embedding(5, 2, sparse=True)
    optimizer = SAM(torch.optim.SGD(table.parameters(), lr=1.0))
    table(torch.tensor([1])).sum().backward()
    with pytest.raises(RuntimeError, match="needs dense gradients"), optimizer.perturbed():
        pass
    with pytest.raises(ValueError, match="rho must be at least 0, got -1"):
        SAM(torch.optim.SGD(table.parameters(), lr=1.0), rho=-1.0)


@pytest.mark.parametrize("wrong", [None, nn.Linear(1, 1)])
def test_wraps_optimizers_only(wrong):
    with pytest.raises(Exception, match="Optimizer"):
        SAM(wrong)
