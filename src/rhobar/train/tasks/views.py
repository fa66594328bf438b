"""Random views of images: small rotations, shifts, changes of size and of contrast."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["RandomView", "random_view"]


def random_view(
    images: Float[Tensor, "batch channels height width"],
    *,
    angle: float = 0.35,
    zoom: float = 0.2,
    shift: float = 0.15,
    contrast: float = 0.3,
    noise: float = 0.05,
    generator: torch.Generator | None = None,
) -> Float[Tensor, "batch channels height width"]:
    """Return each image seen a little differently: x' = c·x(A u + b) + ε.

    Args:
        images: In [0, 1].
        angle: Largest rotation in radians; digits do not survive much more.
        zoom: Largest relative change of size, and of slant.
        shift: Largest shift in units of the image's side over two.
        contrast: Largest relative change of the brightness.
        noise: Standard deviation of ε.
        generator: Where the numbers come from; torch's global one if None.

    Returns:
        Images of the same shape, 0 where nothing was seen.

    Reference: Chen et al. (2020), A simple framework for contrastive learning, section 3, for grey images.

    Example:
        >>> random_view(torch.ones(2, 1, 8, 8)).shape
        torch.Size([2, 1, 8, 8])
    """
    n = len(images)

    def uniform(size: float, *shape: int) -> Tensor:
        return (2 * torch.rand(n, *shape, generator=generator) - 1).to(images) * size

    turn, scale, slant = uniform(angle), 1 + uniform(zoom), uniform(zoom)
    rows = [
        torch.stack([scale * turn.cos(), slant - turn.sin(), uniform(shift)], 1),
        torch.stack([turn.sin(), scale * turn.cos(), uniform(shift)], 1),
    ]
    grid = F.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    seen = F.grid_sample(images, grid, align_corners=False) * (1 + uniform(contrast, 1, 1, 1))
    return seen + noise * torch.randn(images.shape, generator=generator).to(images)


class RandomView(nn.Module):
    """Show the network behind it another view of each image at every step of training, and the image itself after it.

    Each copy has the class of its image, so that what does not change the class cannot be learned as if it did.

    Args:
        shift: Largest shift in units of the image's side over two.
        angle: Largest rotation in radians.
        zoom: Largest relative change of size, and of slant.

    Raises:
        ValueError: If one of them is negative.

    Reference: Simard, Steinkraus and Platt (2003), Best practices for convolutional neural networks applied to visual
    document analysis, section 2.
    Textbook: A91

    Example:
        >>> view, images = RandomView(shift=0.2), torch.rand(2, 1, 8, 8)
        >>> torch.equal(view(images), images), torch.equal(view.eval()(images), images)
        (False, True)
    """

    def __init__(self, *, shift: float = 0.0, angle: float = 0.0, zoom: float = 0.0) -> None:
        super().__init__()
        if not min(shift, angle, zoom) >= 0:
            raise ValueError(f"shift, angle and zoom must be at least 0, got {shift}, {angle} and {zoom}.")
        self.shift, self.angle, self.zoom = shift, angle, zoom

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Return views in training, the images themselves otherwise."""
        if not self.training:
            return images
        return random_view(images, shift=self.shift, angle=self.angle, zoom=self.zoom, contrast=0.0, noise=0.0)
