import pytest
from tests.diagnose import records as r

from rhobar.record import Finding


def case(share, *, where=1, activation="tanh", losses=None):
    def layers(i):
        return r.layer(i, activation=activation, saturated=share if i == where else 0.01)

    return r.training(losses=losses or r.flat(), readings=r.readings(layers=layers))


def test_a_flat_hidden_layer_is_found():
    found = r.judge("saturated-units", case(0.95))
    assert isinstance(found, Finding)
    assert found.where == ("layers.1",)


@pytest.mark.parametrize(
    "healthy",
    [
        case(0.5),
        case(0.95, losses=r.falling()),
        case(0.95, where=r.DEPTH - 1, activation="sigmoid"),  # the output
        case(0.95, activation="relu"),
    ],
)
def test_outputs_and_learning_nets_are_silent(healthy):
    assert r.judge("saturated-units", healthy) is None
