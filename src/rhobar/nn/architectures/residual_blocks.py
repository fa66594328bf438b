"""The two blocks of which residual networks are made.

Reference: He, Zhang, Ren and Sun (2016), Deep residual learning for image recognition, arXiv:1512.03385, figure 5.
"""

from collections.abc import Iterable

from torch import nn

from rhobar.nn.layers import Residual

__all__ = ["BasicBlock", "Bottleneck", "projection", "start_as_identity_"]


def projection(in_channels: int, out_channels: int, *, stride: int) -> nn.Module:
    """Return the shortcut of option B: the identity where shapes agree, else a convolution of 1×1 and a norm."""
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
    )


class BasicBlock(nn.Sequential):
    """Two convolutions of 3×3 around which the signal also passes unchanged.

        y = ReLU(F(x) + x),  F(x) = BN(W₂ ∗ ReLU(BN(W₁ ∗ x)))

    The convolutions have no bias: the normalisation after them would remove it. ReLU after the sum is the original
    form; F = 0 is the identity on x ≥ 0.

    Args:
        in_channels: Of x.
        width: Maps of both convolutions.
        stride: Of the first convolution and of the shortcut.
        shortcut: Around F; option B if not given.

    Textbook: C75, C79, C80, C-§8.1.1, B31, A78.

    Example:
        >>> import torch
        >>> BasicBlock(8, 16, stride=2)(torch.randn(5, 8, 9, 9)).shape
        torch.Size([5, 16, 5, 5])
    """

    expansion = 1

    def __init__(self, in_channels: int, width: int, *, stride: int = 1, shortcut: nn.Module | None = None) -> None:
        branch = nn.Sequential(
            nn.Conv2d(in_channels, width, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )
        around = projection(in_channels, width, stride=stride) if shortcut is None else shortcut
        super().__init__(Residual(branch, around), nn.ReLU())


class Bottleneck(nn.Sequential):
    """Convolutions of 1×1, 3×3 and 1×1: narrow to a quarter, convolve, widen.

        y = ReLU(F(x) + x),  F(x) = BN(W₃ ∗ ReLU(BN(W₂ ∗ ReLU(BN(W₁ ∗ x)))))

    Args:
        in_channels: Of x.
        width: Maps inside; the block gives four times as many.
        stride: Of the 3×3 convolution (as torchvision's "v1.5"; the paper strides in the first 1×1).

    Textbook: C75, C79, C80, C-§8.1.1, B31, A78.

    Example:
        >>> import torch
        >>> Bottleneck(8, 4, stride=2)(torch.randn(5, 8, 9, 9)).shape
        torch.Size([5, 16, 5, 5])
    """

    expansion = 4

    def __init__(self, in_channels: int, width: int, *, stride: int = 1) -> None:
        out_channels = self.expansion * width
        branch = nn.Sequential(
            nn.Conv2d(in_channels, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        super().__init__(Residual(branch, projection(in_channels, out_channels, stride=stride)), nn.ReLU())


def start_as_identity_(blocks: Iterable[nn.Module]) -> None:
    """Let F = 0 at the start: γ = 0 in the last normalisation of each block (Goyal et al. 2017, arXiv:1706.02677)."""
    for block in blocks:
        for part in block.modules():
            if isinstance(part, Residual) and isinstance(part.branch, nn.Sequential):
                nn.init.zeros_(part.branch[-1].weight)  # type: ignore[arg-type]
