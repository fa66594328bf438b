import math

import pytest
from tests.diagnose import records as r

from rhobar.record import Evaluation, Finding, NotChecked


def case(validation, *, accuracies=(), **changes):
    n = max(len(validation), len(accuracies))
    pairs = zip(validation or [None] * n, accuracies or [None] * n, strict=True)
    seen = [Evaluation(r.STEPS * (i + 1) // n, 4, 200, loss=x, accuracy=a) for i, (x, a) in enumerate(pairs)]
    return r.training(evaluations=seen, **changes)


def ripple(n, level=1.0, noise=0.02):
    return [level + noise * math.sin(12.9898 * i) for i in range(n)]


U_SHAPED = [1.0 + 0.02 * (i - 5) ** 2 for i in range(20)]


@pytest.mark.parametrize("sick", [case(U_SHAPED), case([1.5]), case([1.6, 1.4])])
def test_a_rise_or_a_wide_gap_is_found(sick):
    found = r.judge("overfitting", sick)
    assert isinstance(found, Finding)
    assert found.evidence[0].value > found.evidence[0].threshold


@pytest.mark.parametrize(
    "healthy",
    [
        case([2.3 * math.exp(-i / 5) + 0.15 for i in range(20)]),  # a small constant gap
        case([0.3 + 0.002 * i for i in range(20)]),  # overconfidence creeps up
        case(ripple(20, level=0.4)),
        case([1.0 + 0.02 * (i - 19) ** 2 for i in range(20)], losses=r.falling(end=0.8)),  # best at the end
        case([1.0 + 0.004 * (i - 5) ** 2 for i in range(20)], losses=r.flat(1.0)),  # drift: both stand still
        case(U_SHAPED, targets=r.targets(constant_batches=True)),
    ],
)
def test_noise_small_gaps_and_drift_are_silent(healthy):
    assert r.judge("overfitting", healthy) is None


def test_accuracy_alone():
    sick = case([], accuracies=[0.6, 0.55])
    sick.evaluations.append(Evaluation(400, 4, 200, accuracy=0.99, overlap=1.0))
    assert isinstance(r.judge("overfitting", sick), Finding)
    assert r.judge("overfitting", case([], accuracies=[0.6, 0.55])) is None


def test_no_validation_is_said():
    assert isinstance(r.judge("overfitting", r.training()), NotChecked)
