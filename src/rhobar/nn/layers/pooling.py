"""Pooling: one number for each window of an image.

Invariance under shifts is local and approximate only: what moves inside a window leaves its maximum unchanged.

Textbook: C56, C-§6.2.2b.
"""

from jaxtyping import Float
from torch import Tensor

__all__ = ["avg_pool2d", "global_avg_pool2d", "max_pool2d"]

Image = Float[Tensor, "batch channels height width"]
Pooled = Float[Tensor, "batch channels new_height new_width"]


def max_pool2d(image: Image, size: int, stride: int | None = None) -> Pooled:
    """Keep the largest value of each window R.

        y[i, j] = max over (m, n) in R of x[s i + m, s j + n]

    Production: ``torch.nn.MaxPool2d``, ``torch.nn.functional.max_pool2d``.

    Textbook: C56.

    Args:
        image: x.
        size: Side of the window R, in pixels.
        stride: s, in pixels; as large as the window if not given.

    Example:
        >>> import torch
        >>> max_pool2d(torch.arange(16.0).view(1, 1, 4, 4), 2).flatten()
        tensor([ 5.,  7., 13., 15.])

    Reference: Riesenhuber and Poggio (1999), Hierarchical models of object recognition in cortex.
    """
    return _windows(image, size, stride or size).amax((-2, -1))


def avg_pool2d(image: Image, size: int, stride: int | None = None) -> Pooled:
    """Average each window R: a convolution whose kernel is constant, 1/|R|, and whose stride is s.

        y[i, j] = 1/|R| Σ over (m, n) in R of x[s i + m, s j + n]

    Production: ``torch.nn.AvgPool2d``, ``torch.nn.functional.avg_pool2d``.

    Textbook: C-§6.2.2b.

    Args:
        image: x.
        size: Side of the window R, in pixels.
        stride: s, in pixels; as large as the window if not given.

    Example:
        >>> import torch
        >>> avg_pool2d(torch.arange(16.0).view(1, 1, 4, 4), 2).flatten()
        tensor([ 2.5000,  4.5000, 10.5000, 12.5000])

    Reference: LeCun et al. (1998), Gradient-based learning applied to document recognition, section II.
    """
    return _windows(image, size, stride or size).mean((-2, -1))


def global_avg_pool2d(image: Image) -> Float[Tensor, "batch channels"]:
    """Average each channel over the whole image, so that any size of image gives a vector of one size.

        y[c] = 1/(H W) Σ_{i, j} x[c, i, j]

    Production: ``torch.nn.AdaptiveAvgPool2d(1)`` and a flattening.

    Example:
        >>> import torch
        >>> global_avg_pool2d(torch.arange(4.0).view(1, 1, 2, 2))
        tensor([[1.5000]])

    Reference: Lin, Chen and Yan (2014), Network in network, section 3.2.
    """
    height, width = image.shape[2:]
    return image.sum((2, 3)) / (height * width)


def _windows(image: Image, size: int, stride: int) -> Float[Tensor, "batch channels new_height new_width size size"]:
    return image.unfold(2, size, stride).unfold(3, size, stride)
