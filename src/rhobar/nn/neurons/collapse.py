"""Layers without an activation between them are one layer.

Textbook: A12, A13, B1, C13, C-§3.2

Reference: Minsky and Papert (1969), Perceptrons (why one layer is not enough).
"""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

__all__ = ["collapse_linear"]


def collapse_linear(
    weights: Sequence[Float[Tensor, "_ _"]], biases: Sequence[Float[Tensor, " _"]]
) -> tuple[Float[Tensor, "outputs inputs"], Float[Tensor, " outputs"]]:
    """Return W̃ = W_L ⋯ W_1 and b̃ = Σ_l (W_L ⋯ W_{l+1}) b_l: the one affine map that the layers are.

    Its rank is at most the smallest of theirs. An activation that is affine changes nothing of this; one that is not
    affine does, whatever else it is.

    Raises:
        ValueError: If there is no layer, or there are not as many biases as weights.

    Example:
        >>> import torch
        >>> W, b = collapse_linear([torch.eye(2), 3 * torch.eye(2)], [torch.ones(2), torch.zeros(2)])
        >>> W[0, 0].item(), b[0].item()
        (3.0, 3.0)
    """
    if not weights or len(weights) != len(biases):
        raise ValueError(f"There must be as many biases as weights, got {len(biases)} and {len(weights)}.")
    W, b = weights[0], biases[0]
    for next_weight, next_bias in zip(weights[1:], biases[1:], strict=True):
        W, b = next_weight @ W, next_weight @ b + next_bias
    return W, b
