import pytest
from tests.diagnose import records as r

from rhobar.record import Evaluation, Finding, NotChecked

LINE = [2.3 - 1.1 * t / 400 for t in range(400)]


def evaluations(*losses):
    return [Evaluation(100 * (i + 1), 4, 100, loss=loss) for i, loss in enumerate(losses)]


@pytest.mark.parametrize("sick", [r.training(losses=LINE), r.training(losses=LINE, evaluations=evaluations(2.0, 1.3))])
def test_a_fall_cut_short_is_found(sick):
    assert isinstance(r.judge("too-few-epochs", sick), Finding)


@pytest.mark.parametrize(
    "healthy",
    [
        r.training(),
        r.training(losses=r.falling(end=1.5)),  # it has settled
        r.training(losses=[2.3 - 2 * t / 400 for t in range(400)]),  # it learned
        r.training(losses=LINE, evaluations=evaluations(1.3, 2.0)),  # the validation loss is past its best
        r.training(losses=LINE, rates=[1e-3 * (1 - t / 400) for t in range(400)]),  # the schedule ended
    ],
)
def test_settled_learned_or_scheduled_ends_are_silent(healthy):
    assert r.judge("too-few-epochs", healthy) is None


def test_without_a_constant_answer_it_says_so():
    assert isinstance(r.judge("too-few-epochs", r.training(losses=LINE, targets=None)), NotChecked)
