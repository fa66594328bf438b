"""The two blocks of which residual networks are made.

Reference: He, Zhang, Ren and Sun (2016), Deep residual learning for image recognition, arXiv:1512.03385, figure 5.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["BasicBlock", "Bottleneck"]


def _shortcut(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    """The identity where shapes agree, else a projection by a convolution of 1×1 (option B)."""
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
    )


class BasicBlock(nn.Module):
    """Two convolutions of 3×3 around which the signal also passes unchanged.

        y = ReLU(F(x) + x),  F(x) = BN(W₂ ∗ ReLU(BN(W₁ ∗ x)))

    The convolutions have no bias: the normalisation after them would remove it. ReLU after the sum is the original
    form; F = 0 is the identity on x ≥ 0.

    Args:
        in_channels: Of x.
        width: Maps of both convolutions.
        stride: Of the first convolution and of the shortcut.

    Textbook: C75 C79 C80 C-§8.1.1 B31[Prac] A78[§4.3].

    Example:
        >>> BasicBlock(8, 16, stride=2)(torch.randn(5, 8, 9, 9)).shape
        torch.Size([5, 16, 5, 5])
    """

    expansion = 1

    def __init__(self, in_channels: int, width: int, *, stride: int = 1) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(in_channels, width, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )
        self.shortcut = _shortcut(in_channels, width, stride)

    def forward(self, x: Float[Tensor, "batch in_channels h w"]) -> Float[Tensor, "batch out_channels h2 w2"]:
        """Return ReLU(F(x) + x)."""
        return torch.relu(self.residual(x) + self.shortcut(x))


class Bottleneck(nn.Module):
    """Convolutions of 1×1, 3×3 and 1×1: narrow to a quarter, convolve, widen.

        y = ReLU(F(x) + x),  F(x) = BN(W₃ ∗ ReLU(BN(W₂ ∗ ReLU(BN(W₁ ∗ x)))))

    Args:
        in_channels: Of x.
        width: Maps inside; the block gives four times as many.
        stride: Of the 3×3 convolution (as torchvision's "v1.5"; the paper strides in the first 1×1).

    Textbook: C75 C79 C80 C-§8.1.1 B31[Prac] A78[§4.3].

    Example:
        >>> Bottleneck(8, 4, stride=2)(torch.randn(5, 8, 9, 9)).shape
        torch.Size([5, 16, 5, 5])
    """

    expansion = 4

    def __init__(self, in_channels: int, width: int, *, stride: int = 1) -> None:
        super().__init__()
        out_channels = self.expansion * width
        self.residual = nn.Sequential(
            nn.Conv2d(in_channels, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.shortcut = _shortcut(in_channels, out_channels, stride)

    def forward(self, x: Float[Tensor, "batch in_channels h w"]) -> Float[Tensor, "batch out_channels h2 w2"]:
        """Return ReLU(F(x) + x)."""
        return torch.relu(self.residual(x) + self.shortcut(x))
