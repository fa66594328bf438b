import math
import re
import xml.etree.ElementTree as ET

import pytest
import torch

from rhobar.optim.landscapes import LANDSCAPES
from rhobar.optim.trajectories import Trajectory
from rhobar.report.figures.contours import contour
from rhobar.report.figures.trajectories import STYLE, trajectories_figure
from rhobar.report.standalone import standalone


def way(points, rule="momentum", steps=3):
    points = torch.tensor(points, dtype=torch.float64)
    return Trajectory(rule, 0.1, points, LANDSCAPES["quadratic"].loss(points), steps)


def test_contours_of_a_cone_are_circles():
    n = 60
    values = [[math.hypot(c - 30, r - 25) for c in range(n)] for r in range(n)]
    pieces = contour(values, 17.5)
    for piece in pieces:
        for c, r in piece:
            assert math.hypot(c - 30, r - 25) == pytest.approx(17.5, abs=0.05)
    length = sum(math.dist(a, b) for a, b in pieces)
    assert length == pytest.approx(2 * math.pi * 17.5, rel=0.01)


def test_contours_close_and_keep_apart_in_saddle_cells():
    values = [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    for level in (0.4, 0.6):
        pieces = contour(values, level)
        ends = [tuple(round(v, 6) for v in end) for piece in pieces for end in piece]
        inner = [e for e in ends if 0 < e[0] < 2 and 0 < e[1] < 2]
        assert all(inner.count(e) == 2 for e in inner), "a line that enters a cell leaves it"
    low, high = (contour([[0.0, 1.0], [1.0, 0.0]], level) for level in (0.4, 0.6))
    assert low == [((0.4, 0.0), (0.0, 0.4)), ((1.0, 0.6), (0.6, 1.0))] or sorted(map(sorted, low)) == sorted(
        map(sorted, [((0.4, 0.0), (0.0, 0.4)), ((1.0, 0.6), (0.6, 1.0))])
    )
    assert len(high) == 2
    assert contour(values, 7.0) == []


def test_the_figure_holds_every_way_start_and_minimum():
    landscape = LANDSCAPES["saddle"]
    figure = trajectories_figure(
        landscape, [way([[-2.0, 0.0], [0.0, 1.0]], "adam"), way([[-2.0, 0.0], [0.5, 0.5]], "sgd", None)]
    )
    text = standalone(figure.svg, style=STYLE)
    root = ET.fromstring(text)
    tag = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{tag}svg"
    assert len([e for e in root.iter(f"{tag}path") if e.get("class") == "way"]) == 2
    assert len([e for e in root.iter(f"{tag}circle") if e.get("class") == "start"]) == 2
    assert len([e for e in root.iter(f"{tag}line") if e.get("class") == "goal"]) == 2 * 2 * 2
    assert "1 of 2 rules arrive" in figure.title
    assert "http" not in re.sub(r'xmlns="[^"]*"', "", text), "nothing is fetched"


def test_ways_that_leave_or_blow_up_can_be_drawn():
    landscape = LANDSCAPES["quadratic"]
    figure = trajectories_figure(
        landscape, [way([[-3.0, 0.0], [1e9, -1e9], [math.nan, math.inf], [0.0, 0.0]], steps=None)]
    )
    (d,) = re.findall(r'<path d="([^"]*)" class="way"', str(figure.svg))
    assert all(abs(float(v)) < 2e4 for v in re.findall(r"-?[\d.]+", d))
    assert "nan" not in str(figure.svg)
