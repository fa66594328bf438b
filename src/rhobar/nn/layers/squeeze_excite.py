"""Squeeze-and-excitation: each channel is scaled by a gate that saw the whole image."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["SqueezeExcite", "squeeze_excite"]

Image = Float[Tensor, "batch channels height width"]


def squeeze_excite(
    x: Image,
    W1: Float[Tensor, "squeezed channels"],
    b1: Float[Tensor, " squeezed"],
    W2: Float[Tensor, "channels squeezed"],
    b2: Float[Tensor, " channels"],
) -> Image:
    """Scale each channel by what a small network makes of the averages of all channels.

        z_c = 1/(H W) Σ_{i, j} x_c[i, j]            squeeze
        s   = σ(W₂ δ(W₁ z + b₁) + b₂)               excite
        y_c = s_c x_c                               scale

    with σ the sigmoid and δ SiLU, as in EfficientNet (ReLU in the original paper).

    Example:
        >>> x, zero = torch.ones(1, 2, 3, 3), torch.zeros(2)
        >>> squeeze_excite(x, torch.zeros(2, 2), zero, torch.zeros(2, 2), zero).unique()
        tensor([0.5000])

    Reference: Hu, Shen and Sun (2018), Squeeze-and-excitation networks, eq. 2–4.
    """
    z = x.sum((2, 3)) / (x.shape[2] * x.shape[3])
    u = z @ W1.T + b1
    s = 1 / (1 + torch.exp(-((u / (1 + torch.exp(-u))) @ W2.T + b2)))
    return s[:, :, None, None] * x


class SqueezeExcite(nn.Module):
    """Squeeze-and-excitation by two 1 × 1 convolutions with bias.

    Args:
        channels: Of the image.
        squeezed_channels: Of the hidden layer.
        activation: δ between them; SiLU if not given.

    Raises:
        ValueError: If a count is below one.

    Example:
        >>> SqueezeExcite(8, 2)(torch.ones(1, 8, 5, 3)).shape
        torch.Size([1, 8, 5, 3])

    Reference: Hu, Shen and Sun (2018), Squeeze-and-excitation networks.
    """

    def __init__(self, channels: int, squeezed_channels: int, *, activation: nn.Module | None = None) -> None:
        super().__init__()
        if min(channels, squeezed_channels) < 1:
            raise ValueError(f"Channels must be at least 1, got {channels} and {squeezed_channels} squeezed ones.")
        self.squeeze = nn.Conv2d(channels, squeezed_channels, 1)
        self.activation = nn.SiLU() if activation is None else activation
        self.excite = nn.Conv2d(squeezed_channels, channels, 1)

    def forward(self, x: Image) -> Image:
        """Return x, each channel scaled by its gate."""
        z = x.mean((2, 3), keepdim=True)
        s: Tensor = torch.sigmoid(self.excite(self.activation(self.squeeze(z))))
        return x * s
