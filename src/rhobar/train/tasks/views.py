"""Random views of images: small rotations, shifts, changes of size and of contrast."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

__all__ = ["random_view"]


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
