"""The perceptron: its rule, the worked example, and scikit-learn's contract."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from rhobar.nn.losses import perceptron_loss
from rhobar.nn.neurons import Perceptron, novikoff_bound, perceptron_updates, threshold_updates

X4, Y4 = np.array([[2.0, 1.0], [-1.0, 2.0]]), np.array([1.0, -1.0])


def clouds(seed, gap=0.3, samples=60):
    random = np.random.default_rng(seed)
    X = random.normal(size=(samples, 2))
    y = np.where(X @ [0.6, 0.8] > 0.2, 1.0, -1.0)
    return X + gap * y[:, None] * [0.6, 0.8], y


CONTRACT = """
import warnings
from sklearn.utils.estimator_checks import estimator_checks_generator
from rhobar.nn.neurons import Perceptron

warnings.filterwarnings("ignore", "Estimator Perceptron does not inherit")  # so that importing needs no scikit-learn
passed = 0
for rule in ("sign", "threshold"):
    for estimator, check in estimator_checks_generator(Perceptron(rule, max_epochs=60, random_state=0)):
        try:
            check(estimator)
            passed += 1
        except Exception as error:
            if type(error).__name__ != "SkipTest":
                print(rule, check.func.__name__, type(error).__name__, error)
print("passed", passed)
"""


def test_scikit_learns_contract():
    """Every check of ``check_estimator``; as users run it, since one check hands the constructor arguments of any type."""
    done = subprocess.run([sys.executable, "-c", CONTRACT], capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1 and int(done.stdout.removeprefix("passed")) >= 100, done.stdout


def test_worked_example():  # A4
    updates = list(perceptron_updates(X4, Y4))
    assert [(u.sample, u.weight.tolist(), u.bias) for u in updates] == [(0, [2, 1], 1), (1, [3, -1], 0)]
    assert X4[1] @ updates[0].weight + updates[0].bias == 1  # the score of x₂ in between
    unit = Perceptron().fit(X4, Y4)
    assert unit.decision_function(X4).tolist() == [5, -5]
    assert (unit.n_updates_, unit.n_epochs_, unit.converged_) == (2, 2, True)


@pytest.mark.parametrize("rate", [0.1, 1.0, 7.0])
def test_score_after_an_update(rate):  # A3
    X, y = clouds(0)
    w, b = np.zeros(2), 0.0
    for u in perceptron_updates(X, y, rate=rate):
        old, new = X[u.sample] @ w + b, X[u.sample] @ u.weight + u.bias
        assert new == pytest.approx(old + rate * y[u.sample] * (X[u.sample] @ X[u.sample] + 1))
        assert y[u.sample] * new > y[u.sample] * old
        w, b = u.weight, u.bias


def test_rate_only_scales_from_zero():  # A7's note
    X, y = clouds(1)
    one, three = list(perceptron_updates(X, y)), list(perceptron_updates(X, y, rate=3.0))
    assert [u.sample for u in one] == [u.sample for u in three]
    np.testing.assert_allclose(3 * one[-1].weight, three[-1].weight)


def test_absorbed_bias_gives_the_same_trajectory():  # A5
    X, y = clouds(2)
    apart = list(perceptron_updates(X, y))
    absorbed = list(perceptron_updates(np.column_stack([X, np.ones(len(X))]), y, bias=False))
    assert len(apart) == len(absorbed) > 3
    for one, other in zip(apart, absorbed, strict=True):
        np.testing.assert_allclose(np.append(one.weight, one.bias), other.weight)
        assert other.bias == 0


def test_it_is_subgradient_descent_on_the_perceptron_loss():  # A6
    X, y = clouds(3, samples=25)
    w, b = (
        torch.zeros(2, dtype=torch.float64, requires_grad=True),
        torch.zeros((), dtype=torch.float64, requires_grad=True),
    )
    optimizer, trajectory = torch.optim.SGD([w, b], lr=0.5), []
    for _ in range(12):
        for x, label in zip(torch.from_numpy(X), torch.from_numpy(y), strict=True):
            optimizer.zero_grad()
            perceptron_loss(x @ w + b, label).backward()
            optimizer.step()
            if w.grad.any():
                trajectory.append(w.detach().numpy().copy())
    ours = [u.weight for u in perceptron_updates(X, y, rate=0.5)]
    np.testing.assert_allclose(trajectory, ours)


def test_threshold_form_takes_twice_the_step():  # C-§2.1.3b
    X, y = clouds(4)
    start = np.array([0.2, -0.3])
    (first, *_) = threshold_updates(X, y, start, 0.1, rate=0.7)
    x, d = X[first.sample], y[first.sample]
    np.testing.assert_allclose(first.weight, start + 0.7 * 2 * d * x)
    assert first.bias == pytest.approx(-0.1 + 0.7 * 2 * d)
    # a score of exactly θ counts as +1 here, as a mistake in the ±1 rule
    assert [u.sample for u in threshold_updates(X4, np.array([1.0, 1.0]), np.zeros(2), 0.0)] == []
    assert len(list(perceptron_updates(X4, np.array([1.0, 1.0]), max_epochs=1))) > 0


@pytest.mark.parametrize("rule", ["sign", "threshold"])
def test_separable_data_are_separated(rule):  # A7, C-§2.1.3c
    X, y = clouds(5)
    labels = np.where(y > 0, "up", "down")
    unit = Perceptron(rule, random_state=0).fit(X, labels)
    assert unit.converged_ and unit.score(X, labels) == 1.0 and unit.classes_.tolist() == ["down", "up"]
    bound = novikoff_bound(torch.from_numpy(X), torch.from_numpy(y)).updates
    assert rule == "threshold" or 0 < unit.n_updates_ <= bound


def test_inseparable_data_never_end_but_stay_bounded():  # C-§2.1.3c
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = np.array([-1.0, 1.0, 1.0, -1.0])
    lengths = [np.hypot(*u.weight) for u in perceptron_updates(X, y, max_epochs=500)]
    assert len(lengths) > 500 and max(lengths) < 5
    unit = Perceptron(max_epochs=50).fit(X, y)
    assert not unit.converged_ and unit.n_epochs_ == 50


def test_without_bias_the_hyperplane_passes_through_the_origin():
    unit = Perceptron(fit_intercept=False, max_epochs=20).fit(np.array([[1.0], [2.0]]), [0, 1])
    assert unit.intercept_.tolist() == [0.0] and not unit.converged_
    threshold = Perceptron("threshold", fit_intercept=False, max_epochs=20, random_state=1).fit(*clouds(6))
    assert threshold.intercept_.tolist() == [0.0]


@pytest.mark.parametrize("bad", [{"rule": "delta"}, {"learning_rate": 0.0}, {"max_epochs": 0}])
def test_impossible_arguments_are_refused_by_name(bad):
    (name,) = bad
    with pytest.raises(ValueError, match=f"^{name} must be"):
        Perceptron(**bad).fit(X4, Y4)


def test_importing_needs_neither_scikit_learn_nor_scipy():
    code = (
        "import sys\nsys.modules['sklearn'] = sys.modules['scipy'] = None\n"
        "import rhobar.nn.neurons as n, rhobar.nn.losses, rhobar.nn.activations, rhobar.nn.initializers, rhobar.nn.normalization\n"
        "try:\n    n.Perceptron().fit([[0.0], [1.0]], [0, 1])\nexcept ImportError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'rhobar[data]'" in done.stdout
