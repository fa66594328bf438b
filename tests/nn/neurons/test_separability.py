"""Separability: certificates that can be checked by hand, and the bound on a perceptron's mistakes."""

import math
from itertools import product

import numpy as np
import pytest
import torch

from rhobar.nn.neurons import distance_to_hyperplane, novikoff_bound, perceptron_updates, separability

CORNERS = torch.tensor(list(product((0.0, 1.0), repeat=2)), dtype=torch.float64)
XOR = torch.tensor([-1.0, 1.0, 1.0, -1.0], dtype=torch.float64)


def clouds(seed, gap, samples=40, n=3):
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(samples, n, generator=generator, dtype=torch.float64)
    w = torch.randn(n, generator=generator, dtype=torch.float64)
    w /= w.norm()
    y = torch.where(X @ w > 0.3, 1.0, -1.0).double()
    return X + gap * y[:, None] * w, y


def test_xor_is_refuted():  # A9, A10
    found = separability(CORNERS, XOR)
    assert not found.separable and found.residual < 1e-12
    assert found.meeting_point.tolist() == pytest.approx([0.5, 0.5])
    # the four inequalities, each with the weight ¼, sum to 0 > 0
    assert found.multipliers.tolist() == pytest.approx([0.25] * 4)
    assert math.isnan(found.bias) and found.weight.isnan().all()


def test_the_best_line_gets_three_of_four():  # A9
    grid = torch.linspace(-2, 2, 21, dtype=torch.float64)
    lines = torch.cartesian_prod(grid, grid, grid)
    right = (torch.sign(CORNERS @ lines[:, :2].T + lines[:, 2]) == XOR[:, None]).sum(0)
    assert right.max() == 3


@pytest.mark.parametrize("labels", list(product((-1.0, 1.0), repeat=4))[1:-1])
def test_every_other_function_of_two_bits_is_separable(labels):
    y = torch.tensor(labels, dtype=torch.float64)
    found = separability(CORNERS, y)
    assert found.separable == (list(labels) not in ([-1, 1, 1, -1], [1, -1, -1, 1]))
    if found.separable:
        assert (y * (CORNERS @ found.weight + found.bias)).min().item() == pytest.approx(found.residual)
        assert found.residual > 0 and (found.multipliers == 0).all()


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("seed", range(4))
def test_the_answer_proves_itself_either_way(seed, scale):
    for gap, separable in ((0.2, True), (-0.4, False)):
        X, y = clouds(seed, gap)
        X = X * scale
        found = separability(X, y)
        assert found.separable == separable
        if separable:
            assert (y * (X @ found.weight + found.bias)).min() > 0
            continue
        weights, positive = found.multipliers, y > 0
        assert (weights >= 0).all() and weights.sum().item() == pytest.approx(1) and found.residual < 1e-9
        for side in (positive, ~positive):  # the point is a weighted mean of each class
            mean = (weights * side) @ X / (weights * side).sum()
            torch.testing.assert_close(mean, found.meeting_point, rtol=1e-7, atol=1e-7 * scale)


def test_a_disc_in_a_ring_is_not_separable_though_convex():  # A10
    angles = torch.linspace(0, 2 * math.pi, 13, dtype=torch.float64)[:-1]
    circle = torch.stack([angles.cos(), angles.sin()], 1)
    y = torch.tensor([1.0] * 12 + [-1.0] * 12, dtype=torch.float64)
    assert not separability(torch.cat([0.3 * circle, circle]), y).separable
    lifted = torch.cat([0.3 * circle, circle])
    assert separability(torch.cat([lifted, lifted.square().sum(1, keepdim=True)], 1), y).separable


def test_touching_hulls_are_not_strictly_separable():
    X, y = torch.tensor([[0.0], [1.0], [1.0], [2.0]]), torch.tensor([-1.0, -1.0, 1.0, 1.0])
    assert not separability(X, y).separable and novikoff_bound(X, y).updates == math.inf


def test_bound_of_the_worked_example():  # A4, A7
    X, y = torch.tensor([[2.0, 1.0], [-1.0, 2.0]]), torch.tensor([1.0, -1.0])
    bound = novikoff_bound(X, y, bias=False)
    # the hull of (2, 1) and (1, −2) is nearest to the origin at (1.5, −0.5)
    assert (bound.radius, bound.margin) == pytest.approx((math.sqrt(5), math.sqrt(2.5))) and bound.updates == 2
    torch.testing.assert_close(bound.weight, torch.tensor([1.5, -0.5], dtype=torch.float64) / math.sqrt(2.5))
    assert novikoff_bound(X, y).radius == pytest.approx(math.sqrt(6))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_updates_never_exceed_the_bound_and_obey_its_proof(seed, bias):  # A7, A8
    X, y = clouds(seed, 0.4)
    if not bias:
        X = torch.cat([X, torch.full((len(X), 1), 0.5, dtype=torch.float64)], 1)
    bound = novikoff_bound(X, y, bias=bias)
    Z = torch.cat([X, torch.ones(len(X), 1, dtype=torch.float64)], 1) if bias else X
    assert (y * (Z @ bound.weight)).min().item() == pytest.approx(bound.margin)
    assert bound.weight.norm().item() == pytest.approx(1) and bound.radius == pytest.approx(Z.norm(dim=1).max().item())
    updates = list(perceptron_updates(X.numpy(), y.numpy(), bias=bias))
    assert 1 <= len(updates) <= bound.updates < math.inf
    for t, update in enumerate(updates, 1):
        w = torch.from_numpy(np.append(update.weight, update.bias) if bias else update.weight)
        assert w @ bound.weight >= t * bound.margin * (1 - 1e-12)
        assert w @ w <= t * bound.radius**2 * (1 + 1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_the_margin_is_the_largest(seed):
    """Against the hard-margin support vector machine of scikit-learn, through the origin of augmented inputs."""
    from sklearn.svm import LinearSVC

    X, y = clouds(seed, 0.4)
    Z = np.column_stack([X.numpy(), np.ones(len(X))])
    svm = LinearSVC(C=1e6, loss="hinge", fit_intercept=False, max_iter=2_000_000, tol=1e-10).fit(Z, y.numpy())
    margin = (y.numpy() * (Z @ svm.coef_[0])).min() / np.linalg.norm(svm.coef_)
    ours = novikoff_bound(X, y).margin
    assert ours >= margin * (1 - 1e-9) and ours == pytest.approx(margin, rel=1e-3)


def test_distance():  # C-§3.1.2
    X = torch.tensor([[0.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
    w = torch.tensor([3.0, 4.0], dtype=torch.float64)
    assert distance_to_hyperplane(X, w, -10.0).tolist() == pytest.approx([-2.0, -0.6])
    torch.testing.assert_close(distance_to_hyperplane(X, 7 * w, -70.0), distance_to_hyperplane(X, w, -10.0))


@pytest.mark.parametrize("function", [separability, novikoff_bound])
def test_refusals(function):
    with pytest.raises(ValueError, match=r"y must hold −1 and \+1, both of them, got \[0.0, 1.0\]"):
        function(torch.zeros(2, 1), torch.tensor([0.0, 1.0]))
    with pytest.raises(ValueError, match="both of them"):
        function(torch.zeros(2, 1), torch.ones(2))
    with pytest.raises(ValueError, match="X must be finite"):
        function(torch.tensor([[1.0], [math.nan]]), torch.tensor([-1.0, 1.0]))


@pytest.mark.parametrize("function", [separability, novikoff_bound])
def test_without_scipy_the_extra_is_named(function, monkeypatch):
    import importlib

    def absent(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(ImportError, match=r"pip install 'rhobar\[data\]'"):
        function(CORNERS, XOR)
