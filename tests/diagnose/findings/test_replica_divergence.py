"""Ranks with different weights or the same data are found; healthy ranks, and too few readings, are not."""

import pytest
from tests.diagnose import records as r

from rhobar.record import Finding, NotChecked, ReplicaFacts


def ranks(**changes):
    return r.training(replicas=ReplicaFacts(**({"num_ranks": 4, "rank": 0, "steps": 12, "same_rows": 0.0} | changes)))


@pytest.mark.parametrize(
    ("sick", "said"),
    [
        (ranks(parted=0, parted_names=("a.weight",), weight_gap=0.1), "before the first step: a.weight"),
        (ranks(parted=33, parted_names=("a.weight", "b.weight"), weight_gap=2e-5), "by step 33: a.weight, b.weight"),
        (ranks(same_rows=1.0), "100 % of the rows"),
        (ranks(same_rows=0.95), "95 % of the rows"),
    ],
)
def test_ranks_that_part_or_repeat_are_found(sick, said):
    found = r.judge("replica-divergence", sick)
    assert isinstance(found, Finding) and said in found.summary
    assert ("sampler" in found.remedy.code) == (sick.replicas.parted is None)


@pytest.mark.parametrize("healthy", [r.training(), ranks(), ranks(same_rows=None), ranks(same_rows=0.5)])
def test_healthy_ranks_are_silent(healthy):
    assert r.judge("replica-divergence", healthy) is None


def test_ranks_that_nobody_watched_are_not_judged():
    assert isinstance(r.judge("replica-divergence", ranks(steps=0)), NotChecked)
