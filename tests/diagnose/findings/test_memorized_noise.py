import pytest
from tests.diagnose import records as r

from rhobar.record import Evaluation, Finding, LabelProbe, NotChecked

NOISE = LabelProbe(0.11, 0.1, 0.015, 400, "linear")
SIGNAL = LabelProbe(0.9, 0.1, 0.015, 400, "linear")
FAILED = [Evaluation(400, 4, 100, loss=3.5)]
PASSED = [Evaluation(400, 4, 100, loss=0.4)]


def case(labels, evaluations, losses=None):
    return r.training(losses=losses or r.falling(end=0.02), labels=labels, evaluations=evaluations)


def test_labels_known_by_heart_are_found():
    assert isinstance(r.judge("memorized-noise", case(NOISE, FAILED)), Finding)


@pytest.mark.parametrize("healthy", [case(SIGNAL, FAILED), case(NOISE, PASSED), case(NOISE, FAILED, r.flat())])
def test_one_witness_is_not_enough(healthy):
    assert r.judge("memorized-noise", healthy) is None


def test_missing_witnesses_are_said():
    assert isinstance(r.judge("memorized-noise", case(None, FAILED)), NotChecked)
    assert isinstance(r.judge("memorized-noise", case(NOISE, [])), NotChecked)
