import math

import pytest
from tests.diagnose import records as r

from rhobar.record import Finding, LossFacts, NotChecked

CUSTOM = {"loss": LossFacts("custom"), "targets": None}


@pytest.mark.parametrize(
    "sick",
    [
        r.training(losses=r.flat()),
        r.training(losses=r.falling(5.0, r.CONSTANT)),
        r.training(losses=r.flat(noise=1e-3), **CUSTOM),
        r.training(losses=[2.3, math.nan]),
    ],
)
def test_a_level_or_lost_loss_is_found(sick):
    assert isinstance(r.judge("not-learning", sick), Finding)


@pytest.mark.parametrize(
    "healthy",
    [
        r.training(),
        r.training(losses=r.falling(end=2.0)),
        r.training(losses=r.flat(), targets=r.targets(constant_batches=True)),  # a game
        r.training(losses=r.flat(noise=0.5), **CUSTOM),  # a noisy reward
        r.training(losses=r.falling(9.0, 3.0), loss=LossFacts("bce", num_terms=2)),  # a penalty on top
    ],
)
def test_learning_games_and_rewards_are_silent(healthy):
    assert r.judge("not-learning", healthy) is None


def test_short_or_unknown_trainings_are_not_judged():
    assert isinstance(r.judge("not-learning", r.training(losses=r.flat()[:10])), NotChecked)
    negative = r.training(losses=r.flat(-1.0), **CUSTOM)
    assert isinstance(r.judge("not-learning", negative), NotChecked)
