import itertools
import math

import pytest
import torch
from tests.optim.cases import problem
from torch import nn

from rhobar.optim import NewtonCG


def quadratic():
    Q = torch.randn(5, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    H, b = Q @ Q.T + torch.eye(5, dtype=torch.float64), Q[0]
    theta = nn.Parameter(torch.zeros(5, dtype=torch.float64))
    return theta, lambda: theta @ H @ theta / 2 - b @ theta, torch.linalg.solve(H, b)


def test_b22_one_step_solves_a_quadratic():
    theta, loss, minimum = quadratic()
    NewtonCG([theta], radius=100.0, forcing=1e-12).step(loss)
    torch.testing.assert_close(theta.detach(), minimum, rtol=0, atol=1e-9)


def test_b22_near_a_minimum_the_error_is_squared_in_each_step():
    theta = nn.Parameter(torch.tensor([0.3], dtype=torch.float64))
    optimizer = NewtonCG([theta], radius=10.0, forcing=1e-12)
    errors = [0.3]
    for _ in range(4):
        optimizer.step(lambda: (theta.exp() - theta).sum())  # minimum at 0, error ↦ error²/2
        errors.append(abs(theta.item()))
    for before, after in itertools.pairwise(errors):
        assert after == pytest.approx(before**2 / 2, rel=before)
    assert errors[-1] < 1e-9


def test_b22_b61_a_saddle_does_not_attract_it():
    """L = x⁴/4 − x²/2 + y²/2 from beside the saddle at 0: Newton's plain step goes to it."""
    theta = nn.Parameter(torch.tensor([0.01, 1.0], dtype=torch.float64))
    optimizer = NewtonCG([theta])
    for _ in range(12):
        optimizer.step(lambda: theta[0] ** 4 / 4 - theta[0] ** 2 / 2 + theta[1] ** 2 / 2)
    torch.testing.assert_close(theta.detach(), torch.tensor([1.0, 0.0], dtype=torch.float64), rtol=0, atol=1e-6)


def test_the_loss_never_rises_and_steps_stay_in_the_region():
    model, x, y = problem()
    optimizer, losses = NewtonCG(model.parameters(), radius=0.5), []
    for _ in range(15):
        before, radius = [p.detach().clone() for p in model.parameters()], optimizer.radius
        losses.append(optimizer.step(lambda: nn.functional.mse_loss(model(x), y)).item())
        moved = torch.cat([(p - q).reshape(-1) for p, q in zip(model.parameters(), before, strict=True)])
        assert moved.norm() <= radius * (1 + 1e-9)
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.5 * losses[0]


def test_a_rejected_trial_changes_nothing_but_the_radius():
    theta = nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
    optimizer = NewtonCG([theta], radius=2.0)
    calls = iter([0, 1])
    optimizer.step(lambda: (theta**2).sum() / 2 + (math.nan if next(calls) else 0.0))
    assert (theta.item(), optimizer.radius) == (1.0, 0.25)  # a quarter of the step's length


def test_the_radius_doubles_only_where_the_model_is_right_at_the_boundary():
    theta = nn.Parameter(torch.tensor([100.0], dtype=torch.float64))
    optimizer = NewtonCG([theta], radius=1.0, max_radius=3.0, forcing=1e-9)
    radii = []
    for _ in range(3):
        optimizer.step(lambda: (theta**2).sum() / 2)
        radii.append(optimizer.radius)
    assert radii == [2.0, 3.0, 3.0]
    assert theta.item() == pytest.approx(100 - 1 - 2 - 3)
    with torch.no_grad():
        theta.fill_(0.5)
    optimizer.step(lambda: (theta**2).sum() / 2)
    assert (round(theta.item(), 9), optimizer.radius) == (0.0, 3.0)


def test_the_rate_scales_the_region_not_newtons_step():
    for lr, expected in ((1.0, 99.0), (0.1, 99.9)):
        theta = nn.Parameter(torch.tensor([100.0], dtype=torch.float64))
        NewtonCG([theta], lr=lr).step(lambda t=theta: (t**2).sum() / 2)
        assert theta.item() == pytest.approx(expected)
    theta, loss, minimum = quadratic()
    NewtonCG([{"params": [theta], "lr": 0.5}], radius=100.0, forcing=1e-12).step(loss)
    torch.testing.assert_close(theta.detach(), minimum, rtol=0, atol=1e-9)


def test_a_closure_that_calls_backward_is_told_so():
    theta = nn.Parameter(torch.ones(1))

    def closure():
        loss = (theta**2).sum()
        loss.backward()
        return loss

    with pytest.raises(RuntimeError, match=r"without calling backward\(\)"):
        NewtonCG([theta]).step(closure)


@pytest.mark.parametrize("settings, message", [
    ({"radius": 0.0}, r"radius must be in \(0, max_radius\], got 0"),
    ({"radius": 2.0, "max_radius": 1.0}, "got 2.0 with max_radius 1.0"),
    ({"max_cg_steps": 0}, "max_cg_steps must be at least 1"),
    ({"forcing": 1.0}, "forcing in"),
    ({"lr": -1.0}, "lr must be at least 0"),
])  # fmt: skip
def test_refuses(settings, message):
    with pytest.raises(ValueError, match=message):
        NewtonCG([nn.Parameter(torch.ones(1))], **settings)


def test_in_float32_the_last_steps_are_not_lost_to_rounding():
    """A large constant hides the loss's last changes; the step is Newton's all the same."""
    theta = nn.Parameter(torch.tensor([1e-3]))
    optimizer = NewtonCG([theta])
    for _ in range(3):
        optimizer.step(lambda: (theta**2).sum() / 2 + 100)
    assert abs(theta.item()) < 1e-9


def test_sparse_gradients_are_refused():
    table = nn.Embedding(3, 2, sparse=True)
    with pytest.raises(RuntimeError):
        NewtonCG(table.parameters()).step(lambda: (table(torch.tensor([1])) ** 2).sum())
