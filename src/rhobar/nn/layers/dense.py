"""Dense connections: each layer of a block reads the outputs of all layers before it.

Textbook: C81.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["DenseBlock", "DenseLayer", "dense_block", "dense_in_channels"]

Image = Float[Tensor, "batch _ height width"]


def dense_block(h: Image, layers: Sequence[Callable[[Tensor], Tensor]]) -> Image:
    """Concatenate the outputs of all layers, each of which reads all before it.

        h_l = H_l([h_0, h_1, …, h_{l−1}]),   output [h_0, …, h_L]

    where [·] joins channels.

    Textbook: C81.

    Args:
        h: h_0.
        layers: H_1, …, H_L.

    Example:
        >>> dense_block(torch.ones(1, 1, 1, 1), [lambda h: h.sum(1, keepdim=True)] * 3).flatten()
        tensor([1., 1., 2., 4.])

    Reference: Huang et al. (2017), Densely connected convolutional networks, eq. 2.
    """
    outputs = [h]
    for H in layers:
        outputs.append(H(torch.cat(outputs, 1)))
    return torch.cat(outputs, 1)


def dense_in_channels(k0: int, growth: int, layer: int) -> int:
    """Count the channels that layer l reads: k₀ + (l − 1) k.

    Textbook: C81.

    Args:
        k0: Channels of the block's input.
        growth: k, channels that each layer adds.
        layer: l, from 1; L + 1 gives the block's output.

    Example:
        >>> [dense_in_channels(64, 32, layer) for layer in (1, 2, 7)]
        [64, 96, 256]

    Reference: Huang et al. (2017), section 3 (growth rate).
    """
    return k0 + (layer - 1) * growth


class DenseLayer(nn.Sequential):
    """H_l of DenseNet-BC: norm, ReLU, 1 × 1 convolution to `bottleneck` · k, norm, ReLU, 3 × 3 convolution to k.

    Convolutions have no bias: the norm that follows would remove it, or the next layer's norm does.

    Args:
        in_channels: What it reads.
        growth: k.
        bottleneck: Width of the 1 × 1 convolution in units of k.
        dropout: Share of outputs dropped in training.

    Example:
        >>> DenseLayer(6, 4)(torch.ones(2, 6, 5, 3)).shape
        torch.Size([2, 4, 5, 3])

    Reference: Huang et al. (2017), section 3 (bottleneck layers).
    """

    def __init__(self, in_channels: int, growth: int, *, bottleneck: int = 4, dropout: float = 0.0) -> None:
        super().__init__(
            nn.BatchNorm2d(in_channels),
            nn.ReLU(),
            nn.Conv2d(in_channels, bottleneck * growth, 1, bias=False),
            nn.BatchNorm2d(bottleneck * growth),
            nn.ReLU(),
            nn.Conv2d(bottleneck * growth, growth, 3, padding=1, bias=False),
        )
        if dropout:
            self.append(nn.Dropout(dropout))


class DenseBlock(nn.Module):
    """A block of L dense layers; k₀ channels in, k₀ + L k out.

    Textbook: C81.

    Args:
        in_channels: k₀.
        num_layers: L.
        growth: k.
        bottleneck: Width of each layer's 1 × 1 convolution in units of k.
        dropout: Share of each layer's outputs dropped in training.

    Attributes:
        out_channels: k₀ + L k.

    Raises:
        ValueError: If there is no layer.

    Example:
        >>> block = DenseBlock(6, num_layers=3, growth=4)
        >>> block.out_channels, block(torch.ones(2, 6, 5, 3)).shape
        (18, torch.Size([2, 18, 5, 3]))

    Reference: Huang et al. (2017), Densely connected convolutional networks.
    """

    def __init__(
        self, in_channels: int, num_layers: int, growth: int, *, bottleneck: int = 4, dropout: float = 0.0
    ) -> None:
        super().__init__()
        if num_layers < 1:
            raise ValueError(f"num_layers must be at least 1, got {num_layers}.")
        self.layers = nn.ModuleList(
            DenseLayer(dense_in_channels(in_channels, growth, layer), growth, bottleneck=bottleneck, dropout=dropout)
            for layer in range(1, num_layers + 1)
        )
        self.out_channels = dense_in_channels(in_channels, growth, num_layers + 1)

    def forward(self, h: Image) -> Image:
        """Return [h_0, …, h_L]."""
        return dense_block(h, list(self.layers))
