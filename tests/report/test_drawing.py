"""Laws of scales, series, gains and the arrangement of findings."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.samples import layers

from rhobar.record import Diagnosis, Finding
from rhobar.report.arrangement import arrange
from rhobar.report.gains import gains
from rhobar.report.scales import Linear, Log, Symlog, fit_log, fit_value
from rhobar.report.series import decimate, running_mean
from rhobar.report.svg import element
from rhobar.report.wording import clean, number, shorten

anything = st.floats(allow_nan=True, allow_infinity=True)
SCALES = {
    "linear": Linear(-2.0, 5.0, 10.0, 90.0),
    "linear downwards": Linear(0.0, 1.0, 90.0, 10.0),
    "log": Log(1e-6, 1e3, 10.0, 90.0),
    "symlog": Symlog(-1e4, 1e6, 10.0, 90.0, 0.1),
}


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_ends_meet_ends_and_order_is_kept(scale):
    assert scale(scale.low) == pytest.approx(scale.start)
    assert scale(scale.high) == pytest.approx(scale.end)
    places = [scale(value) for value, _ in scale.ticks(5)]
    assert len(places) >= 2
    assert places == sorted(places, reverse=scale.start > scale.end)


@given(st.lists(anything, max_size=40), anything)
def test_any_values_fit_a_scale(values, probe):
    for scale in (
        fit_value(values, 200.0, 0.0),
        fit_value(values, 0.0, 200.0, zero=True),
        fit_log(values, 0.0, 200.0),
    ):
        for value in [probe, *values, *(v for v, _ in scale.ticks(4))]:
            if math.isfinite(value):
                assert 0 <= scale(value) <= 200
        assert len(scale.ticks(4)) <= 30


@given(st.lists(anything, min_size=1, max_size=3000), st.integers(4, 100))
def test_decimation_keeps_extremes_and_gaps(values, limit):
    points = [(float(i), v) for i, v in enumerate(values)]
    kept = decimate(points, limit)
    assert len(kept) <= max(limit * 3 / 2, 3)
    assert [x for x, _ in kept] == sorted(x for x, _ in kept)
    finite = [v for v in values if math.isfinite(v)]
    shown = [v for _, v in kept if math.isfinite(v)]
    assert bool(finite) == bool(shown)
    if finite:
        assert (min(shown), max(shown)) == (min(finite), max(finite))
    assert any(map(math.isnan, [v for _, v in kept])) == (len(finite) < len(values))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.integers(1, 9))
def test_a_running_mean_is_the_mean_of_its_window(values, window):
    half = window // 2
    for i, mean in enumerate(running_mean(values, window)):
        stretch = values[max(i - half, 0) : i + half + 1]
        assert mean == pytest.approx(math.fsum(stretch) / len(stretch), abs=1e-6)


def test_products_of_gains_telescope():
    names = ["a", "b", "c", "d"]
    rows = gains(_reading(layers(names, [0.5, 2.0, 3.0, 0.1], [1.0, 0.2, 0.5, 4.0])))
    assert [r.forward for r in rows] == pytest.approx([0.5, 2.0, 3.0, 0.1])
    assert [r.backward for r in rows[1:]] == pytest.approx([0.2, 0.5, 4.0])
    assert rows[0].backward is None
    assert [r.signal for r in rows] == pytest.approx([0.5, 1.0, 3.0, 0.3])
    assert [r.gradient for r in rows] == pytest.approx([0.4, 2.0, 4.0, 1.0])


def _reading(chain):
    from rhobar.record import Reading

    return Reading(0, 1.0, chain)


def finding(name, kind, *explains):
    return Finding(name, kind, 1.0, 1.0, name, explains=explains)


def ids(told):
    return [(t.finding.id, ids(t.explained)) for t in told]


def test_each_finding_is_told_once_beneath_its_first_cause():
    findings = (
        finding("a", "cause", "s", "b", "unknown"),
        finding("s", "symptom", "t"),
        finding("b", "cause", "s", "t"),
        finding("t", "symptom", "s"),
        finding("u", "symptom"),
        finding("n", "note"),
    )
    arranged = arrange(Diagnosis(findings, (), (), ""))
    assert ids(arranged.causes) == [("a", [("b", [("t", [])]), ("s", [])])]
    assert ids(arranged.symptoms) == [("u", [])]
    assert ids(arranged.notes) == [("n", [])]


def test_findings_that_explain_each_other_do_not_vanish():
    arranged = arrange(Diagnosis((finding("a", "cause", "b"), finding("b", "cause", "a")), (), (), ""))
    assert ids(arranged.causes) == [("a", [("b", [])])]


@given(st.text())
def test_clean_text_has_no_control_characters(text):
    shown = clean(text)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in shown)
    assert clean(shown) == shown
    assert len(shorten(text, 20)) <= 20


@given(anything)
def test_numbers_are_short(value):
    assert 1 <= len(number(value)) <= 11


def test_a_coordinate_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="must be finite"):
        element("circle", cx=math.nan)
