"""Ranks, components and intrinsic dimension, on manifolds whose dimension is known."""

import math

import pytest
import torch

from rhobar.probes.geometry import (
    effective_rank,
    levina_bickel_dimension,
    principal_components,
    representation_collapse,
    two_nearest_dimension,
)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def cube(n, d, g):
    """A flat torus of dimension d: no edge, so that the estimators have no bias from one."""
    t = 2 * math.pi * torch.rand(n, d, generator=g).double()
    return torch.cat([t.cos(), t.sin()], 1)


def swiss_roll(n, g):
    t, h = 1.5 * math.pi * (1 + 2 * torch.rand(n, generator=g)).double(), torch.rand(n, generator=g).double()
    return torch.stack([t * t.cos(), 21 * h, t * t.sin()], 1)


MANIFOLDS = {
    "circle": (lambda g: cube(600, 1, g), 1),
    "torus": (lambda g: cube(600, 2, g), 2),
    "swiss roll in twenty dimensions": (lambda g: torch.nn.functional.pad(swiss_roll(600, g), (0, 17)) @ torch.linalg.qr(torch.randn(20, 20, generator=g).double())[0], 2),
    "gaussian": (lambda g: torch.randn(600, 3, generator=g).double(), 3),
}  # fmt: skip
ESTIMATORS = {"two nearest": two_nearest_dimension, "maximum likelihood": levina_bickel_dimension}


@pytest.mark.parametrize("name", MANIFOLDS)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_dimension_of_a_manifold(name, estimator):
    make, d = MANIFOLDS[name]
    found = ESTIMATORS[estimator](make(seeded(1)))
    assert abs(found.value - d) < 3.5 * found.stderr + 0.06 * d
    assert found.stderr < 0.15 * d


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_dimension_errors_are_standard_normal(estimator):
    z = []
    for seed in range(60):
        found = ESTIMATORS[estimator](cube(250, 1, seeded(seed)))
        z.append((found.value - 1) / found.stderr)
    z = torch.tensor(z)
    assert abs(z.mean()) < 0.45
    assert 0.7 < z.std() < 1.25


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_dimension_ignores_scale_rotation_and_repetition(estimator):
    x = cube(200, 2, seeded(0))
    turn = torch.linalg.qr(torch.randn(4, 4, generator=seeded(1)).double())[0]
    one = ESTIMATORS[estimator](x)
    assert ESTIMATORS[estimator](1e-3 * x @ turn + 5).value == pytest.approx(one.value, rel=0.02)
    twice = ESTIMATORS[estimator](torch.cat([x, x]))
    assert twice.num_samples == 200 and twice.value == pytest.approx(one.value)


def test_two_nearest_by_hand():
    x = torch.tensor([[0.0], [1.0], [3.0], [7.0], [15.0]])  # r₂/r₁: 3, 2, 3/2, 6/4, 12/8
    expected = 4 / (math.log(3) + math.log(2) + 3 * math.log(1.5))
    assert two_nearest_dimension(x).value == pytest.approx(expected)


def test_levina_bickel_by_hand():
    x = torch.tensor([[0.0], [1.0], [3.0], [7.0]])
    logs = [math.log(3), math.log(2), math.log(1.5), math.log(1.5)]
    assert levina_bickel_dimension(x, num_neighbours=2).value == pytest.approx((1 - 1 / 4) / (sum(logs) / 4))


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_ranks_of_known_spectra(scale):
    d = torch.tensor([4.0, 2.0, 1.0]).double()
    x = torch.cat([torch.diag(d), -torch.diag(d)]) * scale + 3 * scale
    s, lam = d, d**2
    p = s / s.sum()
    found = effective_rank(x)
    assert found.entropy.value == pytest.approx((-(p * p.log()).sum()).exp().item())
    assert found.participation.value == pytest.approx((lam.sum() ** 2 / lam.square().sum()).item())
    assert found.stable.value == pytest.approx((lam.sum() / lam.max()).item())


def test_rank_of_a_point_and_of_more_features_than_samples():
    assert effective_rank(torch.ones(5, 3)).entropy.value == 0
    wide = torch.randn(10, 40, generator=seeded(0))
    assert 1 < effective_rank(wide).entropy.value <= 9


def test_rank_errors_are_standard_normal():
    scale = torch.tensor([3.0, 2.0, 1.0, 1.0]).double()
    p = scale / scale.sum()
    truth = (-(p * p.log()).sum()).exp().item()
    z = []
    for seed in range(100):
        found = effective_rank(torch.randn(800, 4, generator=seeded(seed)).double() * scale).entropy
        z.append((found.value - truth) / found.stderr)
    z = torch.tensor(z)
    assert abs(z.mean()) < 0.35
    assert 0.8 < z.std() < 1.25


def test_components_are_those_of_the_covariance():
    x = torch.randn(50, 6, generator=seeded(0)).double() @ torch.randn(6, 6, generator=seeded(1)).double()
    found = principal_components(x, num_components=4)
    values, vectors = torch.linalg.eigh(torch.cov(x.T))
    assert torch.allclose(found.variances, values.flip(0)[:4])
    assert torch.allclose((found.directions @ vectors.flip(1)[:, :4]).abs(), torch.eye(4).double(), atol=1e-8)
    assert torch.allclose(found.shares, values.flip(0)[:4] / values.sum())
    assert torch.allclose(found.project(x).var(0), found.variances)
    assert principal_components(x).num_needed(1.0) == 6


def test_component_errors_are_those_of_a_gaussian():
    x = torch.randn(2000, 3, generator=seeded(0)).double() * torch.tensor([5.0, 2.0, 1.0])
    found = principal_components(x)
    assert torch.allclose(found.stderr, found.variances * (2 / 2000) ** 0.5, rtol=0.4)  # Anderson 1963


@pytest.mark.parametrize(
    "name, x, cosine, spread",
    [
        ("point", torch.ones(6, 4), 1.0, 0.0),
        ("sphere", torch.randn(2000, 50, generator=seeded(0)), 0.0, 1.0),
        ("ray", torch.arange(1.0, 7)[:, None] * torch.ones(4), 1.0, 0.0),
    ],
)
def test_collapse_tells_a_point_from_a_sphere(name, x, cosine, spread):
    found = representation_collapse(x)
    assert found.cosine.value == pytest.approx(cosine, abs=0.01)
    assert found.spread.value == pytest.approx(spread, abs=0.02)
    assert found.uniformity.value == pytest.approx(-4 * (1 - cosine), abs=0.2)


def test_samples_without_direction_are_counted():
    x = torch.cat([torch.zeros(2, 3), torch.eye(3)])
    found = representation_collapse(x)
    assert found.num_zero == 2 and found.cosine.value == 0


PROBES = {
    "rank": effective_rank,
    "components": principal_components,
    "collapse": representation_collapse,
    **ESTIMATORS,
}


@pytest.mark.parametrize("name", PROBES)
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_not_finite_is_refused(name, bad):
    x = torch.randn(30, 3)
    x[4, 1] = bad
    with pytest.raises(ValueError, match="1 of its 30 samples hold NaN or infinity"):
        PROBES[name](x)


@pytest.mark.parametrize("name", PROBES)
@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (30, 0)])
def test_too_little_is_refused(name, shape):
    with pytest.raises(ValueError, match="must hold at least"):
        PROBES[name](torch.zeros(shape))
