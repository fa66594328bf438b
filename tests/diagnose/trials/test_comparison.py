"""Laws of the comparison: sign, scale, order of the runs, and what overflowed."""

import math

import pytest
import torch

from rhobar.diagnose.trials.comparison import SEEDS, compare
from rhobar.diagnose.trials.replay import Outcome


def outcomes(*losses: float, accuracy: float | None = None) -> list[Outcome]:
    return [Outcome((), loss, accuracy) for loss in losses]


def verdict(before: list[Outcome], after: list[Outcome], **options: bool) -> str:
    return compare("a change", before, after, 50, by_accuracy=options.get("by_accuracy", False)).verdict


CASES = {
    "clearly lower": ((2.3, 2.31, 2.29), (0.3, 0.31, 0.33), "helps"),
    "the same": ((2.3, 2.31, 2.29), (2.3, 2.3, 2.3), "does not help"),
    "higher": ((1.0, 1.1, 0.9), (2.0, 2.1, 2.3), "does not help"),
    "lower by less than a tenth": ((1.0, 1.0, 1.0), (0.95, 0.95, 0.95), "does not help"),
    "scattered": ((1.0, 2.0, 0.5), (0.4, 2.5, 0.6), "unclear"),
    "halved in each, by very different factors": ((1.0, 50.0, 1e6), (0.4, 1.0, 1.0), "helps"),
    "no longer overflowing": ((math.inf, math.inf, 4.0), (0.5, 0.4, 0.3), "helps"),
    "overflowing": ((0.5, 0.4, 0.3), (math.inf, math.inf, math.inf), "does not help"),
    "both overflowing": ((math.inf,) * 3, (math.inf,) * 3, "does not help"),
    "a signed loss": ((-1.0, -1.1, -0.9), (-3.0, -3.1, -2.9), "helps"),
}


@pytest.mark.parametrize("name", CASES)
def test_verdicts(name: str) -> None:
    before, after, expected = CASES[name]
    assert verdict(outcomes(*before), outcomes(*after)) == expected


@pytest.mark.parametrize("name", [n for n in CASES if "signed" not in n])
@pytest.mark.parametrize("unit", [1e-6, 1e9])
def test_the_unit_of_the_loss_does_not_matter(name: str, unit: float) -> None:
    before, after, expected = CASES[name]
    assert verdict(outcomes(*(unit * x for x in before)), outcomes(*(unit * x for x in after))) == expected


@pytest.mark.parametrize("name", CASES)
def test_the_order_of_the_runs_does_not_matter(name: str) -> None:
    before, after, expected = CASES[name]
    assert verdict(outcomes(*before[::-1]), outcomes(*after[::-1])) == expected


def test_accuracies_are_compared_where_the_loss_has_changed() -> None:
    before, after = outcomes(9.0, 9.0, 9.0, accuracy=0.3), outcomes(1.0, 1.0, 1.0, accuracy=0.9)
    trial = compare("a change", before, after, 50, by_accuracy=True)
    assert trial.verdict == "helps" and trial.quantity == "accuracy"
    assert trial.unchanged == pytest.approx(0.3) and trial.changed == pytest.approx(0.9)


def test_noise_alone_seldom_helps() -> None:
    """Two draws of one law: the t-test errs in 5 %, the rule of halves less often for this spread."""
    generator = torch.Generator().manual_seed(0)
    helped = 0
    for _ in range(2000):
        draw = torch.exp(0.2 * torch.randn(2, SEEDS, generator=generator)).tolist()
        helped += verdict(outcomes(*draw[0]), outcomes(*draw[1])) == "helps"
    assert helped / 2000 < 0.06
