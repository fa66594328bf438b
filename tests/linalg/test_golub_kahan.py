"""Laws of largest_singular_value, against the dense SVD."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rhobar.linalg import LinearOperator, largest_singular_value, largest_singular_value_of_blocks


def random(m, n, seed=0):
    return torch.randn(m, n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def with_spectrum(values, m, n, seed=0):
    left, _ = torch.linalg.qr(random(m, len(values), seed))
    right, _ = torch.linalg.qr(random(n, len(values), seed + 1))
    return left * torch.as_tensor(values, dtype=torch.float64) @ right.T


MATRICES = {
    "square": random(20, 20),
    "wide": random(15, 40),
    "tall": random(40, 15),
    "rank one": with_spectrum([2.0], 30, 20),
    "low rank": with_spectrum([5.0, 4.9, 0.1], 30, 20),
    "zero": torch.zeros(7, 5, dtype=torch.float64),
    "1 x n": random(1, 30),
    "n x 1": random(30, 1),
    "1 x 1": random(1, 1),
    "identity": torch.eye(10, dtype=torch.float64),
    "orthogonal": torch.linalg.qr(random(12, 12))[0],
    "clustered": with_spectrum([1.0, 0.999, 0.998, *[0.9] * 10], 30, 25),
    "gap": with_spectrum([100.0, *[1.0] * 15], 30, 25),
    "huge": random(20, 20) * 1e150,
    "minute": random(20, 20) * 1e-150,
}


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
def test_against_the_dense_svd(matrix):
    truth = torch.linalg.svdvals(matrix)[0].item()
    A, generator = LinearOperator.from_matrix(matrix), torch.Generator().manual_seed(1)
    found = largest_singular_value(A, max_steps=50, tol=1e-6, generator=generator)
    assert found.converged
    assert found.value == pytest.approx(truth, rel=1e-9)
    assert found.residual <= 1e-6 * truth


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
@pytest.mark.parametrize("max_steps", [1, 2, 3, 5, 12, 50])
def test_the_triple_is_what_it_says(matrix, max_steps):
    A, generator = LinearOperator.from_matrix(matrix), torch.Generator().manual_seed(1)
    found = largest_singular_value(A, max_steps=max_steps, generator=generator)
    u, v, scale = found.left, found.right, max(found.value, 1e-300)
    assert torch.linalg.vector_norm(v) == pytest.approx(1)
    assert torch.linalg.vector_norm(u) == pytest.approx(1 if found.value else 0)
    left = torch.linalg.vector_norm((A @ v - found.value * u) / scale)
    right = torch.linalg.vector_norm((A.T @ u - found.value * v) / scale)
    assert left < 1e-9
    if found.value:
        assert right == pytest.approx(found.residual / scale, abs=1e-9)
    assert found.num_matvecs <= 2 * max_steps


@settings(max_examples=100, deadline=None)
@given(
    m=st.integers(1, 12),
    n=st.integers(1, 12),
    rank=st.integers(1, 12),
    decay=st.floats(0.01, 1),
    seed=st.integers(0, 2**31),
    max_steps=st.integers(1, 12),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_never_above_the_truth_and_within_the_residual(m, n, rank, decay, seed, max_steps, dtype):
    rank = min(m, n, rank)
    matrix = with_spectrum([decay**i for i in range(rank)], m, n, seed).to(dtype)
    truth = torch.linalg.svdvals(matrix.double())
    A, generator = LinearOperator.from_matrix(matrix), torch.Generator().manual_seed(seed)
    found = largest_singular_value(A, max_steps=max_steps, generator=generator)
    rounding = 100 * torch.finfo(dtype).eps
    assert 0 <= found.value <= truth[0] * (1 + rounding)
    assert (truth - found.value).abs().min() <= found.residual + rounding


def test_a_converged_value_is_the_largest():
    right = 0
    for seed in range(200):
        matrix = random(5 + seed % 60, 80 - seed % 60, seed)
        generator = torch.Generator().manual_seed(seed)
        found = largest_singular_value(LinearOperator.from_matrix(matrix), max_steps=40, generator=generator)
        assert found.converged
        right += bool(torch.linalg.svdvals(matrix)[0] - found.value <= found.residual + 1e-9)
    assert right >= 196


def test_twelve_steps_on_a_large_layer():
    matrix = random(600, 800).float()
    generator = torch.Generator().manual_seed(0)
    found = largest_singular_value(LinearOperator.from_matrix(matrix), generator=generator)
    truth = torch.linalg.svdvals(matrix)[0].item()
    assert 0.95 * truth < found.value <= truth * (1 + 1e-5)
    assert truth - found.value <= found.residual


def test_a_typical_gain_does_not_hide_the_largest():
    """One direction of 10⁴ is stretched threefold: after one step the residual is small already."""
    scales = torch.ones(10_000, dtype=torch.float64)
    scales[17] = 3
    A = LinearOperator(lambda v: scales * v, lambda u: scales * u, (10_000, 10_000), torch.float64)
    for seed in range(10):
        found = largest_singular_value(A, generator=torch.Generator().manual_seed(seed))
        assert found.value == pytest.approx(3, rel=1e-2)


def test_zero_and_its_cost():
    found = largest_singular_value(LinearOperator.from_matrix(torch.zeros(3, 4)))
    assert (found.value, found.residual, found.converged, found.num_matvecs) == (0.0, 0.0, True, 1)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_nonfinite_products_are_not_converged(bad):
    matrix = torch.ones(4, 3)
    matrix[0, 0] = bad
    found = largest_singular_value(LinearOperator.from_matrix(matrix))
    assert not found.converged
    assert found.value != found.value
    assert found.residual == float("inf")


def test_reproducible_and_leaves_the_global_generator():
    A, before = LinearOperator.from_matrix(random(20, 20)), torch.get_rng_state()
    runs = [largest_singular_value(A, generator=torch.Generator().manual_seed(3)) for _ in range(2)]
    assert runs[0] == runs[1]
    assert torch.equal(before, torch.get_rng_state())


def test_refused_arguments():
    A = LinearOperator.from_matrix(torch.eye(3))
    with pytest.raises(ValueError, match="max_steps must be at least 1, got 0"):
        largest_singular_value(A, max_steps=0)
    with pytest.raises(ValueError, match="tol must be"):
        largest_singular_value(A, tol=float("nan"))


BLOCKS = {
    "square": [random(20, 20, seed) for seed in range(4)],
    "tall": [random(12, 5, seed) for seed in range(3)],
    "wide": [random(5, 12, seed) for seed in range(3)],
    "single rows": [random(1, 4, seed) for seed in range(3)],
    "low rank": [random(30, 2, seed) @ random(2, 30, seed + 9) for seed in range(3)],
    "rank one": [random(9, 1, seed) @ random(1, 9, seed + 9) for seed in range(3)],
    "one of them zero": [torch.zeros(6, 6).double(), random(6, 6), torch.zeros(6, 6).double()],
    "scales": [random(9, 9), 1e-9 * random(9, 9, 1), 1e9 * random(9, 9, 2)],
    "one block": [random(9, 7)],
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", BLOCKS)
def test_the_largest_of_all_blocks(name, dtype):
    blocks, generator = BLOCKS[name], torch.Generator().manual_seed(0)
    matrix = torch.block_diag(*blocks).to(dtype)
    A, truth = LinearOperator.from_matrix(matrix), torch.linalg.matrix_norm(torch.block_diag(*blocks), 2).item()
    found = largest_singular_value_of_blocks(A, len(blocks), max_steps=40, tol=1e-5, generator=generator)
    rounding = 1e-4 if dtype == torch.float32 else 1e-8
    assert found.value == pytest.approx(truth, rel=rounding) and found.converged
    assert torch.linalg.vector_norm(found.left).item() == pytest.approx(1, rel=rounding)
    assert torch.linalg.vector_norm(found.right).item() == pytest.approx(1, rel=rounding)
    assert torch.allclose(A @ found.right, found.value * found.left, atol=100 * rounding * truth)
    for steps in (1, 2, 3, 5):
        few = largest_singular_value_of_blocks(A, len(blocks), max_steps=steps, tol=0.0, generator=generator)
        assert few.value <= truth * (1 + rounding) and few.num_matvecs <= 2 * steps
        gap = torch.linalg.svdvals(torch.block_diag(*blocks)).sub(few.value).abs().min()
        assert gap <= few.residual + rounding * truth
        defect = torch.linalg.vector_norm(A.T @ few.left - few.value * few.right).item()
        assert defect == pytest.approx(few.residual, rel=1e-2, abs=10 * rounding * truth)


def test_blocks_have_converged_when_their_residual_is_small_enough_after_three_steps():
    A = LinearOperator.from_matrix(torch.block_diag(*BLOCKS["square"]))

    def run(steps, tol):
        generator = torch.Generator().manual_seed(0)
        return largest_singular_value_of_blocks(A, 4, max_steps=steps, tol=tol, generator=generator)

    share = run(3, 0.0).residual / run(3, 0.0).value
    assert not run(3, 0.9 * share).converged and run(3, 1.1 * share).converged
    assert not run(2, 10.0).converged


def test_blocks_of_many_steps_do_not_exceed_the_truth():
    """Orthogonality is lost on the way, the value is not."""
    blocks = [torch.diag(torch.cat([torch.tensor([3.0, 2.9]), torch.linspace(0, 1, 200)])) for _ in range(2)]
    found = largest_singular_value_of_blocks(
        LinearOperator.from_matrix(torch.block_diag(*blocks)), 2, max_steps=120, tol=0.0
    )
    assert found.value == pytest.approx(3.0, rel=1e-5)


def test_refused_blocks():
    A = LinearOperator.from_matrix(torch.eye(6))
    with pytest.raises(ValueError, match="must divide both dimensions"):
        largest_singular_value_of_blocks(A, 4)
    with pytest.raises(ValueError, match="max_steps must be"):
        largest_singular_value_of_blocks(A, 2, max_steps=0)
    nan = largest_singular_value_of_blocks(LinearOperator.from_matrix(torch.full((4, 4), float("nan"))), 2)
    assert nan.value != nan.value and nan.residual == float("inf") and not nan.converged
    zero = largest_singular_value_of_blocks(LinearOperator.from_matrix(torch.zeros(6, 6)), 3)
    assert zero.value == 0 and zero.residual == 0
