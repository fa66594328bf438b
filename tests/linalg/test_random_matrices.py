"""Both ends of the singular values, the spectral radius, and the edges of random matrices."""

import pytest
import torch
from tests.linalg.test_golub_kahan import MATRICES

from rhobar.linalg import LinearOperator, singular_value_band, smallest_singular_value, spectral_radius


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
def test_smallest_singular_value_is_that_of_the_svd(matrix):
    truth = torch.linalg.svdvals(matrix)
    found = smallest_singular_value(
        LinearOperator.from_matrix(matrix), tol=1e-9, generator=torch.Generator().manual_seed(1)
    )
    assert found.value == pytest.approx(truth[-1].item(), rel=1e-7, abs=1e-12 * truth[0].item())
    assert torch.linalg.vector_norm(matrix @ found.right - found.value * found.left) <= 1e-9 * max(
        truth[0].item(), 1e-300
    )


def test_its_residual_bounds_the_distance_to_a_singular_value():
    A = torch.randn(60, 40)
    truth = torch.linalg.svdvals(A)
    for steps in (3, 10, 25):
        found = smallest_singular_value(LinearOperator.from_matrix(A), max_steps=steps, tol=0.0)
        assert found.value >= truth[-1] - 1e-12
        assert (truth - found.value).abs().min() <= found.residual + 1e-12
        assert found.num_matvecs == 2 * steps


SQUARE = {
    "random": lambda: torch.randn(30, 30),
    "symmetric": lambda: (lambda A: A + A.T)(torch.randn(20, 20)),
    "orthogonal": lambda: torch.linalg.qr(torch.randn(12, 12))[0],
    "triangular": lambda: torch.randn(10, 10).triu(),
    "zero": lambda: torch.zeros(4, 4),
    "one": lambda: torch.full((1, 1), -3.0),
}


@pytest.mark.parametrize("name", SQUARE)
def test_spectral_radius_is_that_of_the_eigenvalues_and_at_most_the_norm(name):
    """A60."""
    A = SQUARE[name]()
    found = spectral_radius(LinearOperator.from_matrix(A), tol=1e-10)
    assert found.value == pytest.approx(torch.linalg.eigvals(A).abs().max().item(), rel=1e-7, abs=1e-12)
    assert found.converged and found.value <= torch.linalg.matrix_norm(A, 2) + 1e-12
    if name in ("symmetric", "orthogonal"):
        assert found.value == pytest.approx(torch.linalg.matrix_norm(A, 2).item())


def test_a_nilpotent_matrix_has_radius_zero_and_a_large_norm():
    A = 100 * torch.diag(torch.ones(5), 1)
    assert spectral_radius(LinearOperator.from_matrix(A)).value < 1  # rounding to the power 1/6
    assert torch.linalg.matrix_norm(A, 2) == pytest.approx(100)


def test_radius_stops_by_its_residual():
    A = torch.diag(torch.cat([torch.tensor([10.0]), torch.rand(200)]))
    found = spectral_radius(LinearOperator.from_matrix(A), tol=1e-3)
    assert found.num_matvecs < 10 and found.residual <= 1e-3 * found.value
    assert found.value == pytest.approx(10, rel=1e-3)
    with pytest.raises(ValueError, match="square"):
        spectral_radius(LinearOperator.from_matrix(torch.ones(2, 3)))


@pytest.mark.parametrize("m, n", [(300, 300), (100, 400), (400, 100)])
def test_edges_of_marchenko_and_pastur(m, n):
    """A73, as corrected: singular values spread over s |√n ± √m|, they are not all near s √n."""
    band = singular_value_band(m, n, 0.5)
    tops = []
    for _ in range(10):
        sigma = torch.linalg.svdvals(0.5 * torch.randn(m, n))
        tops.append(sigma[0].item())
        assert sigma[-1] >= band.low - 6 * band.scale
    z = (torch.tensor(tops) - band.high) / band.scale
    assert -2.2 < z.mean() < -0.2  # Tracy and Widom: mean −1.2, deviation 1.3
    assert 0.5 < z.std() < 2.5
    same = singular_value_band(m, n, 0.5, slopes=torch.ones(1))
    assert (same.low, same.high) == (pytest.approx(band.low, abs=1e-3), pytest.approx(band.high))


@pytest.mark.parametrize("m, n", [(400, 400), (200, 800), (800, 200)])
@pytest.mark.parametrize("slopes", [(0.0, 1.0), (0.5, 1.0), (1.0, 1.0, 3.0)])
def test_edges_with_slopes(m, n, slopes):
    d = torch.tensor(slopes)
    band = singular_value_band(m, n, 1.0, slopes=d)
    D = d.repeat(m // len(slopes) + 1)[:m]
    sigma = torch.linalg.svdvals(D[:, None] * torch.randn(m, n))
    assert sigma[0].item() == pytest.approx(band.high, rel=0.03)
    assert sigma[-1].item() == pytest.approx(band.low, rel=0.1, abs=0.03 * band.high)
    with pytest.raises(ValueError, match="std at least 0"):
        singular_value_band(2, 2, -1.0)
