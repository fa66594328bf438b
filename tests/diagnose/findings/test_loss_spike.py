import pytest
from tests.diagnose import records as r

from rhobar.record import Finding


def case(after, *, start=200, until=400, noise=0.02):
    losses = r.falling(noise=noise)
    return r.training(losses=[after + x if start <= t < until else x for t, x in enumerate(losses)])


def test_a_lasting_jump_is_found_at_its_step():
    found = r.judge("loss-spike", case(2.0))
    assert isinstance(found, Finding)
    assert "step 200" in found.summary


@pytest.mark.parametrize(
    "healthy",
    [
        r.training(),
        case(5.0, until=201),  # a hard batch
        case(2.0, until=300),  # made good
        case(0.05, noise=0.02),  # within the noise
        r.training(losses=r.flat(noise=0.5)),
        case(2.0, start=0, until=10),
    ],
)
def test_mended_jumps_and_noise_are_silent(healthy):
    assert r.judge("loss-spike", healthy) is None
