"""The drawing of a computational graph: nothing lies on anything else, and nothing in it is trusted."""

import itertools
import random
import re
from xml.etree import ElementTree

import pytest
import torch
from torch import nn

from rhobar.nn.backprop import computational_graph
from rhobar.nn.layers import DenseBlock, MultiHeadAttention, Residual
from rhobar.report.figures.graph import graph_figure
from rhobar.report.figures.layering import layer

SVG = "{http://www.w3.org/2000/svg}"


def random_graph(seed, num_nodes=30):
    draw = random.Random(seed)
    edges = [(draw.randrange(target), target) for target in range(1, num_nodes) for _ in range(draw.randrange(3))]
    return num_nodes, edges


@pytest.mark.parametrize("seed", range(20))
def test_no_two_boxes_touch_and_edges_lead_down(seed):
    num_nodes, edges = random_graph(seed)
    found = layer(num_nodes, edges, node_width=10.0, dummy_width=2.0)
    for (source, target), route in zip(edges, found.routes, strict=True):
        assert found.layers[source] < found.layers[target]
        passed = [level for _, level in route]
        assert passed == list(range(found.layers[source] + 1, found.layers[target]))
    boxes = [(found.layers[v], found.x[v], 10) for v in range(num_nodes)]
    boxes += [(level, x, 2) for route in found.routes for x, level in route]
    boxes.sort()
    for (level, x, width), (next_level, next_x, next_width) in itertools.pairwise(boxes):
        if level == next_level:
            assert next_x - x >= (width + next_width) / 2 - 1e-9
    assert all(width / 2 - 1e-9 <= x <= found.width - width / 2 + 1e-9 for _, x, width in boxes)
    assert max(found.layers) == found.num_layers - 1


def test_variables_stand_just_above_their_first_use():
    found = layer(5, [(0, 1), (1, 2), (2, 4), (3, 4)], node_width=10.0, dummy_width=2.0)
    assert found.layers == (0, 1, 2, 2, 3)


def test_crossings_are_removed_where_they_can_be():
    crossed = [(0, 5), (1, 4), (2, 3), (3, 6), (4, 6), (5, 6)]
    x = layer(7, crossed, node_width=10.0, dummy_width=2.0).x
    assert sorted((0, 1, 2), key=x.__getitem__) == [s for s, t in sorted(crossed[:3], key=lambda edge: x[edge[1]])]


def test_a_chain_is_straight():
    assert len(set(layer(4, [(0, 1), (1, 2), (2, 3)], node_width=10.0, dummy_width=2.0).x)) == 1


def test_nothing_is_drawn_of_nothing():
    assert layer(0, [], node_width=10.0, dummy_width=2.0).x == ()


class Net(nn.Module):
    def __init__(self, evil="head"):
        super().__init__()
        self.embed, self.attention = nn.Embedding(5, 4), MultiHeadAttention(4, 2)
        self.lstm, self.branch = nn.LSTM(4, 4, batch_first=True), Residual(nn.Linear(4, 4))
        self.images = DenseBlock(2, 2, 2)
        self.add_module(evil, nn.Linear(4, 2))
        self.evil = evil

    def forward(self, tokens, images):
        h = self.branch(self.lstm(self.attention(self.embed(tokens)))[0])
        return self._modules[self.evil](h).sum() + self.images(images).mean()


def figure(evil="head", **options):
    torch.manual_seed(0)
    model = Net(evil)
    loss = model(torch.tensor([[0, 1, 2]]), torch.randn(1, 2, 4, 4))
    return graph_figure(computational_graph(loss, model), **options)


def test_the_drawing_holds_every_node_and_edge():
    torch.manual_seed(0)
    model = Net()
    graph = computational_graph(model(torch.tensor([[0, 1, 2]]), torch.randn(1, 2, 4, 4)), model)
    for views in (False, True):
        shown = graph if views else graph.without_views()
        root = ElementTree.fromstring(str(graph_figure(graph, views=views).svg))
        boxes = [rect for rect in root.iter(f"{SVG}rect") if "box" in rect.get("class")]
        arrows = [line for line in root.iter(f"{SVG}path") if line.get("class").startswith("edge")]
        assert (len(boxes), len(arrows)) == (len(shown.nodes), len(shown.edges))
        x0, y0, width, height = map(float, root.get("viewBox").split())
        for box in boxes:
            assert x0 <= float(box.get("x"))
            assert float(box.get("x")) + float(box.get("width")) <= width
            assert y0 <= float(box.get("y"))
            assert float(box.get("y")) + float(box.get("height")) <= height


@pytest.mark.parametrize(
    "evil", ["<script>alert(1)</script>", '"><svg onload="x"', "]]>&amp;", "\u202egnp", "</style>"]
)
def test_a_name_is_only_text(evil):
    svg = str(figure(evil).svg)
    root = ElementTree.fromstring(svg)  # well-formed
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "desc", "style", "rect", "g", "text", "path"
    }  # fmt: skip
    assert not any(name.startswith("on") for element in root.iter() for name in element.attrib)
    assert "\u202e" not in svg
    assert len(re.findall("</style>", svg)) == 1


def test_dead_derivatives_are_marked():
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    nn.init.constant_(model[0].bias, -100.0)
    found = graph_figure(computational_graph(model(torch.randn(2, 3)).sum(), model))
    assert "2 derivatives of size zero" in found.title
    assert str(found.svg).count('class="edge none"') == 2


def test_light_and_dark():
    assert "prefers-color-scheme: dark" in str(figure().svg)


def test_sizes_that_are_not_numbers_are_drawn():
    x = torch.tensor([1.0, float("nan")], requires_grad=True)
    y = torch.tensor([1.0, 0.0], requires_grad=True)
    for loss in ((x * x).sum(), (y / torch.zeros(2)).sum(), torch.zeros(0, requires_grad=True).exp().sum()):
        ElementTree.fromstring(str(graph_figure(computational_graph(loss)).svg))
