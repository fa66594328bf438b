"""Laws of the scorer: closed forms, the two baselines, intervals over base programs."""

import math

import pytest

from rhobar.faults.base import bases
from rhobar.faults.catalogue import FAULTS
from rhobar.faults.execute import Answer
from rhobar.faults.laboratory import harmed, judge
from rhobar.faults.program import Program, programs
from rhobar.faults.score import Verdict, always_flag, never_flag, score

X, Y = frozenset({"x"}), frozenset({"y", "y-by-another-name"})


def _values(said: list[Verdict]) -> dict[str, float]:
    return {name: found.value for name, found in score(said, num_draws=50).items()}


SAID = [
    Verdict("a", (), False, (), ()),
    Verdict("a", (X,), True, ("x",), ("x", "symptom")),
    Verdict("b", (), True, (), ("symptom",)),
    Verdict("b", (Y,), True, ("z", "y-by-another-name"), ("z", "y-by-another-name")),
    Verdict("c", (), True, ("x",), ("x",)),
    Verdict("c", (X, Y), True, ("y", "q", "r"), ("y", "q", "r")),
    Verdict("d", (), False, (), ()),
    Verdict("d", (X,), False, (), ()),
]


def test_closed_form() -> None:
    P, R = 3 / 7, 3 / 5
    assert _values(SAID) == pytest.approx(
        {
            "sensitivity": 3 / 4,
            "false alarms": 2 / 4,
            "precision": P,
            "recall": R,
            "F3": 10 * P * R / (9 * P + R),
            "top 1": 2 / 4,
            "top 3": 3 / 4,
        }
    )


def test_a_fourth_answer_is_not_among_three() -> None:
    late = [Verdict(b, (X,), True, ("p", "q", "r", "x"), ("p", "q", "r", "x")) for b in "ab"]
    assert _values(late)["top 3"] == 0 and _values(late)["recall"] == 1


def test_who_always_flags_misses_nothing_and_who_never_flags_alarms_nobody() -> None:
    causes = ["w", "y", "x", "v"]
    always = _values(always_flag(SAID, causes))
    assert always["sensitivity"] == always["false alarms"] == always["recall"] == always["top 3"] == 1
    assert always["top 1"] == 0
    assert always["precision"] == pytest.approx((1 + 1 + 2 + 1) / (8 * len(causes)))
    assert set(_values(never_flag(SAID)).values()) == {0.0}


def test_the_interval_widens_where_programs_of_a_base_agree() -> None:
    """60 programs of 60 bases against the same 60 of 6 bases whose programs share their fate."""
    right = [Verdict(str(i), (X,), i % 2 == 0, ("x",) * (i % 2 == 0), ("x",) * (i % 2 == 0)) for i in range(60)]
    shared = [Verdict(str(i % 6), (X,), i % 2 == 0, ("x",) * (i % 2 == 0), ("x",) * (i % 2 == 0)) for i in range(60)]
    apart, together = score(right)["top 1"], score(shared)["top 1"]
    assert apart.value == together.value == 0.5
    assert apart.stderr == pytest.approx(0.5 / math.sqrt(60), rel=0.15)
    assert together.stderr == pytest.approx(0.5 / math.sqrt(6), rel=0.15)


def test_one_base_has_no_interval() -> None:
    with pytest.raises(ValueError, match="at least 2 base programs"):
        score(SAID[:2])


def test_harm_is_measured_against_the_twin() -> None:
    base = bases()[0]
    c = base.constant
    assert harmed(base, 0.9, math.nan) and not harmed(base, 0.9, math.nan, flatters=True)
    assert harmed(base, 0.9, 0.9 - 0.11 * (0.9 - c)) and not harmed(base, 0.9, 0.9 - 0.09 * (0.9 - c))
    assert harmed(base, 0.9, 0.9 + 0.06 * (0.9 - c), flatters=True)
    assert not harmed(base, 0.9, 0.9 + 0.04 * (0.9 - c), flatters=True)


def test_only_learned_twins_and_harmed_programs_count() -> None:
    own = [p for p in programs() if p.base.name == bases()[0].name]
    single = [p for p in own if len(p.faults) == 1 and not p.faults[0].flatters]
    pair = Program(own[0].base, (single[0].faults[0], single[1].faults[0]))
    chosen = [own[0], single[0], single[1], pair]

    def counted(healthy: float, first: float, second: float, both: float) -> list[str]:
        scores = dict(zip((p.name for p in chosen), (healthy, first, second, both), strict=True))
        report = judge("all", chosen, {name: Answer(s, (), ()) for name, s in scores.items()})
        assert len(report.outcomes) + len(report.unharmed) == (0 if report.unhealthy else 4)
        return [o.program.name for o in report.outcomes]

    names = [p.name for p in chosen]
    assert counted(0.99, 0.4, 0.4, 0.4) == names
    assert counted(0.99, 0.99, 0.4, 0.4) == [names[0], names[2]]  # the pair needs both of its faults to do harm
    assert counted(0.99, 0.4, 0.4, 0.99) == names[:3]
    assert counted(0.4, 0.1, 0.1, 0.1) == counted(math.nan, 0.1, 0.1, 0.1) == []


def test_rows_of_the_catalogue_are_reached() -> None:
    used = {fault.name for p in programs() for fault in p.faults}
    assert len(used) >= 0.8 * len(FAULTS), sorted({f.name for f in FAULTS} - used)
