"""Residual networks for small images: ResNet-20, -32, -44, -56 and -110 for CIFAR-10.

Reference: He, Zhang, Ren and Sun (2016), Deep residual learning for image recognition, arXiv:1512.03385, §4.2.
"""

from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from rhobar.nn.architectures.he import he_
from rhobar.nn.architectures.residual_blocks import BasicBlock, start_as_identity_

__all__ = ["CifarResNet", "PaddedShortcut"]


class PaddedShortcut(nn.Module):
    """The paper's option A, a shortcut without parameters: every stride-th pixel, and zeros for the new channels.

    Args:
        in_channels: Of the input.
        out_channels: At least as many.
        stride: Distance of the pixels kept.

    Raises:
        ValueError: If there are fewer channels out than in.

    Example:
        >>> import torch
        >>> PaddedShortcut(8, 16, stride=2)(torch.randn(5, 8, 9, 9)).shape
        torch.Size([5, 16, 5, 5])
    """

    def __init__(self, in_channels: int, out_channels: int, *, stride: int) -> None:
        super().__init__()
        if out_channels < in_channels:
            raise ValueError(f"out_channels must be at least in_channels = {in_channels}, got {out_channels}.")
        self.new, self.stride = out_channels - in_channels, stride

    def forward(self, x: Float[Tensor, "batch in_channels h w"]) -> Float[Tensor, "batch out_channels h2 w2"]:
        """Return the padded pixels."""
        kept = x[:, :, :: self.stride, :: self.stride]
        return F.pad(kept, (0, 0, 0, 0, self.new // 2, self.new - self.new // 2))


class CifarResNet(nn.Module):
    """A 3×3 convolution, three stages of n basic blocks (16, 32, 64 maps), and a linear answer: 6n + 2 layers.

        y = ReLU(F(x) + s(x)),  s the identity, or where the shape changes option A or B

    Parameters with option A, which the paper uses (0.27, 0.46, 0.66, 0.85 and 1.7 million): ResNet-20 269,722,
    ResNet-32 464,154, ResNet-44 658,586, ResNet-56 853,018, ResNet-110 1,727,962. Option B adds 2,752: 272,474 for
    ResNet-20.

    Args:
        depth: 6n + 2.
        num_classes: 10 for CIFAR-10.
        in_channels: 3 for colour.
        width: Maps of the first stage.
        shortcut: "A" pads with zeros, "B" projects by a convolution of 1×1.
        zero_init_residual: Start each block as the identity, γ = 0 in its last normalisation.

    Raises:
        ValueError: If the depth is not 6n + 2 with n ≥ 1.

    Textbook: C75, C79, C80, C-§8.1.1, B31, A71, C72.

    Example:
        >>> import torch
        >>> CifarResNet(8, width=4)(torch.randn(5, 3, 31, 33)).shape
        torch.Size([5, 10])
    """

    def __init__(
        self,
        depth: int,
        num_classes: int = 10,
        *,
        in_channels: int = 3,
        width: int = 16,
        shortcut: Literal["A", "B"] = "A",
        zero_init_residual: bool = False,
    ) -> None:
        super().__init__()
        n, rest = divmod(depth - 2, 6)
        if n < 1 or rest:
            raise ValueError(f"depth must be 6n + 2 (8, 14, 20, …), got {depth}.")
        blocks: list[BasicBlock] = []
        channels = width
        for stage in range(3):
            for i in range(n):
                new = width * 2**stage
                stride = 2 if stage > 0 and i == 0 else 1
                around = PaddedShortcut(channels, new, stride=2) if shortcut == "A" and stride == 2 else None
                blocks.append(BasicBlock(channels, new, stride=stride, shortcut=around))
                channels = new
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(channels, num_classes)
        he_(self)
        if zero_init_residual:
            start_as_identity_(blocks)

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """Return the scores of the classes."""
        logits: Tensor = self.head(self.blocks(self.stem(images)).mean((2, 3)))
        return logits
