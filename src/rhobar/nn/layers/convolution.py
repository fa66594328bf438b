"""Two-dimensional convolution: one small kernel, slid over the image.

Local connectivity and shared weights: the number of parameters does not depend on the size of the image, and a
shifted image gives a shifted output (equivariance; not invariance, for which pooling or averaging is needed).

Textbook: C55, C-§2.3.2, C-§6.2.2a.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

__all__ = ["conv2d", "depthwise_conv2d", "toeplitz"]

Image = Float[Tensor, "batch channels height width"]


def conv2d(
    image: Image,
    kernel: Float[Tensor, "outputs channels kernel_height kernel_width"],
    bias: Float[Tensor, " outputs"] | None = None,
    *,
    stride: int = 1,
    padding: int = 0,
) -> Float[Tensor, "batch outputs new_height new_width"]:
    """Correlate an image with a kernel; in deep learning that is called convolution, and nothing is flipped.

        (I ∗ K)[o, i, j] = Σ_c Σ_m Σ_n I[c, i + m, j + n] K[o, c, m, n] + b[o]

    With a stride s the image is read at s i + m and s j + n; padding surrounds it with zeros first.

    Production: ``torch.nn.Conv2d``, ``torch.nn.functional.conv2d``.

    Textbook: C55.

    Args:
        image: I.
        kernel: K.
        bias: b, one an output channel.
        stride: s, in pixels.
        padding: Zeros on each side, in pixels.

    Returns:
        An image of ⌊(height + 2 padding − kernel_height) / s⌋ + 1 rows, and of columns likewise.

    Example:
        >>> image = torch.arange(9.0).view(1, 1, 3, 3)
        >>> conv2d(image, torch.tensor([[[[1.0, 0.0], [0.0, -1.0]]]])).view(2, 2)
        tensor([[-4., -4.],
                [-4., -4.]])

    References:
        LeCun et al. (1998), Gradient-based learning applied to document recognition, section II.
        Goodfellow, Bengio and Courville (2016), Deep learning, eq. 9.6.
    """
    out = torch.einsum("bcijmn,ocmn->boij", _patches(image, kernel, stride, padding), kernel)
    return out if bias is None else out + bias[:, None, None]


def depthwise_conv2d(
    image: Image,
    kernel: Float[Tensor, "channels 1 kernel_height kernel_width"],
    bias: Float[Tensor, " channels"] | None = None,
    *,
    stride: int = 1,
    padding: int = 0,
) -> Float[Tensor, "batch channels new_height new_width"]:
    """Correlate each channel with a kernel of its own; nothing is summed over channels.

        (I ∗ K)[c, i, j] = Σ_m Σ_n I[c, i + m, j + n] K[c, m, n] + b[c]

    Production: ``torch.nn.Conv2d(channels, channels, size, groups=channels)``.

    Example:
        >>> depthwise_conv2d(torch.ones(1, 2, 2, 2), torch.ones(2, 1, 2, 2)).flatten()
        tensor([4., 4.])

    Reference: Howard et al. (2017), MobileNets, eq. 3.
    """
    out = torch.einsum("bcijmn,cmn->bcij", _patches(image, kernel, stride, padding), kernel[:, 0])
    return out if bias is None else out + bias[:, None, None]


def _patches(
    image: Image, kernel: Tensor, stride: int, padding: int
) -> Float[Tensor, "batch channels new_height new_width kernel_height kernel_width"]:
    """Return I[c, s i + m, s j + n] on the axes c, i, j, m, n."""
    padded = F.pad(image, (padding, padding, padding, padding))
    return padded.unfold(2, kernel.shape[2], stride).unfold(3, kernel.shape[3], stride)


def toeplitz(kernel: Float[Tensor, "kernel_height kernel_width"], height: int, width: int) -> Float[Tensor, "out in"]:
    """Write the convolution of one channel as a matrix, so that T vec(I) = vec(I ∗ K).

        T[(i, j), (p, q)] = K[p − i, q − j], and 0 outside the kernel

    T is block Toeplitz with Toeplitz blocks: each diagonal holds one weight, which is what sharing means.

    Textbook: C55.

    Args:
        kernel: K.
        height: Of the image, in pixels.
        width: Of the image, in pixels.

    Raises:
        ValueError: If the kernel is larger than the image.

    Example:
        >>> toeplitz(torch.tensor([[1.0, 2.0]]), height=1, width=3)
        tensor([[1., 2., 0.],
                [0., 1., 2.]])

    Reference: Goodfellow, Bengio and Courville (2016), Deep learning, section 9.1.
    """
    rows, columns = height - kernel.shape[0] + 1, width - kernel.shape[1] + 1
    if rows < 1 or columns < 1:
        raise ValueError(
            f"The kernel must fit into the image, got a kernel of {tuple(kernel.shape)} and an image of "
            f"{(height, width)}; pad the image or take a smaller kernel."
        )
    T = kernel.new_zeros(rows, columns, height, width)
    for i in range(rows):
        for j in range(columns):
            T[i, j, i : i + kernel.shape[0], j : j + kernel.shape[1]] = kernel
    return T.view(rows * columns, height * width)
