import math

import pytest
from tests.diagnose import records as r

from rhobar.record import Answers, Finding

RARE = [5, 6, 7, 20, 400]


def verdict(found, num_rare):
    answers = Answers(0.96, 25 * num_rare, found / num_rare, num_rare)
    targets = r.targets(distinct=(0.0, 1.0), frequency=(0.96, 0.04), constant_loss=0.168)
    return r.judge("class-imbalance", r.training(targets=targets, answers=answers, losses=r.falling()))


@pytest.mark.parametrize("num_rare", RARE)
def test_rare_rows_are_missed_where_a_coin_would_hardly_find_so_few(num_rare):
    """The exact tail of the binomial distribution, summed in integers, on both sides of the threshold."""
    middle = num_rare // 2
    for found in range(max(0, middle - 25), min(num_rare, middle + 3)):
        tail = sum(math.comb(num_rare, k) for k in range(found + 1)) / 2**num_rare
        assert isinstance(verdict(found, num_rare), Finding) == (tail < math.erfc(math.sqrt(2)) / 2), found


def test_many_rows_take_no_time_and_no_overflow():
    assert isinstance(verdict(498_000, 1_000_000), Finding)
    assert verdict(499_500, 1_000_000) is None
    assert verdict(999_999, 1_000_000) is None
