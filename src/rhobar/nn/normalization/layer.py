"""Layer normalisation: every sample by the statistics of its own features.

Reference: Ba, Kiros and Hinton (2016), Layer normalization, equation 4.
"""

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["layer_norm"]


def layer_norm(
    x: Float[Tensor, "*batch features"],
    scale: Float[Tensor, " features"] | None = None,
    shift: Float[Tensor, " features"] | None = None,
    eps: float = 1e-5,
) -> Float[Tensor, "*batch features"]:
    """Return γ ⊙ (x − mean x) / √(var x + ε) + β over the last axis, the variance biased (1/n).

    Invariant to x → a x + c 1 with a > 0, but for ε. A bias *vector* before it is not removed, only its mean is.

    Textbook: A78, A79, C78

    Example:
        >>> layer_norm(torch.tensor([1.0, 3.0]), eps=0.0)
        tensor([-1.,  1.])
    """
    x_hat = (x - x.mean(-1, keepdim=True)) / torch.sqrt(x.var(-1, correction=0, keepdim=True) + eps)
    return (1 if scale is None else scale) * x_hat + (0 if shift is None else shift)
