import math

import pytest
from tests.diagnose import records as r

from rhobar.record import Finding, LabelProbe, LossFacts, ModeFacts, NotChecked

GOOD = LabelProbe(0.95, 0.1, 0.01, 400, "linear")
WEAK = LabelProbe(0.3, 0.1, 0.02, 400, "linear")
MSE = {"loss": LossFacts("mse", reduction="mean"), "targets": r.targets(constant_loss=1.0, distinct=())}
R2 = LabelProbe(0.8, 0.0, 0.02, 400, "linear")


@pytest.mark.parametrize(
    "sick",
    [
        r.training(losses=r.flat(1.5), labels=GOOD),
        r.training(losses=r.flat(0.9, noise=0.01), labels=R2, **MSE),
        r.training(losses=[math.nan] * 50, labels=GOOD),
    ],
)
def test_a_net_worse_than_a_simple_probe_is_found(sick):
    assert isinstance(r.judge("underfitting", sick), Finding)


@pytest.mark.parametrize(
    "healthy",
    [
        r.training(labels=GOOD),
        r.training(losses=r.flat(1.9), labels=WEAK),
        r.training(losses=r.flat(1.5), labels=GOOD, modes=ModeFacts(eval_loss=0.4)),  # dropout
        r.training(losses=r.flat(0.6), labels=LabelProbe(0.5, 0.0, 0.02, 400, "linear"), **MSE),
    ],
)
def test_nets_as_good_as_the_probe_are_silent(healthy):
    assert r.judge("underfitting", healthy) is None


def test_no_probe_is_said():
    assert isinstance(r.judge("underfitting", r.training()), NotChecked)
