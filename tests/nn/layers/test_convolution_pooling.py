"""Convolution and pooling: sums written out, the Toeplitz matrix, equivariance, and what shifts leave."""

import pytest
import torch
from torch.nn import functional as F

from rhobar.nn.layers import avg_pool2d, conv2d, depthwise_conv2d, max_pool2d, toeplitz


def random(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_convolution_is_the_sum_written_out():
    image, kernel = random(5, 4), random(3, 2, seed=1)
    found = conv2d(image[None, None], kernel[None, None])[0, 0]
    for i in range(3):
        for j in range(3):
            total = sum(image[i + m, j + n] * kernel[m, n] for m in range(3) for n in range(2))
            assert found[i, j].item() == pytest.approx(total.item(), abs=1e-12)


def test_convolution_is_a_toeplitz_matrix():
    image, kernel = random(5, 4), random(3, 2, seed=1)
    T = toeplitz(kernel, 5, 4)
    torch.testing.assert_close(T @ image.flatten(), conv2d(image[None, None], kernel[None, None]).flatten())
    assert T.count_nonzero() == 9 * 6  # each of 3 × 3 outputs reads 3 × 2 pixels
    assert T.unique().numel() == 7  # six shared weights, and zero
    with pytest.raises(ValueError, match="kernel must fit"):
        toeplitz(kernel, 2, 4)


def test_nothing_is_flipped():
    """With an impulse, correlation gives the kernel upside down; a true convolution would give it upright."""
    impulse = torch.zeros(1, 1, 3, 3)
    impulse[0, 0, 1, 1] = 1
    kernel = torch.arange(4.0).view(1, 1, 2, 2)
    assert torch.equal(conv2d(impulse, kernel), kernel.flip(2, 3))


def test_sharing_weights_gives_equivariance_not_invariance():
    image, kernel = random(1, 2, 9, 8), random(3, 2, 3, 3, seed=1)
    shifted = image.roll((1, 2), (2, 3))
    there, back = conv2d(shifted, kernel), conv2d(image, kernel)
    torch.testing.assert_close(there[..., 1:, 2:], back[..., :-1, :-2])
    assert not torch.allclose(there, back)


def test_the_number_of_parameters_does_not_depend_on_the_image():
    layer = torch.nn.Conv2d(2, 3, 3)
    assert {layer(random(1, 2, size, size).float()).shape[1] for size in (3, 8, 31)} == {3}
    assert sum(p.numel() for p in layer.parameters()) == 3 * (2 * 9 + 1)


def test_depthwise_is_a_convolution_with_a_block_diagonal_kernel():
    image, kernel = random(2, 3, 6, 5), random(3, 1, 3, 3, seed=1)
    full = torch.zeros(3, 3, 3, 3, dtype=torch.float64)
    for c in range(3):
        full[c, c] = kernel[c, 0]
    torch.testing.assert_close(
        depthwise_conv2d(image, kernel, stride=2, padding=1), conv2d(image, full, stride=2, padding=1)
    )


@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (3, 1)])
def test_average_pooling_is_a_convolution_with_a_constant_kernel(size, stride):
    image = random(2, 3, 7, 8)
    kernel = torch.full((3, 1, size, size), 1 / size**2, dtype=torch.float64)
    torch.testing.assert_close(avg_pool2d(image, size, stride), depthwise_conv2d(image, kernel, stride=stride))
    torch.testing.assert_close(max_pool2d(image, size, stride), F.max_pool2d(image, size, stride))
    torch.testing.assert_close(avg_pool2d(image, size, stride), F.avg_pool2d(image, size, stride))


@pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d])
def test_small_shifts_change_less_after_pooling(pool):
    """On a smooth image; exactly nothing changes where the maximum stays inside its window."""
    grid = torch.linspace(0, 6, 24, dtype=torch.float64)
    image = (grid[:, None].sin() + grid.cos())[None, None]

    def change(f):
        a, b = f(image), f(image.roll(1, 3))
        return (torch.linalg.vector_norm(a - b) / torch.linalg.vector_norm(a)).item()

    assert change(lambda x: pool(x, 4)) < change(lambda x: x)
    spot = torch.zeros(1, 1, 4, 4)
    spot[0, 0, 0, 0] = 1
    assert torch.equal(max_pool2d(spot, 2), max_pool2d(spot.roll(1, 3), 2))
    assert not torch.equal(max_pool2d(spot, 2), max_pool2d(spot.roll(2, 3), 2))
