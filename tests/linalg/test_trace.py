"""Laws of the trace and diagonal estimators: unbiased, with an error bar that is right."""

import pytest
import torch
from tests.linalg.matrices import SYMMETRIC, gaussian_matrix, symmetric

from rhobar.linalg import LinearOperator, diagonal, hutchinson_trace, hutchpp_trace, xtrace

TRACES = {"hutchinson": hutchinson_trace, "hutch++": hutchpp_trace, "xtrace": xtrace}
MATRICES = {**SYMMETRIC, "not symmetric": gaussian_matrix(40, 40)}


def seeded(seed=1):
    return torch.Generator().manual_seed(seed)


def scores(estimate, matrix, num_matvecs, runs):
    """(estimate − truth) / stderr over many runs."""
    A, truth = LinearOperator.from_matrix(matrix), matrix.trace().item()
    found = [estimate(A, num_matvecs=num_matvecs, generator=seeded(seed)) for seed in range(runs)]
    return torch.tensor([(f.value - truth) / f.stderr for f in found])


@pytest.mark.parametrize("name", ["wigner", "flat", "outliers", "not symmetric"])
@pytest.mark.parametrize("estimator", TRACES)
def test_scores_are_standard_normal(estimator, name):
    z = scores(TRACES[estimator], MATRICES[name], {"hutchinson": 40, "hutch++": 60, "xtrace": 40}[estimator], 250)
    low, high = (0.65, 1.1) if estimator == "xtrace" else (0.85, 1.25)  # the bar of xtrace is an upper one
    assert abs(z.mean()) < 0.2
    assert low < z.std() < high


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("estimator", TRACES)
def test_unbiased(estimator, name):
    A = LinearOperator.from_matrix(MATRICES[name])
    values = torch.tensor(
        [TRACES[estimator](A, num_matvecs=12, generator=seeded(seed)).value for seed in range(200)],
        dtype=torch.float64,
    )
    truth, scale = MATRICES[name].trace(), torch.linalg.matrix_norm(MATRICES[name])
    assert (values.mean() - truth).abs() <= 4 * values.std() / 200**0.5 + 1e-9 * scale


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("estimator", TRACES)
def test_no_more_products_than_said(estimator, name):
    calls = []
    matrix = MATRICES[name]

    def counted(v):
        calls.append(1)
        return matrix @ v

    A = LinearOperator.symmetric(counted, len(matrix), torch.float64, torch.device("cpu"))
    for num_matvecs in (4, 7, 20):
        calls.clear()
        assert TRACES[estimator](A, num_matvecs=num_matvecs).num_matvecs == len(calls) <= num_matvecs


@pytest.mark.parametrize("estimator", ["hutch++", "xtrace"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_low_rank_is_exact(estimator, dtype):
    matrix = symmetric([9.0, 7.0, -5.0, 3.0, *[0.0] * 40]).to(dtype)
    found = TRACES[estimator](LinearOperator.from_matrix(matrix), num_matvecs=30, generator=seeded())
    assert found.value == pytest.approx(14, rel=100 * torch.finfo(dtype).eps)
    assert found.stderr <= 14 * 100 * torch.finfo(dtype).eps


def test_decay_favours_the_sketch():
    A = LinearOperator.from_matrix(MATRICES["decay"])
    errors = {
        name: sum(
            abs(f(A, num_matvecs=24, generator=seeded(s)).value - MATRICES["decay"].trace().item()) for s in range(30)
        )
        for name, f in TRACES.items()
    }
    assert errors["xtrace"] < errors["hutch++"] < errors["hutchinson"]


@pytest.mark.parametrize("estimator", TRACES)
def test_all_products_of_a_small_operator(estimator):
    A = LinearOperator.from_matrix(torch.diag(torch.tensor([1.0, 2.0])))
    found = TRACES[estimator](A, num_matvecs=50, generator=seeded())
    assert found.value == pytest.approx(3, abs=4 * found.stderr + 1e-5)


def test_diagonal_scores_are_standard_normal():
    matrix = MATRICES["wigner"]
    A = LinearOperator.from_matrix(matrix)
    z = []
    for seed in range(100):
        found = diagonal(A, num_matvecs=50, generator=seeded(seed))
        z.append((found.value - matrix.diagonal()) / found.stderr)
    z = torch.stack(z)
    assert z.mean().abs() < 0.05
    assert 0.9 < z.std() < 1.1


@pytest.mark.parametrize("estimator", [*TRACES.values(), diagonal])
def test_refused_arguments(estimator):
    with pytest.raises(ValueError, match="square"):
        estimator(LinearOperator.from_matrix(torch.ones(2, 3)), num_matvecs=10)
    with pytest.raises(ValueError, match="num_matvecs must be at least"):
        estimator(LinearOperator.from_matrix(torch.eye(3)), num_matvecs=1)


@pytest.mark.parametrize("estimator", [*TRACES.values(), diagonal])
def test_reproducible_and_leaves_the_global_generator(estimator):
    A, before = LinearOperator.from_matrix(MATRICES["wigner"]), torch.get_rng_state()
    one, two = (estimator(A, num_matvecs=9, generator=seeded(3)).value for _ in range(2))
    assert torch.equal(torch.as_tensor(one), torch.as_tensor(two))
    assert torch.equal(before, torch.get_rng_state())
