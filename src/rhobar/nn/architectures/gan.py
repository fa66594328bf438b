"""A generative adversarial pair of convolutional networks.

References:
    Goodfellow et al. (2014), Generative adversarial nets, arXiv:1406.2661.
    Radford, Metz and Chintala (2016), Unsupervised representation learning with DCGANs, arXiv:1511.06434.
"""

import math

from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["Discriminator", "Generator"]


class Generator(nn.Module):
    """G: a latent vector in, an image in (−1, 1) out; each transposed convolution doubles the resolution.

        4×4 = ReLU(BN(Wᵀ ∗ z)),  then ReLU(BN(Wᵀ ∗ ·)) with half the maps, …,  at last tanh(Wᵀ ∗ ·)

    W ~ N(0, 0.02²), γ ~ N(1, 0.02²). For 64×64 colour images from 100 numbers with width 64: 3,576,704 parameters.
    No loss inside: min_G max_D E log D(x) + E log(1 − D(G(z))) takes the discriminator's logits.

    Args:
        latent: Size of z.
        channels: Of the image.
        width: Maps before the last layer.
        size: Side of the image in pixels, a power of two of at least 8.

    Raises:
        ValueError: If the size is not such a power.

    Textbook: C88.

    Example:
        >>> import torch
        >>> Generator(10, width=4, size=16)(torch.randn(5, 10)).shape
        torch.Size([5, 3, 16, 16])
    """

    def __init__(self, latent: int = 100, *, channels: int = 3, width: int = 64, size: int = 64) -> None:
        super().__init__()
        maps = width * 2 ** (_doublings(size) - 1)
        layers: list[nn.Module] = [
            nn.Unflatten(1, (latent, 1, 1)),
            nn.ConvTranspose2d(latent, maps, 4, bias=False),
            nn.BatchNorm2d(maps),
            nn.ReLU(),
        ]
        while maps > width:
            layers += [
                nn.ConvTranspose2d(maps, maps // 2, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(maps // 2),
                nn.ReLU(),
            ]
            maps //= 2
        self.layers = nn.Sequential(
            *layers, nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1, bias=False), nn.Tanh()
        )
        _init(self)

    def forward(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch channels size size"]:
        """Return an image for each latent vector."""
        images: Tensor = self.layers(z)
        return images


class Discriminator(nn.Module):
    """D: an image in, the logit of its being real out; each convolution halves the resolution.

        LeakyReLU₀.₂(W ∗ x),  then LeakyReLU₀.₂(BN(W ∗ ·)) with twice the maps, … to 4×4,  at last D(x) = σ(W ∗ ·)

    W ~ N(0, 0.02²), γ ~ N(1, 0.02²). For 64×64 colour images with width 64: 2,765,568 parameters.

    Args:
        channels: Of the image.
        width: Maps after the first layer.
        size: Side of the image in pixels, a power of two of at least 8.

    Raises:
        ValueError: If the size is not such a power.

    Textbook: C88.

    Example:
        >>> import torch
        >>> Discriminator(width=4, size=16)(torch.randn(5, 3, 16, 16)).shape
        torch.Size([5])
    """

    def __init__(self, *, channels: int = 3, width: int = 64, size: int = 64) -> None:
        super().__init__()
        maps = width
        layers: list[nn.Module] = [
            nn.Conv2d(channels, width, 4, stride=2, padding=1, bias=False),
            nn.LeakyReLU(0.2),
        ]
        for _ in range(_doublings(size) - 1):
            layers += [
                nn.Conv2d(maps, 2 * maps, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(2 * maps),
                nn.LeakyReLU(0.2),
            ]
            maps *= 2
        self.layers = nn.Sequential(*layers, nn.Conv2d(maps, 1, 4, bias=False), nn.Flatten(0))
        _init(self)

    def forward(self, images: Float[Tensor, "batch channels size size"]) -> Float[Tensor, " batch"]:
        """Return the logit of σ⁻¹(D(x)) for each image."""
        logits: Tensor = self.layers(images)
        return logits


def _doublings(size: int) -> int:
    """How often 4 pixels must double.

    Raises:
        ValueError: If that is no whole number of times, or none.
    """
    if size < 8 or size & (size - 1):
        raise ValueError(f"size must be a power of two of at least 8, got {size}.")
    return int(math.log2(size)) - 2


def _init(module: nn.Module) -> None:
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(part.weight, std=0.02)
        elif isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.weight, mean=1.0, std=0.02)
            nn.init.zeros_(part.bias)
