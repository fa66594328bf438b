"""Laws of the condition number, the count of negative eigenvalues, and the test of symmetry."""

import pytest
import torch
from tests.linalg.matrices import SYMMETRIC, gaussian_matrix, symmetric

from rhobar.linalg import LinearOperator, condition_number, negative_directions, symmetry_error


def seeded(seed=1):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("damping", [0.0, 0.5])
@pytest.mark.parametrize("values", [[1.0, 5.0], [3.0], torch.linspace(0.1, 20, 50).tolist(), [1e-3, *[1.0] * 5, 10.0]])
def test_condition_of_positive_definite_operators(values, damping):
    found = condition_number(LinearOperator.from_matrix(symmetric(values)), damping=damping, generator=seeded())
    assert found.value == pytest.approx((max(values) + damping) / (min(values) + damping), rel=1e-3)
    assert found.converged


def test_condition_of_what_is_not_definite():
    A = LinearOperator.from_matrix(symmetric([0.0, 1.0, 2.0]))
    assert condition_number(A, generator=seeded()).value == float("inf")
    assert condition_number(A, damping=1.0, generator=seeded()).value == pytest.approx(3)
    negative = LinearOperator.from_matrix(symmetric([-1.0, 1.0, 2.0]))
    assert condition_number(negative, damping=0.5, generator=seeded()).value == float("inf")
    with pytest.raises(ValueError, match="damping must be at least 0"):
        condition_number(A, damping=-1.0)


@pytest.mark.parametrize("name", ["wigner", "flat", "low rank", "outliers", "two", "one"])
def test_negative_directions(name):
    truth = torch.linalg.eigvalsh(SYMMETRIC[name])
    count = int((truth < -1e-4 * truth.abs().max()).sum())
    found = negative_directions(LinearOperator.from_matrix(SYMMETRIC[name]), num_probes=40, generator=seeded())
    assert found.at_least <= count
    assert found.at_least >= min(count, 12)  # 40 steps see more than a dozen of them
    assert abs(found.estimate - count) <= 4 * found.stderr + 0.03 * len(truth) + 1e-9
    assert found.smallest >= truth[0] - 1e-9
    assert (truth - found.smallest).abs().min() <= found.residual + 1e-9


def test_positive_operators_have_none():
    found = negative_directions(LinearOperator.from_matrix(symmetric([0.0] * 30 + [1.0, 2.0, 3.0])), generator=seeded())
    assert (found.at_least, found.estimate) == (0, 0.0)


def test_symmetry():
    A = gaussian_matrix(30, 30)
    assert symmetry_error(LinearOperator.from_matrix(A + A.T), seeded()) < 1e-14
    assert all(symmetry_error(LinearOperator.from_matrix(A), seeded(i)) > 1e-3 for i in range(20))
    assert symmetry_error(LinearOperator.from_matrix(torch.tensor([[1.0, 2.0], [0.0, 1.0]])), seeded()) > 0.05
    assert symmetry_error(LinearOperator.from_matrix(torch.zeros(3, 3))) == 0
    with pytest.raises(ValueError, match="square"):
        symmetry_error(LinearOperator.from_matrix(torch.ones(2, 3)))


def test_an_end_that_may_be_zero_gives_no_finite_condition():
    A = LinearOperator.from_matrix(symmetric(torch.linspace(0, 20, 200).tolist()))
    found = condition_number(A, max_matvecs=12, generator=seeded())
    assert 0 < found.smallest < found.residuals[1]
    assert found.value == float("inf")
    assert not found.converged
