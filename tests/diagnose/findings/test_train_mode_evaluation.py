import pytest
from tests.diagnose import records as r

from rhobar.record import Evaluation, Finding, ModeFacts, NotChecked

DROPOUT = ModeFacts(has_dropout=True, max_dropout=0.3, steps=400)


def case(*evaluations, modes=DROPOUT):
    return r.training(modes=modes, evaluations=list(evaluations))


def evaluation(training_mode, *, step=100, loss=0.5, **changes):
    return Evaluation(step, 4, 100, loss=loss, training_mode=training_mode, **changes)


def test_evaluation_in_train_mode_is_found():
    assert isinstance(r.judge("train-mode-evaluation", case(evaluation(True), evaluation(True))), Finding)


@pytest.mark.parametrize(
    "healthy",
    [
        r.training(),
        case(evaluation(False), evaluation(False), evaluation(True)),
        case(evaluation(True), modes=ModeFacts()),
    ],
)
def test_eval_mode_and_plain_nets_are_silent(healthy):
    assert r.judge("train-mode-evaluation", healthy) is None


@pytest.mark.parametrize("idle", [evaluation(True, step=0), evaluation(True, loss=None), evaluation(True, overlap=1.0)])
def test_samples_and_passes_over_training_rows_are_not_evaluations(idle):
    assert isinstance(r.judge("train-mode-evaluation", case(idle)), NotChecked)
