"""Root-mean-square normalisation: every sample by the size of its features, without centring.

Reference: Zhang and Sennrich (2019), Root mean square layer normalization, equation 4.
"""

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["rms_norm"]


def rms_norm(
    x: Float[Tensor, "*batch features"], scale: Float[Tensor, " features"] | None = None, eps: float = 1e-6
) -> Float[Tensor, "*batch features"]:
    """Return γ ⊙ x / √(mean x² + ε) over the last axis.

    The layer normalisation of x if x has mean 0. Torch's ε is that of the dtype unless given (``eps=None``).

    Textbook: A78, A80

    Example:
        >>> rms_norm(torch.tensor([3.0, 4.0]) * 2**0.5, eps=0.0)
        tensor([0.8485, 1.1314])
    """
    return (1 if scale is None else scale) * x / torch.sqrt(x.square().mean(-1, keepdim=True) + eps)
