"""Readings are printed and drawn whole, whatever they hold."""

import math
import xml.etree.ElementTree as ET
from io import StringIO

import pytest
from rich.console import Console

from rhobar.probes.estimate import Estimate
from rhobar.probes.survey import Curve, Heat, Outcome, Plot, Reading, Table
from rhobar.report.readings import print_readings, readings_json, render_readings
from rhobar.report.readings.cells import chunks, words
from rhobar.report.readings.drawings import draw

NAN, INF = math.nan, math.inf
FIGURES = {
    "line": Plot("t", "x", "y", (Curve("a", (0.0, 1.0, 2.0), (1.0, 2.0, 3.0), (0.1, 0.2, 0.3)),)),
    "points": Plot("t", "x", "y", (Curve("a", (1.0,), (2.0,)), Curve("b", (2.0,), (3.0,))), points=True),
    "gaps": Plot("t", "x", "y", (Curve("a", (0.0, 1.0, 2.0), (NAN, INF, 3.0), (NAN, NAN, NAN)),)),
    "all missing": Plot("t", "x", "y", (Curve("a", (0.0, 1.0), (NAN, NAN)),)),
    "no curve": Plot("t", "x", "y", ()),
    "empty curve": Plot("t", "x", "y", (Curve("a", (), ()),)),
    "huge": Plot("t", "x", "y", (Curve("a", tuple(map(float, range(5000))), tuple(1e300 * i for i in range(5000))),)),
    "hostile": Plot("<b>", "<i>", "&", (Curve('"><script>', (0.0, 1.0), (0.0, 1.0)),)),
    "heat": Heat("t", ("a", "b"), ("c", "d"), ((1.0, 2.0), (NAN, 4.0)), "u"),
    "flat heat": Heat("t", ("a" * 90,), ("c",), ((1.0,),), "u"),
    "no heat": Heat("t", (), (), (), "u"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_well_formed(name):
    svg = str(draw(FIGURES[name]))
    root = ET.fromstring(svg)
    assert (root.tag == "svg" and "nan" not in svg.lower().replace("finance", "")) or name in (
        "gaps",
        "all missing",
        "heat",
    )
    assert "<script" not in svg


@pytest.mark.parametrize("cell, expected", [
    (None, "–"), (3.0, "3"), (1234.0, "1,234"), (0.123456, "0.123"), (-2.0, "−2"), (INF, "∞"), (NAN, "NaN"),
    (Estimate(1.23456, 0.0123), "1.235 ± 0.012"), (Estimate(0.0, 0.5), "0 ± 0.5"), (Estimate(2.0, NAN), "2"),
    (Estimate(123456.0, 1000.0), "123,456 ± 1,000"), (Estimate(0.001, 3.0), "0.001 ± 3"), ("a\x1b[31m", "a\\x1b[31m"),
])  # fmt: skip
def test_cells(cell, expected):
    assert words(cell) == expected


WIDE = Table(
    "Wide",
    ("name", *(f"column {i}" for i in range(12))),
    tuple((f"row {k}", *(Estimate(k + 0.123, 0.01),) * 12) for k in range(3)),
)


@pytest.mark.parametrize("width", [40, 76, 116, 300])
def test_wide_tables_are_split_and_nothing_is_lost(width):
    parts = chunks(WIDE, width)
    assert [name for part in parts for name in part.columns[1:]] == list(WIDE.columns[1:])
    assert all(part.columns[0] == "name" for part in parts)
    out = StringIO()
    reading = Reading("It is.", (WIDE,), (), ("a note",))
    print_readings(Outcome("x", reading, "", 1.0), Console(file=out, width=width + 4))
    assert max(map(len, out.getvalue().splitlines())) <= width + 4
    assert all(f"column {i}" in out.getvalue() for i in range(12))


def test_what_failed_is_said():
    out = StringIO()
    print_readings(Outcome("ntk", None, "no parameters", 0.1), Console(file=out, width=80))
    assert "not measured: no parameters" in out.getvalue()
    page = render_readings("a<b", [Outcome("ntk", None, "no <parameters>", 0.1)], {"Model": "M"})
    assert "no &lt;parameters&gt;" in page and "a&lt;b" in page


def test_json_has_no_bare_nan():
    reading = Reading("x.", (Table("t", ("a", "b"), (("r", NAN), ("s", Estimate(1.0, INF)))),), tuple(FIGURES.values()))
    text = readings_json("s", [Outcome("ntk", reading, "", 0.1)])
    assert "NaN," not in text.replace('"NaN"', "") and '"schema": 1' in text
