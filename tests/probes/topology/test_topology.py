"""Shapes whose clusters and loops are known."""

import math

import numpy as np
import pytest
import torch

from rhobar.probes.samples import distances
from rhobar.probes.topology import betti_curve, bottleneck_distance, layer_topology, persistence, persistent_homology
from rhobar.probes.topology.components import component_distance, spanning_edges

gudhi = pytest.importorskip("gudhi")


def g(seed=0):
    return torch.Generator().manual_seed(seed)


def circle(n=120, at=0.0, noise=0.03, seed=0):
    t = 2 * math.pi * torch.arange(n) / n
    return torch.stack([t.cos() + at, t.sin()], 1) + noise * torch.randn(n, 2, generator=g(seed))


SHAPES = {
    "circle": (circle(), 1, 1),
    "two circles": (torch.cat([circle(80), circle(80, at=9.0, seed=1)]), 2, 2),
    "disc": (torch.randn(600, 2, generator=g()).renorm(2, 0, 1.0)[:150], 1, 0),
    "three points": (torch.tensor([[0.0, 0], [9, 0], [0, 9]]).repeat_interleave(40, 0) + 0.1 * torch.randn(120, 2, generator=g()), 3, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_classes_that_count(name):
    x, clusters, loops = SHAPES[name]
    found = persistent_homology(x)
    assert found.num_significant(1) == loops
    assert found.num_significant(0) == clusters
    assert len(found.components) == found.num_samples


def test_the_loop_of_a_circle_lives_from_its_gaps_to_its_width():
    found = persistent_homology(circle(noise=0.0), normalized=False)
    birth, death = found.loops[0].tolist()
    assert birth == pytest.approx(2 * math.sin(math.pi / 120), rel=1e-4)
    assert death == pytest.approx(math.sqrt(3), rel=0.02)  # the side of the inscribed triangle


CLOUDS = {
    "gaussian": torch.randn(40, 3, generator=g()).double(),
    "repeated": torch.randn(15, 2, generator=g()).double().repeat(3, 1),
    "line": torch.arange(12.0).double()[:, None] ** 2,
}


@pytest.mark.parametrize("name", CLOUDS)
def test_clusters_are_those_of_gudhi_and_scipy(name):
    csgraph = pytest.importorskip("scipy.sparse.csgraph")
    d = distances(CLOUDS[name])
    edges = spanning_edges(d)
    different = distances(CLOUDS[name].unique(dim=0))  # scipy takes edges of length zero for missing ones
    tree = csgraph.minimum_spanning_tree(different.numpy()).toarray()
    lengths = np.sort(tree[tree > 0])
    assert np.allclose(edges[edges > 0].numpy(), lengths)
    rips = persistence.gudhi("gudhi.sklearn.rips_persistence").RipsPersistence(
        homology_dimensions=0, input_type="full distance matrix"
    )
    deaths = rips.fit_transform([d.numpy()])[0][:, 1]
    deaths = np.sort(deaths[np.isfinite(deaths) & (deaths > 0)])
    assert np.allclose(edges[edges > 0].numpy(), deaths)
    assert len(edges) == len(d) - 1


@pytest.mark.parametrize("sizes", [(5, 9), (8, 8), (1, 4), (0, 3)])
def test_component_distance_is_the_bottleneck_distance(sizes):
    a, b = (torch.rand(n, generator=g(n)).double() for n in sizes)
    diagrams = [torch.stack([torch.zeros_like(x), x], 1).numpy() for x in (a, b)]
    assert component_distance(a, b) == pytest.approx(gudhi.bottleneck_distance(*diagrams), abs=1e-9)


def test_loops_are_those_of_the_simplex_tree():
    x = torch.randn(30, 2, generator=g()).double()
    tree = gudhi.RipsComplex(points=x.numpy(), max_edge_length=20).create_simplex_tree(max_dimension=2)
    tree.compute_persistence()
    other = torch.tensor(tree.persistence_intervals_in_dimension(1))
    found = persistent_homology(x, normalized=False)
    assert torch.allclose(found.loops[:, 0].sort().values, other[:, 0].sort().values)
    assert torch.allclose(found.loops[:, 1].sort().values, other[:, 1].sort().values)


def test_betti_curves_count_what_lives():
    line = persistent_homology(torch.tensor([[0.0], [1.0], [3.0], [7.0]]), loops=False, normalized=False)
    assert betti_curve(line, torch.tensor([0.5, 1.0, 2.0, 4.0])).tolist() == [
        4,
        3,
        2,
        1,
    ]  # a class is dead at its death
    found = persistent_homology(circle(noise=0.0), normalized=False)
    radii = torch.tensor([0.0, 1.0, 1.9])
    assert betti_curve(found, radii, degree=0).tolist() == [120, 1, 1]
    assert betti_curve(found, radii, degree=1).tolist() == [0, 1, 0]


def test_scale_does_not_matter_where_it_is_taken_out():
    one, two = (persistent_homology(s * circle(60), generator=g()) for s in (1.0, 50.0))
    assert bottleneck_distance(one, two, degree=1) == pytest.approx(0, abs=1e-4)
    assert two.scale == pytest.approx(50 * one.scale, rel=1e-4)


@pytest.mark.parametrize("degree", [0, 1])
def test_stability(degree):
    x = torch.randn(40, 2, generator=g()).double()
    step = 0.02 * torch.randn(40, 2, generator=g(1)).double()
    one, two = (persistent_homology(y, normalized=False, generator=g()) for y in (x, x + step))
    assert 0 < bottleneck_distance(one, two, degree=degree) <= 2 * step.norm(dim=1).max() + 1e-9


def test_layers():
    x = circle(60)
    found = layer_topology(
        {"in": x, "turned": x @ torch.tensor([[0.0, 1], [-1, 0]]), "flat": x[:, :1], "bad": x * torch.nan}
    )
    D = found.distances[1]
    assert D[0, 1] == pytest.approx(0, abs=1e-5) and D[0, 2] > 0.2
    assert torch.equal(D, D.T)
    assert "NaN" in found.skipped["bad"]


def test_without_gudhi_the_extra_is_named(monkeypatch):
    with pytest.raises(ImportError, match=r"rhobar\[topology\]"):
        persistence.gudhi("gudhi.no_such_module")
    assert persistent_homology(circle(20), loops=False).loops.shape == (0, 2)


@pytest.mark.parametrize("call, words", [
    (lambda: persistent_homology(torch.zeros(2, 2)), "at least 4 samples"),
    (lambda: persistent_homology(torch.full((9, 2), torch.nan)), "NaN"),
    (lambda: persistent_homology(circle(9), confidence=1.0), "confidence"),
    (lambda: betti_curve(persistent_homology(circle(9), loops=False), torch.ones(1), degree=2), "degree"),
    (lambda: layer_topology({}), "none"),
])  # fmt: skip
def test_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call()
