"""DenseNet-121, -169 and -201.

Reference: Huang, Liu, van der Maaten and Weinberger (2017), Densely connected convolutional networks, arXiv:1608.06993.
"""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn

from rhobar.nn.architectures.he import he_
from rhobar.nn.layers import DenseBlock

__all__ = ["DenseNet", "densenet"]


class DenseNet(nn.Module):
    """A stem, dense blocks, between them transitions that halve maps and resolution, and a linear answer.

        hₗ = Hₗ([h₀, …, hₗ₋₁]),  H = W₃ₓ₃ ∗ ReLU(BN(W₁ₓ₁ ∗ ReLU(BN(·))))

    The l-th layer of a block sees k₀ + (l − 1)k maps; W₁ₓ₁ narrows them to 4k.

    Args:
        depths: Dense layers of each block.
        num_classes: 1,000 for ImageNet.
        in_channels: 3 for colour.
        growth: k, the maps that each layer adds.
        width: Maps of the stem; the paper's 2k.

    Textbook: C81, A71, C72.

    Example:
        >>> import torch
        >>> DenseNet([2, 2], num_classes=10, growth=4, width=8)(torch.randn(5, 3, 33, 47)).shape
        torch.Size([5, 10])
    """

    def __init__(
        self,
        depths: Sequence[int],
        *,
        num_classes: int = 1000,
        in_channels: int = 3,
        growth: int = 32,
        width: int = 64,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.Conv2d(in_channels, width, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
        ]
        channels = width
        for block, depth in enumerate(depths):
            if block:
                layers += _transition(channels)
                channels //= 2
            dense = DenseBlock(channels, depth, growth)
            layers.append(dense)
            channels = dense.out_channels
        self.features = nn.Sequential(*layers, nn.BatchNorm2d(channels), nn.ReLU())
        self.head = nn.Linear(channels, num_classes)
        he_(self)

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """Return the scores of the classes."""
        logits: Tensor = self.head(self.features(images).mean((2, 3)))
        return logits


def _transition(channels: int) -> list[nn.Module]:
    """BN, ReLU, a convolution of 1×1 to half the maps, means of 2×2 pixels."""
    return [
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.Conv2d(channels, channels // 2, 1, bias=False),
        nn.AvgPool2d(2),
    ]


_TABLE_1 = {121: (6, 12, 24, 16), 169: (6, 12, 32, 32), 201: (6, 12, 48, 32)}


def densenet(depth: int, *, num_classes: int = 1000, in_channels: int = 3) -> DenseNet:
    """Build the DenseNet of a depth of the paper's table 1, with growth k = 32.

    At 1,000 classes: DenseNet-121 has 7,978,856 parameters, DenseNet-169 14,149,480, DenseNet-201 20,013,928.

    Args:
        depth: 121, 169 or 201 layers with weights.
        num_classes: As for `DenseNet`.
        in_channels: As for `DenseNet`.

    Returns:
        The network.

    Raises:
        ValueError: If the table has no such depth.

    Textbook: C81.

    Example:
        >>> import torch
        >>> with torch.device("meta"):
        ...     sum(p.numel() for p in densenet(121).parameters())
        7978856
    """
    if depth not in _TABLE_1:
        raise ValueError(f"depth must be one of {', '.join(map(str, _TABLE_1))}, got {depth}; use DenseNet for others.")
    return DenseNet(_TABLE_1[depth], num_classes=num_classes, in_channels=in_channels)
