"""Gram matrices against the products themselves."""

import pytest
import torch

from rhobar.linalg.gram import add_gram, gram, mirror
from rhobar.linalg.kronecker import KroneckerSums

SHAPES = [(1, 1, 1), (3, 5, 2), (1, 300, 40), (4, 300, 9), (2, 257, 100), (1, 1030, 3), (2, 0, 3)]


def factors(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_gram_is_the_sum_of_products(shape):
    x, y = factors(shape), factors(shape, 1)
    truth = torch.einsum("bir,bjr->ij", x, x)
    torch.testing.assert_close(gram(x), truth)
    torch.testing.assert_close(gram(x.transpose(0, 2).contiguous().transpose(0, 2)), truth)
    whole = torch.full((shape[1] + 2, shape[1] + 2), 7.0, dtype=torch.float64)
    part = whole[1:-1, 1:-1]
    add_gram(part, x, fresh=True)
    add_gram(part, y)
    torch.testing.assert_close(mirror(part), truth + torch.einsum("bir,bjr->ij", y, y))
    assert (whole[0] == 7).all() and (whole[:, -1] == 7).all()


@pytest.mark.parametrize("has_bias", [False, True])
def test_kronecker_sums_are_the_means_over_rows(has_bias):
    calls = [(factors((2, 3, 4)), factors((2, 5, 4), 1)), (factors((1, 3, 2), 2), factors((1, 5, 2), 3))]
    sums = KroneckerSums(3, 5, has_bias, calls[0][0], num_draws=2)
    for a, delta in calls:
        sums.add_inputs(a)
        sums.add_gradients(delta)
        sums.add_gradients(2 * delta, 1)
    rows, slopes = (torch.cat([call[i].transpose(1, 2).flatten(0, 1) for call in calls]) for i in (0, 1))
    if has_bias:
        rows = torch.cat([rows, torch.ones(10, 1).double()], 1)
    A, G = sums.mean(7)
    torch.testing.assert_close(A, rows.T @ rows / 10)
    torch.testing.assert_close(G, 5 * slopes.T @ slopes / 7)
    square = slopes.square().sum().item()
    assert sums.rows == 10 and sums.traces == pytest.approx([square, 4 * square])


def test_no_gradient_is_zero():
    sums = KroneckerSums(2, 3, False, torch.zeros(()))
    sums.add_inputs(torch.ones(1, 2, 1))
    assert not sums.mean(1)[1].any()
