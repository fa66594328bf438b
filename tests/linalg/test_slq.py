"""Laws of the spectral density, against dense spectra."""

import pytest
import torch
from tests.linalg.matrices import SYMMETRIC, symmetric

from rhobar.linalg import LinearOperator, spectral_density


def seeded(seed=1):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", SYMMETRIC)
def test_low_moments_are_those_of_the_vectors(name):
    """k nodes are exact for polynomials up to degree 2k − 1; so vᵀ A^p v must come out for each vector."""
    matrix = SYMMETRIC[name]
    found = spectral_density(LinearOperator.from_matrix(matrix), num_probes=3, num_steps=3, generator=seeded())
    generator, scale = seeded(), torch.linalg.eigvalsh(matrix).abs().max()
    for nodes, weights in zip(found.nodes, found.weights, strict=True):
        v = torch.randn(len(matrix), generator=generator, dtype=torch.float64)
        v = v / torch.linalg.vector_norm(v)
        assert weights.sum() == pytest.approx(1)
        for power in range(1, 6):
            truth = v @ torch.linalg.matrix_power(matrix / scale, power) @ v
            assert (weights * (nodes / scale) ** power).sum() == pytest.approx(truth.item(), abs=1e-10)


@pytest.mark.parametrize("name", ["wigner", "flat", "low rank", "outliers", "decay"])
def test_the_distribution_is_within_its_error(name):
    matrix = SYMMETRIC[name]
    truth = torch.linalg.eigvalsh(matrix)
    found = spectral_density(LinearOperator.from_matrix(matrix), num_probes=60, num_steps=40, generator=seeded())
    for x in torch.linspace(truth[0] * 1.1, truth[-1] * 1.1, 9).tolist():
        share, stderr = found.cdf(x)
        assert abs(share - (truth <= x).double().mean().item()) <= 4 * stderr + 1.5 / 40


def test_lost_orthogonality_does_not_spoil_float32():
    """Copies of the outliers appear, and their weights add up to that of the one."""
    matrix = symmetric([1000.0, 500.0, *torch.linspace(-1, 1, 400).tolist()])
    truth = torch.linalg.eigvalsh(matrix)
    found = spectral_density(
        LinearOperator.from_matrix(matrix.float()), num_probes=40, num_steps=60, generator=seeded()
    )
    copies = (found.nodes > 900).sum(1)
    assert copies.double().mean() > 1
    assert found.nodes.max() <= 1000.01
    for power in (1, 2, 4):
        value, stderr = found.moment(power)
        assert abs(value - (truth**power).mean().item()) <= 4 * stderr
    for x in (-0.5, 0.0, 0.5, 700.0):
        share, stderr = found.cdf(x)
        assert abs(share - (truth <= x).double().mean().item()) <= 4 * stderr + 0.03


def test_error_bars_are_honest():
    matrix = SYMMETRIC["wigner"]
    truth = (torch.linalg.eigvalsh(matrix) ** 2).mean().item()
    A = LinearOperator.from_matrix(matrix)
    z = []
    for seed in range(200):
        value, stderr = spectral_density(A, num_probes=16, num_steps=4, generator=seeded(seed)).moment(2)
        z.append((value - truth) / stderr)
    z = torch.tensor(z)
    assert abs(z.mean()) < 0.25
    assert 0.85 < z.std() < 1.2


def test_density_integrates_to_one_and_sits_at_the_nodes():
    found = spectral_density(
        LinearOperator.from_matrix(torch.diag(torch.tensor([-2.0, 4.0]).repeat(20))), generator=seeded()
    )
    grid = torch.linspace(-5, 7, 2000).double()
    density = found.density(grid, 0.1)
    assert torch.trapezoid(density, grid).item() == pytest.approx(1, abs=1e-6)
    assert density[(grid + 2).abs() < 0.05].mean() > 1
    assert density[(grid - 1).abs() < 0.5].max() < 1e-6
    assert found.num_matvecs == 2 * 8


def test_nonfinite_and_refused():
    A = LinearOperator.from_matrix(torch.full((3, 3), float("nan")))
    assert spectral_density(A).nodes.isnan().all()
    with pytest.raises(ValueError, match="num_probes must be at least 2"):
        spectral_density(A, num_probes=1)
    with pytest.raises(ValueError, match="square"):
        spectral_density(LinearOperator.from_matrix(torch.ones(2, 3)))
