import pytest
from tests.diagnose import records as r

from rhobar.record import Finding, NotChecked


@pytest.mark.parametrize(("uncleared", "fires"), [(0, False), (1, False), (199, False), (200, True), (399, True)])
def test_fires_from_half_of_the_steps(uncleared, fires):
    assert isinstance(r.judge("accumulating-gradients", r.training(uncleared_steps=uncleared)), Finding) is fires


def test_two_steps_are_too_few():
    few = r.training(losses=[1.0, 1.0], num_steps=2, uncleared_steps=1)
    assert isinstance(r.judge("accumulating-gradients", few), NotChecked)
