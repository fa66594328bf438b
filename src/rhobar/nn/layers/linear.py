"""The linear (fully connected) layer: every output is a weighted sum of every input."""

from jaxtyping import Float
from torch import Tensor

__all__ = ["linear"]


def linear(
    x: Float[Tensor, "... inputs"], W: Float[Tensor, "outputs inputs"], b: Float[Tensor, " outputs"] | None = None
) -> Float[Tensor, "... outputs"]:
    """Map the last axis of a tensor.

        y = W x + b

    Production: ``torch.nn.Linear``, ``torch.nn.functional.linear``.

    Args:
        x: Input, any leading axes.
        W: Weights, one row an output.
        b: Bias.

    Example:
        >>> import torch
        >>> linear(torch.tensor([1.0, 2.0]), torch.tensor([[1.0, 1.0]]), torch.tensor([0.5]))
        tensor([3.5000])
    """
    y = (x[..., None, :] * W).sum(-1)
    return y if b is None else y + b
