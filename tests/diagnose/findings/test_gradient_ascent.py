import pytest
from tests.diagnose import records as r

from rhobar.record import Finding, LossFacts, OptimizerFacts, RateProbe


def climbing(cosine=0.8, **changes):
    losses = [2.3 + 0.01 * t for t in range(400)]
    return r.training(**({"losses": losses, "readings": r.readings(gradient_cosine=cosine)} | changes))


def negated(kind, **changes):
    losses = [-0.5 - 0.1 * t for t in range(100)]
    return r.training(losses=losses, loss=LossFacts(kind, reduction="mean"), **changes)


@pytest.mark.parametrize(
    "sick",
    [
        negated("mse"),
        negated("cross_entropy"),
        r.training(losses=r.falling(1.0, 9.0), optimizer=OptimizerFacts("SGD", {"lr": 0.1, "maximize": 1.0})),
        climbing(),
    ],
)
def test_sign_errors_are_found(sick):
    assert isinstance(r.judge("gradient-ascent", sick), Finding)


@pytest.mark.parametrize(
    "healthy",
    [
        r.training(),
        negated("bce", targets=r.targets(maximum=9.0)),  # invalid-labels
        negated("custom"),  # a reward
        climbing(cosine=-0.7),  # learning-rate-too-high
        climbing(targets=r.targets(constant_batches=True)),  # a game
        climbing(rate=RateProbe((0.01, 1.0), (6.0, 6.5), 6.1)),  # the update goes downhill
    ],
)
def test_rewards_games_and_overshoots_are_silent(healthy):
    assert not isinstance(r.judge("gradient-ascent", healthy), Finding)
