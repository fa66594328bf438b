import pytest
import torch

from rhobar.linalg import LinearOperator


@pytest.fixture
def matrix():
    return torch.randn(3, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_products(matrix):
    A = LinearOperator.from_matrix(matrix)
    v, u = torch.ones(5, dtype=torch.float64), torch.arange(3.0, dtype=torch.float64)
    torch.testing.assert_close(A @ v, matrix @ v)
    torch.testing.assert_close(A.T @ u, matrix.T @ u)
    torch.testing.assert_close(A.T.T @ v, A @ v)
    assert (A.T.shape, A.T.dtype) == ((5, 3), torch.float64)


def test_adjointness(matrix):
    A = LinearOperator.from_matrix(matrix)
    v, u = matrix[0], matrix[:, 0]
    torch.testing.assert_close(u @ (A @ v), (A.T @ u) @ v)


@pytest.mark.parametrize("length", [3, 4])
def test_vector_of_another_length(matrix, length):
    with pytest.raises(ValueError, match=rf"multiplies vectors of shape \(5,\), got \({length},\)"):
        LinearOperator.from_matrix(matrix) @ torch.ones(length)


def test_function_that_returns_another_shape():
    A = LinearOperator(lambda v: v[:1], lambda u: u, (2, 2))
    with pytest.raises(ValueError, match=r"must have the shape \(2,\), but its function returned \(1,\)"):
        A @ torch.ones(2)


def test_refused_shapes_and_dtypes():
    with pytest.raises(ValueError, match="at least 1"):
        LinearOperator(lambda v: v, lambda u: u, (0, 2))
    with pytest.raises(ValueError, match="real floating"):
        LinearOperator(lambda v: v, lambda u: u, (2, 2), torch.int64)
