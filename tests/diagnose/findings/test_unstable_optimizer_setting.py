from dataclasses import replace

import pytest
from tests.diagnose import records as r

from rhobar.record import Finding, OptimizerFacts

ADAM = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
DROPPED = [1e-3] * 20 + [1e-6] * 380
RISING = [1e-3 * 1.01**t for t in range(400)]
COSINE = [1e-3 * (1 - t / 400) for t in range(400)]


def case(kind="Adam", losses=None, rates=None, **settings):
    facts = OptimizerFacts(kind, (ADAM if kind == "Adam" else {"lr": 1e-3}) | settings)
    return r.training(losses=losses or r.flat(), rates=rates or [1e-3] * 400, optimizer=facts)


def unknown(losses, cosine=0.97):
    """A hand-written loss, whose level says nothing, under an eps that outweighs the gradients."""
    return replace(case(losses=list(losses), eps=0.1), targets=None, readings=r.readings(gradient_cosine=cosine))


@pytest.mark.parametrize(
    ("sick", "word"),
    [
        (case("SGD", momentum=0.999), "momentum"),
        (case(beta1=0.99), "momentum"),
        (case(beta2=0.5), "β₂"),
        (case(eps=0.1), "eps"),
        (case(rates=DROPPED), "schedule"),
        (case(rates=[0.0] * 400), "was 0"),
        (unknown(1 - t / 400 for t in range(400)), "eps"),
        (case("SGD", rates=RISING, losses=r.falling()[:200] + r.flat(4.0)[:200]), "raised"),
    ],
)
def test_a_setting_beyond_its_limit_is_found(sick, word):
    found = r.judge("unstable-optimizer-setting", sick)
    assert isinstance(found, Finding)
    assert word in found.summary


@pytest.mark.parametrize(
    "healthy",
    [
        r.training(),
        case(),
        case("SGD", rates=RISING),  # level from the start: not the schedule's doing
        case(rates=COSINE),
        case("SGD", momentum=0.99, losses=r.falling()),
        case(beta1=0.5),  # games
        unknown(0.01 ** (t / 400) for t in range(400)),  # it has come to rest
        unknown((1 - t / 400 for t in range(400)), cosine=0.5),
        case(eps=1e-3),  # no more than the gradients
        case("SGD", rates=[1e-7 * 1.05**t for t in range(400)]),  # a range test
    ],
)
def test_usual_settings_and_learning_nets_are_silent(healthy):
    assert r.judge("unstable-optimizer-setting", healthy) is None
