import random
from statistics import fmean, stdev

import pytest
from tests.diagnose import records as r

from rhobar.diagnose.validation import curve_noise, minimum_bias, training_evaluations, validation_evaluations
from rhobar.record import Evaluation


@pytest.mark.parametrize("slope", [0.0, -0.3, 2.0])
def test_curve_noise_finds_sigma_under_any_slope(slope):
    rng = random.Random(0)
    found = [curve_noise([slope * i + rng.gauss(0, 0.5) for i in range(400)]) for _ in range(50)]
    assert fmean(found) == pytest.approx(0.5, abs=4 * stdev(found) / 50**0.5 + 0.01)


def test_minimum_bias_bounds_the_smallest_of_n():
    rng = random.Random(0)
    mean = fmean(-min(rng.gauss(0, 1) for _ in range(50)) for _ in range(400))
    assert 0 < mean < minimum_bias(50)


def test_evaluations_are_sorted_by_their_data():
    seen = [
        Evaluation(0, 1, 10, source="val"),
        Evaluation(10, 1, 10, overlap=0.0, source="val"),
        Evaluation(10, 1, 10, overlap=1.0, source="train"),
        Evaluation(20, 1, 10, overlap=0.0, source="val"),
        Evaluation(20, 1, 10, overlap=0.0, source="test"),
    ]
    case = r.training(evaluations=seen)
    assert [e.step for e in validation_evaluations(case)] == [10, 20]
    assert [e.source for e in training_evaluations(case)] == ["train"]
