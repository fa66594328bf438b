"""A layer is bypassed if and only if the signal can walk around it."""

import pytest
import torch
from torch import nn

from rhobar.watch.graph import Graph
from rhobar.watch.operations import find_map
from rhobar.watch.skips import bypassed


class Net(nn.Module):
    """Layers a, b, c, joined by the given function."""

    def __init__(self, join):
        super().__init__()
        self.a, self.b, self.c, self.d = (nn.Linear(4, 4) for _ in range(4))
        self.norm, self.join = nn.LayerNorm(4), join

    def forward(self, x):
        return self.join(self, x)


def unrolled(net, x):
    h = torch.zeros_like(x)
    for t in range(3):
        h = torch.tanh(net.a(x + t) + net.b(h))
    return net.c(h)


CASES = {
    "a chain": (lambda n, x: n.c(n.b(n.a(x).relu()).relu()), ""),
    "a residual branch": (lambda n, x: n.d((h := n.a(x)) + n.c(n.b(h).relu())), "bc"),
    "a branch after a norm": (lambda n, x: n.d((h := n.a(x)) + n.c(n.b(n.norm(h)).relu())), "bc"),
    "a norm after the sum": (lambda n, x: n.d(n.norm((h := n.norm(n.a(x))) + n.c(n.b(h).relu()))), "bc"),
    "a scaled skip": (lambda n, x: n.d((0.5 * (h := n.a(x))) + n.c(n.b(h).relu())), "bc"),
    "a concatenation": (lambda n, x: torch.cat([h := n.a(x), n.c(n.b(h).relu())], 1), "bc"),
    "parallel branches inside": (lambda n, x: n.d((h := n.a(x)) + n.b(h) * n.c(h)), "bc"),
    "two towers": (lambda n, x: n.d(n.a(x).relu() + n.c(n.b(x).relu())), ""),
    "a projected skip": (lambda n, x: n.d(n.c(h := n.a(x).relu()) + n.b(h).relu()), ""),
    "a recurrent net": (unrolled, ""),
    "a penalty on a hidden layer": (lambda n, x: n.c(n.b(h := n.a(x)).relu()).square().mean() + 0.1 * h.mean(), ""),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_skip_leads_around(case):
    join, inside = CASES[case]
    net = Net(join)
    owner = {id(getattr(net, name).weight): name for name in "abcd"}
    graph = Graph(net(torch.randn(8, 4)).square().sum())
    around = bypassed(graph)
    maps = [found for node in graph.nodes if (found := find_map(graph, node)) is not None]
    assert len(maps) >= 3
    assert {owner[id(found.weight)] for found in maps if found.node in around} == set(inside)
