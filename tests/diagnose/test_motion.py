import math

from tests.diagnose import records as r

from rhobar.diagnose.motion import matrix_movements, matrix_names, path_bound, typical, update_ratios


def test_movement_is_bounded_by_the_path():
    case = r.training()
    assert update_ratios(case) == [1e-3] * len(case.readings)
    assert path_bound(case) == 1e-3 * r.STEPS


def test_only_held_matrices_count():
    case = r.training(parameters=(r.parameter(0), r.parameter(1, shape=(64,)), r.parameter(2, held=False)))
    assert matrix_names(case) == {"layers.0.weight"}
    assert matrix_movements(case) == [0.5]


def test_nan_is_not_hidden_by_the_median():
    assert typical([1.0, 2.0, 3.0, math.nan]) != typical([1.0, 2.0, 3.0])
    assert math.isnan(typical([1.0, 2.0, 3.0, math.nan]))
    assert typical([]) is None
