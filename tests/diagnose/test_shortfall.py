import math

import pytest
from tests.diagnose import records as r

from rhobar.diagnose.progress import progress
from rhobar.diagnose.shortfall import baseline_loss, fano_loss, fell_short
from rhobar.record import LabelProbe, LossFacts


@pytest.mark.parametrize("num_classes", [2, 5, 10])
def test_fano_loss_ends_at_zero_and_at_ln_k(num_classes):
    assert fano_loss(1.0, num_classes) == 0
    assert fano_loss(1 / num_classes, num_classes) == pytest.approx(math.log(num_classes))
    assert fano_loss(0.0, num_classes) == pytest.approx(math.log(num_classes))


def test_baseline_of_real_targets_is_the_share_left_unexplained():
    case = r.training(
        loss=LossFacts("mse"),
        targets=r.targets(constant_loss=4.0),
        labels=LabelProbe(0.8, 0.0, 0.1, 100, "linear"),
    )
    assert baseline_loss(case) == pytest.approx(4.0 * (1 - 0.6))


@pytest.mark.parametrize(
    ("case", "short"),
    [
        (r.training(), False),
        (r.training(losses=r.flat()), True),
        (r.training(losses=[math.nan] * 30), True),
        (r.training(losses=r.falling(1.0, 50.0)), True),
        (r.training(losses=r.flat(), targets=r.targets(constant_batches=True)), False),
        (r.training(losses=r.flat(1.8), labels=LabelProbe(0.3, 0.1, 0.02, 400, "linear")), False),
        # Fano's bound of such a probe lies above the constant answer's loss: it excuses no net that is stuck there.
        (r.training(losses=r.flat(2.2), labels=LabelProbe(0.2, 0.1, 0.02, 400, "linear")), True),
        (r.training(losses=r.flat(2.2), labels=LabelProbe(0.1, 0.1, 0.02, 400, "linear")), False),
        (r.training(losses=r.falling(9.0, 3.0), loss=LossFacts("bce", num_terms=2)), False),
    ],
)
def test_fell_short(case, short):
    assert fell_short(case, progress(case)) is short
