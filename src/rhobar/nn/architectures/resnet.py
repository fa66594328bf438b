"""Residual networks for ImageNet: ResNet-18, -34, -50, -101 and -152.

Reference: He, Zhang, Ren and Sun (2016), Deep residual learning for image recognition, arXiv:1512.03385, table 1.
"""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn

from rhobar.nn.architectures.he import he_
from rhobar.nn.architectures.residual_blocks import BasicBlock, Bottleneck, start_as_identity_

__all__ = ["ResNet", "resnet"]


class ResNet(nn.Module):
    """A stem, four stages of residual blocks at half the resolution and twice the width each, and a linear answer.

    Args:
        block: Of which the stages are made.
        depths: Blocks of each stage.
        num_classes: 1,000 for ImageNet; 0 leaves the linear layer out and gives the pooled features.
        in_channels: 3 for colour.
        width: Maps of the stem and of the first stage.
        zero_init_residual: Start each block as the identity, γ = 0 in its last normalisation (Goyal et al. 2017).

    Attributes:
        num_features: Size of the pooled features.

    Textbook: C75, C79, C80, C-§8.1.1, A71, C72.

    Example:
        >>> import torch
        >>> ResNet(BasicBlock, [1, 1, 1, 1], num_classes=10, width=8)(torch.randn(5, 3, 33, 47)).shape
        torch.Size([5, 10])
    """

    def __init__(
        self,
        block: type[BasicBlock] | type[Bottleneck],
        depths: Sequence[int],
        *,
        num_classes: int = 1000,
        in_channels: int = 3,
        width: int = 64,
        zero_init_residual: bool = False,
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels, width, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        blocks: list[nn.Module] = []
        channels = width
        for stage, depth in enumerate(depths):
            for i in range(depth):
                stride = 2 if stage > 0 and i == 0 else 1
                blocks.append(block(channels, width * 2**stage, stride=stride))
                channels = width * 2**stage * block.expansion
        self.blocks = nn.Sequential(*blocks)
        self.num_features = channels
        self.head = nn.Linear(channels, num_classes) if num_classes else nn.Identity()
        he_(self, mode="fan_out")
        if zero_init_residual:
            start_as_identity_(blocks)

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch outputs"]:
        """Return the scores of the classes, or the pooled features if there are no classes."""
        outputs: Tensor = self.head(self.blocks(self.stem(images)).mean((2, 3)))
        return outputs


_TABLE_1: dict[int, tuple[type[BasicBlock] | type[Bottleneck], tuple[int, ...]]] = {
    18: (BasicBlock, (2, 2, 2, 2)),
    34: (BasicBlock, (3, 4, 6, 3)),
    50: (Bottleneck, (3, 4, 6, 3)),
    101: (Bottleneck, (3, 4, 23, 3)),
    152: (Bottleneck, (3, 8, 36, 3)),
}


def resnet(
    depth: int,
    *,
    num_classes: int = 1000,
    in_channels: int = 3,
    width: int = 64,
    zero_init_residual: bool = False,
) -> ResNet:
    """Build the ResNet of a depth of the paper's table 1.

    At 1,000 classes: ResNet-18 has 11,689,512 parameters, ResNet-34 21,797,672, ResNet-50 25,557,032,
    ResNet-101 44,549,160 and ResNet-152 60,192,808.

    Args:
        depth: 18, 34, 50, 101 or 152 layers with weights.
        num_classes: As for `ResNet`.
        in_channels: As for `ResNet`.
        width: As for `ResNet`.
        zero_init_residual: As for `ResNet`.

    Returns:
        The network.

    Raises:
        ValueError: If the table has no such depth.

    Textbook: C75, C79, C-§8.1.1.

    Example:
        >>> import torch
        >>> with torch.device("meta"):
        ...     sum(p.numel() for p in resnet(50).parameters())
        25557032
    """
    if depth not in _TABLE_1:
        raise ValueError(f"depth must be one of {', '.join(map(str, _TABLE_1))}, got {depth}; use ResNet for others.")
    block, depths = _TABLE_1[depth]
    return ResNet(
        block,
        depths,
        num_classes=num_classes,
        in_channels=in_channels,
        width=width,
        zero_init_residual=zero_init_residual,
    )
