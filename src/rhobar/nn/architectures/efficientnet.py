"""EfficientNet-B0 … B7: one small network, scaled in depth, width and resolution together.

Reference: Tan and Le (2019), EfficientNet: rethinking model scaling, arXiv:1905.11946.
"""

import math

from jaxtyping import Float
from torch import Tensor, nn

from rhobar.nn.architectures.he import he_
from rhobar.nn.layers import MBConv

__all__ = ["FAMILY", "EfficientNet", "efficientnet"]


class EfficientNet(nn.Module):
    """Seven stages of inverted bottlenecks with squeeze-and-excitation, at a given depth and width.

    Stage by stage (maps, blocks, kernel, stride, expansion): 16·1·3·1·1, 24·2·3·2·6, 40·2·5·2·6, 80·3·3·2·6,
    112·3·5·1·6, 192·4·5·2·6, 320·1·3·1·6, between a 3×3 stem of 32 maps and a 1×1 head of 1,280. Maps are rounded to
    multiples of 8, blocks upwards. Norms have torch's ε and momentum; the paper's code has 10⁻³ and 0.01.

    Args:
        num_classes: 1,000 for ImageNet.
        in_channels: 3 for colour.
        depth: Factor of the number of blocks.
        width: Factor of the number of maps.
        dropout: Probability of dropping a feature before the answer.
        drop_rate: Probability of dropping the last block; earlier ones less, in proportion to their place.

    Textbook: C82, C83, C84, C75, A71.

    Example:
        >>> import torch
        >>> EfficientNet(10, depth=0.3, width=0.25)(torch.randn(5, 3, 33, 47)).shape
        torch.Size([5, 10])
    """

    STAGES = (
        (16, 1, 3, 1, 1),
        (24, 2, 3, 2, 6),
        (40, 2, 5, 2, 6),
        (80, 3, 3, 2, 6),
        (112, 3, 5, 1, 6),
        (192, 4, 5, 2, 6),
        (320, 1, 3, 1, 6),
    )

    def __init__(
        self,
        num_classes: int = 1000,
        *,
        in_channels: int = 3,
        depth: float = 1.0,
        width: float = 1.0,
        dropout: float = 0.2,
        drop_rate: float = 0.2,
    ) -> None:
        super().__init__()
        counts = [math.ceil(depth * n) for _, n, _, _, _ in self.STAGES]
        channels = _rounded(32 * width)
        layers = _convolution(in_channels, channels, 3, 2)
        for count, (maps, _, kernel, stride, expand) in zip(counts, self.STAGES, strict=True):
            for i in range(count):
                block = MBConv(
                    channels,
                    _rounded(maps * width),
                    kernel,
                    stride=stride if i == 0 else 1,
                    expand_ratio=expand,
                    drop_rate=drop_rate * (len(layers) - 3) / sum(counts),
                )
                layers.append(block)
                channels = _rounded(maps * width)
        last = _rounded(1280 * width)
        self.features = nn.Sequential(*layers, *_convolution(channels, last, 1, 1))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(last, num_classes)
        he_(self, mode="fan_out")

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """Return the scores of the classes."""
        logits: Tensor = self.head(self.dropout(self.features(images).mean((2, 3))))
        return logits


def _rounded(maps: float) -> int:
    """The nearest multiple of 8, but not less than 8, nor less than 0.9 of what was asked."""
    near = max(8, int(maps + 4) // 8 * 8)
    return near if near >= 0.9 * maps else near + 8


def _convolution(in_channels: int, out_channels: int, kernel: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(in_channels, out_channels, kernel, stride=stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.SiLU(),
    ]


FAMILY = (
    (1.0, 1.0, 0.2),
    (1.1, 1.0, 0.2),
    (1.2, 1.1, 0.3),
    (1.4, 1.2, 0.3),
    (1.8, 1.4, 0.4),
    (2.2, 1.6, 0.4),
    (2.6, 1.8, 0.5),
    (3.1, 2.0, 0.5),
)
"""Of B0 … B7: the factors of depth and width, and the dropout."""


def efficientnet(variant: int, *, num_classes: int = 1000, in_channels: int = 3) -> EfficientNet:
    """Build EfficientNet-B0 … B7, meant for images of 224, 240, 260, 300, 380, 456, 528 and 600 pixels.

    Parameters at 1,000 classes: 5,288,548, 7,794,184, 9,109,994, 12,233,232, 19,341,616, 30,389,784, 43,040,704 and
    66,347,960.

    Args:
        variant: 0 … 7.
        num_classes: As for `EfficientNet`.
        in_channels: As for `EfficientNet`.

    Returns:
        The network.

    Raises:
        ValueError: If there is no such variant.

    Textbook: C82, C83, C84.

    Example:
        >>> import torch
        >>> with torch.device("meta"):
        ...     sum(p.numel() for p in efficientnet(0).parameters())
        5288548
    """
    if not 0 <= variant < len(FAMILY):
        raise ValueError(f"variant must be between 0 and 7, got {variant}; use EfficientNet for other scales.")
    depth, width, dropout = FAMILY[variant]
    return EfficientNet(num_classes, in_channels=in_channels, depth=depth, width=width, dropout=dropout)
