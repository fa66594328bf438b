"""Information: identities on random tables, bottlenecks against their conditions of optimality."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mutual_info_score

from rhobar.theory import information as T


def rand(seed=0):
    return torch.Generator().manual_seed(seed)


def table(rows, columns, seed, power=3):
    p = torch.rand(rows, columns, generator=rand(seed), dtype=torch.float64) ** power
    return p / p.sum()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 10**6))
def test_identities_hold_on_any_table(rows, columns, seed):
    """B47, A45: both sides computed apart."""
    p = table(rows, columns, seed)
    p[0, 0] = 0 if p.numel() > 1 else 1
    p = p / p.sum()
    for relation in T.identities(p, table(rows, columns, seed + 1)):
        assert relation.holds, relation
    assert T.mutual_information(p) == pytest.approx(T.mutual_information(p.T))
    assert T.data_processing(p, torch.softmax(3 * torch.randn(columns, 3, generator=rand(seed)), 1)).holds


def test_a_relation_can_fail():
    assert not T.Relation("", 1.0, 1.1, "=").holds and not T.Relation("", 1.1, 1.0, "≤").holds
    assert T.Relation("", 1.0, 1.1, "≤").holds and not T.Relation("", 1.1, 1.0, "=").holds


def test_known_values():
    counts = torch.tensor([[3, 1, 2], [1, 5, 0]])
    pairs = [(i, j) for i in range(2) for j in range(3) for _ in range(int(counts[i, j]))]
    theirs = mutual_info_score(*zip(*pairs, strict=True))
    assert T.mutual_information(counts / 12) == pytest.approx(theirs, rel=1e-6)
    independent = torch.outer(torch.tensor([0.3, 0.7]), torch.tensor([0.2, 0.8]))
    assert T.mutual_information(independent) == pytest.approx(0, abs=1e-7)
    assert T.conditional_entropy(independent) == pytest.approx(-0.2 * math.log(0.2) - 0.8 * math.log(0.8), rel=1e-6)
    lossless = T.data_processing(table(3, 3, 0), torch.eye(3))
    assert lossless.left == pytest.approx(lossless.right)


@pytest.mark.parametrize("rho", [0.0, 0.5, -0.95])
def test_gaussian_information(rho):
    """B47: −½ ln(1 − ρ²); and of a fine table of the same density."""
    S = torch.tensor([[2.0, rho * math.sqrt(6)], [rho * math.sqrt(6), 3.0]])
    assert T.gaussian_information(S, 1) == pytest.approx(-0.5 * math.log(1 - rho**2), abs=1e-6)
    x = torch.linspace(-5, 5, 400, dtype=torch.float64)
    density = torch.exp(-(x[:, None] ** 2 - 2 * rho * x[:, None] * x + x**2) / (2 * (1 - rho**2)))
    assert T.mutual_information(density / density.sum()) == pytest.approx(T.gaussian_information(S, 1), abs=2e-4)


@pytest.mark.parametrize(
    "channel, capacity",
    [
        ([[0.9, 0.1], [0.1, 0.9]], math.log(2) + 0.9 * math.log(0.9) + 0.1 * math.log(0.1)),
        ([[0.7, 0.3, 0.0], [0.0, 0.3, 0.7]], 0.7 * math.log(2)),  # erasure
        ([[1.0, 0.0], [0.5, 0.5]], math.log(5 / 4)),  # the Z channel
        ([[1.0], [1.0]], 0.0),
    ],
)
def test_capacities_in_closed_form(channel, capacity):
    found = T.channel_capacity(torch.tensor(channel))
    assert found.value == pytest.approx(capacity, abs=1e-6) and 0 <= found.gap <= 1e-9
    joint = found.inputs[:, None] * torch.tensor(channel).double()
    assert T.mutual_information(joint) == pytest.approx(found.value, abs=1e-6)


@pytest.mark.parametrize("beta", [0.5, 2.0, 6.0, 40.0])
def test_the_bottleneck_descends_to_a_fixed_point_that_beats_others(beta):
    """B49."""
    p = table(5, 4, 3)
    found = T.information_bottleneck(p, beta, generator=rand())
    steps = found.objective.diff()
    assert found.converged and torch.all(steps <= 1e-12)
    assert found.relevance <= min(T.mutual_information(p), found.complexity) + 1e-9  # data processing
    assert found.objective[-1] == pytest.approx(found.complexity - beta * found.relevance)
    px = p.sum(1)

    def objective(encoder):
        joint = px[:, None] * encoder
        return T.mutual_information(joint) - beta * T.mutual_information(joint.T @ (p / px[:, None]))

    assert objective(found.encoder) == pytest.approx(float(found.objective[-1]), abs=1e-9)
    for seed in range(20):
        other = torch.softmax(found.encoder.clamp_min(1e-12).log() + 0.1 * torch.randn(5, 5, generator=rand(seed)), 1)
        assert objective(other) >= float(found.objective[-1]) - 1e-9
    if beta < 1:
        assert found.complexity == pytest.approx(0, abs=1e-6)
    if beta == 40.0:
        assert found.relevance > 0.95 * T.mutual_information(p)
        coarse = T.information_bottleneck(p, beta, num_clusters=2, generator=rand())
        assert coarse.complexity <= math.log(2) + 1e-9 and coarse.relevance < found.relevance


def gaussian_pair(seed=0):
    G = torch.randn(5, 9, generator=rand(seed), dtype=torch.float64)
    return G @ G.T / 9


@pytest.mark.parametrize("beta", [1.0, 3.0, 10.0, 1000.0])
def test_the_gaussian_bottleneck_is_stationary_and_says_its_information(beta):
    """B49, C93."""
    S = gaussian_pair()
    Sx, Sxy, Sy = S[:3, :3], S[:3, 3:], S[3:, 3:]
    conditional = Sx - Sxy @ torch.linalg.solve(Sy, Sxy.T)
    eigenvalues = torch.linalg.eigvals(conditional @ torch.linalg.inv(Sx)).real.sort().values
    found = T.gaussian_bottleneck(S, 3, beta)
    assert torch.allclose(found.thresholds[:2], 1 / (1 - eigenvalues[:2]), rtol=1e-6)
    assert torch.isinf(found.thresholds[2])  # X has three dimensions, Y two: one direction says nothing
    kept = int((found.projection.norm(dim=1) > 0).sum())
    assert kept == int((found.thresholds < beta).sum())

    def information(A):
        eye = torch.eye(3).double()
        total = torch.logdet(A @ Sx @ A.T + eye)
        return float(total) / 2, float(total - torch.logdet(A @ conditional @ A.T + eye)) / 2

    complexity, relevance = information(found.projection)
    assert (complexity, relevance) == (pytest.approx(found.complexity), pytest.approx(found.relevance))
    for seed in range(20):
        a, b = information(found.projection + 0.03 * torch.randn(3, 3, generator=rand(seed), dtype=torch.float64))
        assert a - beta * b >= complexity - beta * relevance - 1e-9
    if beta == 1000.0:
        assert relevance == pytest.approx(T.gaussian_information(S, 3), abs=2e-3)


def test_refusals():
    with pytest.raises(ValueError, match="sum to 1"):
        T.mutual_information(torch.ones(2, 2))
    with pytest.raises(ValueError, match="beta must be positive"):
        T.information_bottleneck(table(2, 2, 0), 0.0)
    for call in (T.gaussian_information, lambda S, k: T.gaussian_bottleneck(S, k, 2.0)):
        with pytest.raises(ValueError, match="split must lie"):
            call(torch.eye(2), 2)
