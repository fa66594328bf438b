"""Laws of eigenpairs, against the dense decomposition."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.linalg.matrices import SYMMETRIC, symmetric

from rhobar.linalg import LinearOperator, eigenpairs

WANTED = {
    "largest": lambda values: values.flip(0),
    "smallest": lambda values: values,
    "magnitude": lambda values: values[values.abs().argsort(descending=True)],
}


def seeded(seed=1):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("which", WANTED)
@pytest.mark.parametrize("name", SYMMETRIC)
def test_against_the_dense_decomposition(name, which):
    matrix = SYMMETRIC[name]
    num = min(3, len(matrix))
    if name in ("huge", "minute") and which == "magnitude":
        num = 1  # pairs ±λ
    if name == "low rank" and which != "magnitude":
        num = 1  # zero is a multiple eigenvalue
    truth = WANTED[which](torch.linalg.eigvalsh(matrix))[:num]
    size = len(matrix) if name == "decay" else None  # its small eigenvalues lie closer than any restart resolves
    operator = LinearOperator.from_matrix(matrix)
    found = eigenpairs(operator, num=num, which=which, tol=1e-8, basis_size=size, generator=seeded())
    scale = torch.linalg.eigvalsh(matrix).abs().max()
    assert found.converged
    error = (
        (found.values - truth) if name not in ("flat", "huge", "minute") else found.values.abs() - truth.abs()
    )  # ±1 are equally large
    assert error.abs().max() <= (1e-10 if name != "decay" else 3e-8) * scale
    assert (found.residuals <= 1e-8 * scale).all()


@pytest.mark.parametrize("max_matvecs", [1, 2, 7, 20, 33, 61])
@pytest.mark.parametrize("name", SYMMETRIC)
def test_pairs_are_what_they_say(name, max_matvecs):
    """Residuals are those of the vectors, vectors are orthonormal, and a value lies within its residual of a true one."""
    matrix = SYMMETRIC[name]
    found = eigenpairs(
        LinearOperator.from_matrix(matrix), tol=0.0, max_matvecs=max_matvecs, basis_size=min(20, len(matrix)), generator=seeded()
    )  # fmt: skip
    X, scale, truth = found.vectors, torch.linalg.eigvalsh(matrix).abs().max(), torch.linalg.eigvalsh(matrix)
    actual = torch.linalg.vector_norm(X @ matrix - found.values[:, None] * X, dim=1)
    assert (actual - found.residuals).abs().max() <= 1e-11 * scale
    assert torch.allclose(X @ X.T, torch.eye(len(X)).double(), atol=1e-12)
    assert ((found.values[:, None] - truth).abs().amin(1) <= found.residuals + 1e-12 * scale).all()
    assert found.num_matvecs <= max_matvecs
    assert found.num_negative <= int((truth < 0).sum())


def test_negative_directions_are_found_with_enough_products():
    matrix = symmetric([-5.0, -4.0, -3.0, *torch.linspace(1, 2, 40).tolist()])
    found = eigenpairs(LinearOperator.from_matrix(matrix), num=4, which="smallest", tol=1e-6, generator=seeded())
    assert found.num_negative == 3


@settings(max_examples=60, deadline=None)
@given(n=st.integers(5, 60), decay=st.floats(0.3, 1), seed=st.integers(0, 2**31), num=st.integers(1, 5))
def test_restarts_do_not_change_the_answer(n, decay, seed, num):
    values = torch.tensor([(-decay) ** i for i in range(n)])
    A = LinearOperator.from_matrix(symmetric(values, seed))
    size = min(n, num + 5)
    small, large = (
        eigenpairs(A, num=num, tol=1e-7, basis_size=s, max_matvecs=3000, generator=seeded(seed)) for s in (size, n)
    )
    assert small.converged
    if decay < 0.95:  # separated, so that the order is known
        assert torch.allclose(small.values, large.values, atol=1e-6)


def test_float32_reaches_its_tolerance():
    matrix = SYMMETRIC["outliers"].float()
    found = eigenpairs(LinearOperator.from_matrix(matrix), num=3, tol=1e-4, generator=seeded())
    assert found.converged
    assert found.values.tolist() == pytest.approx([100, 90, -50], rel=1e-5)


def test_a_loose_tolerance_stops_earlier():
    A = LinearOperator.from_matrix(SYMMETRIC["wigner"])
    loose, tight = (eigenpairs(A, tol=tol, generator=seeded()).num_matvecs for tol in (1e-1, 1e-8))
    assert loose < tight


@pytest.mark.parametrize(
    "multiple", [torch.eye(12), torch.zeros(12, 12), torch.diag(torch.tensor([2.0] * 6 + [1.0] * 6))]
)
def test_invariant_subspaces_are_left(multiple):
    found = eigenpairs(LinearOperator.from_matrix(multiple.double()), num=3, generator=seeded())
    assert found.converged
    assert found.values.tolist() == pytest.approx([multiple.max().item()] * 3, abs=1e-12)


def test_nonfinite_products_are_not_converged():
    matrix = torch.eye(4)
    matrix[0, 0] = float("nan")
    found = eigenpairs(LinearOperator.from_matrix(matrix))
    assert not found.converged
    assert found.values.isnan().all()
    assert found.residuals.isinf().all()


def test_refused_arguments():
    A = LinearOperator.from_matrix(torch.eye(9))
    with pytest.raises(ValueError, match="num must be between 1"):
        eigenpairs(A, num=10)
    with pytest.raises(ValueError, match="basis_size must be at least num"):
        eigenpairs(A, num=2, basis_size=4)
    with pytest.raises(ValueError, match="tol must be"):
        eigenpairs(A, tol=-1.0)
    with pytest.raises(ValueError, match="square"):
        eigenpairs(LinearOperator.from_matrix(torch.ones(2, 3)))
