"""The mobile inverted bottleneck with squeeze-and-excitation, the block of EfficientNet."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn

from rhobar.nn.layers.squeeze_excite import SqueezeExcite
from rhobar.nn.layers.stochastic_depth import StochasticDepth

__all__ = ["MBConv", "mbconv"]

Image = Float[Tensor, "batch channels height width"]
Map = Callable[[Tensor], Tensor]


def mbconv(x: Image, expand: Map, depthwise: Map, gate: Map, project: Map) -> Image:
    """Widen, filter each channel by itself, gate, and narrow again, around an identity.

        u = φ(norm(W_e ∗ x))         1 × 1 convolution to t times the channels
        v = φ(norm(K ⊛ u))           k × k depthwise convolution
        w = SE(v)                    squeeze-and-excitation
        y = x + norm(W_p ∗ w)        1 × 1 convolution, no activation: a linear bottleneck

    The sum is taken where input and output agree in shape, as they must here.

    Args:
        x: Input.
        expand: x ↦ u.
        depthwise: u ↦ v.
        gate: v ↦ w.
        project: w ↦ y − x.

    Example:
        >>> import torch
        >>> mbconv(torch.ones(1, 1, 1, 1), *[lambda h: 2 * h] * 4).item()
        17.0

    References:
        Sandler et al. (2018), MobileNetV2, section 3.3 and table 1.
        Tan and Le (2019), EfficientNet, section 4.
    """
    u = expand(x)
    v = depthwise(u)
    w = gate(v)
    return x + project(w)


class MBConv(nn.Module):
    """Inverted bottleneck: expand, depthwise convolution, squeeze-and-excitation, project, with a shortcut.

    Args:
        in_channels: Of the input.
        out_channels: Of the output.
        kernel_size: k, odd, so that half of it pads the image to its own size.
        stride: Of the depthwise convolution.
        expand_ratio: t; with 1 there is no expansion.
        squeeze_ratio: Hidden channels of squeeze-and-excitation in units of `in_channels`, at least one; 0 leaves
            it out.
        drop_rate: Of stochastic depth on the branch; used only where there is a shortcut.
        eps: Of the norms (1e-3 in the original TensorFlow code).
        momentum: Of the norms, torch's convention (0.01 in the original TensorFlow code).

    Raises:
        ValueError: If the kernel is even or a count is below one.

    Example:
        >>> import torch
        >>> MBConv(8, 8, kernel_size=3)(torch.ones(2, 8, 7, 5)).shape
        torch.Size([2, 8, 7, 5])
        >>> MBConv(8, 12, kernel_size=5, stride=2)(torch.ones(2, 8, 7, 5)).shape
        torch.Size([2, 12, 4, 3])

    Reference: Tan and Le (2019), EfficientNet, section 4 and table 1.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        stride: int = 1,
        expand_ratio: int = 6,
        squeeze_ratio: float = 0.25,
        drop_rate: float = 0.0,
        eps: float = 1e-5,
        momentum: float = 0.1,
    ) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, so that the image keeps its size, got {kernel_size}.")
        if min(in_channels, out_channels, stride, expand_ratio) < 1:
            raise ValueError(
                "in_channels, out_channels, stride and expand_ratio must be at least 1, got "
                f"{in_channels}, {out_channels}, {stride} and {expand_ratio}."
            )
        wide = in_channels * expand_ratio

        def step(conv: nn.Conv2d, *activation: nn.Module) -> nn.Sequential:
            return nn.Sequential(conv, nn.BatchNorm2d(conv.out_channels, eps=eps, momentum=momentum), *activation)

        filters = nn.Conv2d(wide, wide, kernel_size, stride, kernel_size // 2, groups=wide, bias=False)
        squeezed = max(1, int(in_channels * squeeze_ratio))
        self.expand = nn.Identity() if expand_ratio == 1 else step(_pointwise(in_channels, wide), nn.SiLU())
        self.depthwise = step(filters, nn.SiLU())
        self.gate = SqueezeExcite(wide, squeezed) if squeeze_ratio else nn.Identity()
        self.project = step(_pointwise(wide, out_channels))
        self.drop = StochasticDepth(drop_rate)
        self.shortcut = stride == 1 and in_channels == out_channels

    def forward(
        self, x: Float[Tensor, "batch in_channels height width"]
    ) -> Float[Tensor, "batch out_channels new_height new_width"]:
        """Return the block's output, the input added where it has the output's shape."""
        branch: Tensor = self.project(self.gate(self.depthwise(self.expand(x))))
        return x + self.drop(branch) if self.shortcut else branch


def _pointwise(in_channels: int, out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 1, bias=False)
