import pytest
import torch
from torch import nn

from rhobar.optim import ProximalL1, soft_threshold


def lasso(X, y, l1, steps=600, **settings):
    theta = nn.Parameter(torch.zeros(X.shape[1], dtype=torch.float64))
    rate = 1 / torch.linalg.matrix_norm(X, 2).item() ** 2
    optimizer = ProximalL1([theta], lr=rate, l1=l1, **settings)
    for _ in range(steps):
        optimizer.zero_grad()
        (((X @ theta - y) ** 2).sum() / 2).backward()
        optimizer.step()
    return theta.detach()


def data(orthonormal):
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(30, 6, generator=generator, dtype=torch.float64)
    X = torch.linalg.qr(X).Q if orthonormal else X
    return X, X @ torch.tensor([2.0, 0, -1, 0, 0.3, 0], dtype=torch.float64) + 0.1 * X.new_ones(30).cumsum(0).sin()


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("l1", [0.1, 0.5, 1.5])
def test_a86_orthonormal_design_is_soft_thresholded_at_lambda(l1, momentum):
    X, y = data(orthonormal=True)
    theta, least_squares = lasso(X, y, l1, 200, momentum=momentum), X.T @ y
    torch.testing.assert_close(theta, soft_threshold(least_squares, l1), rtol=0, atol=1e-10)
    assert torch.equal(theta == 0, least_squares.abs() <= l1)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_a87_rest_is_where_the_optimality_conditions_hold(momentum):
    X, y = data(orthonormal=False)
    theta = lasso(X, y, l1=8.0, momentum=momentum)
    g = X.T @ (X @ theta - y)
    zero = theta == 0
    assert 0 < zero.sum() < 6
    assert bool((g[zero].abs() <= 8.0).all())
    torch.testing.assert_close(g[~zero], -8.0 * theta[~zero].sign(), rtol=0, atol=1e-8)


def test_everything_is_zero_from_the_largest_gradient_on():
    X, y = data(orthonormal=False)
    limit = (X.T @ y).abs().max().item()
    assert not lasso(X, y, limit * (1 + 1e-9), 100).any()
    assert lasso(X, y, limit * 0.99, 100).any()


def test_a87_the_subgradient_gives_no_exact_zeros():
    X, y = data(orthonormal=False)
    theta = nn.Parameter(torch.full((6,), 0.1, dtype=torch.float64))
    optimizer = torch.optim.SGD([theta], lr=0.01)
    for _ in range(200):
        optimizer.zero_grad()
        (((X @ theta - y) ** 2).sum() / 2 + 8.0 * theta.abs().sum()).backward()
        optimizer.step()
    assert (theta != 0).all()
    assert (lasso(X, y, 8.0) == 0).any()


def test_elastic_net_closed_form():
    X, y = data(orthonormal=True)
    theta = lasso(X, y, 0.5, 500, weight_decay=0.25)
    torch.testing.assert_close(theta, soft_threshold(X.T @ y, 0.5) / 1.25, rtol=0, atol=1e-10)


def test_without_penalty_it_is_torchs_sgd_with_momentum():
    a, b = (nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64)) for _ in range(2))
    ours = ProximalL1([a], lr=0.05, l1=0.0, momentum=0.8, weight_decay=0.1)
    theirs = torch.optim.SGD([b], lr=0.05, momentum=0.8, weight_decay=0.1)
    for _ in range(30):
        for p, optimizer in ((a, ours), (b, theirs)):
            p.grad = p.detach() ** 3
            optimizer.step()
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


def test_maximize_climbs_the_same_path():
    a, b = (nn.Parameter(torch.tensor([1.0, -0.01], dtype=torch.float64)) for _ in range(2))
    up, down = ProximalL1([a], lr=0.1, l1=0.2, maximize=True), ProximalL1([b], lr=0.1, l1=0.2)
    for _ in range(3):
        a.grad, b.grad = -a.detach(), b.detach().clone()
        up.step()
        down.step()
    assert torch.equal(a, b)
    assert a[1] == 0


def test_groups_exclude_and_missing_gradients_are_not_shrunk():
    a, b, c = (nn.Parameter(torch.ones(1)) for _ in range(3))
    optimizer = ProximalL1([{"params": [a, c]}, {"params": [b], "l1": 0.0}], lr=1.0, l1=0.5)
    a.grad, b.grad = torch.zeros(1), torch.zeros(1)
    optimizer.step()
    assert (a.item(), b.item(), c.item()) == (0.5, 1.0, 1.0)


def test_nan_stays_in_its_element():
    theta = nn.Parameter(torch.ones(2))
    optimizer = ProximalL1([theta], lr=0.1, l1=0.1)
    theta.grad = torch.tensor([float("nan"), 0.0])
    optimizer.step()
    assert theta.isnan().tolist() == [True, False]


@pytest.mark.parametrize("settings, message", [
    ({"lr": -1.0}, "lr must be at least 0, got -1"),
    ({"l1": -1.0}, "l1 must be at least 0"),
    ({"momentum": 1.0}, r"momentum must be in \[0, 1\), got 1"),
    ({"weight_decay": float("nan")}, "weight_decay must be at least 0, got nan"),
])  # fmt: skip
def test_refuses(settings, message):
    with pytest.raises(ValueError, match=message):
        ProximalL1([nn.Parameter(torch.ones(1))], **settings)


def test_refuses_sparse_gradients():
    table = nn.Embedding(5, 2, sparse=True)
    table(torch.tensor([1])).sum().backward()
    with pytest.raises(RuntimeError, match="needs dense gradients"):
        ProximalL1(table.parameters()).step()
