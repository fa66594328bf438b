"""The loss of each sample, from a loss that averages over them."""

import copy
import inspect
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from rhobar.probes.curvature.risk import Loss

__all__ = ["sample_losses"]


def sample_losses(loss: Loss, output: Any, targets: Any, n: int) -> Tensor:  # noqa: ANN401
    """Return ℓ_i with L = (1/n) Σ ℓ_i, the loss of output i and target i alone.

    A loss of torch is asked for its unreduced terms; any other is called on one sample at a time.

    Args:
        loss: The loss; its mean over the batch is meant.
        output: What the model returned; the leading dimension of its tensors is the samples'.
        targets: The batch's targets, likewise.
        n: The number of samples.

    Raises:
        ValueError: If the mean of the ℓ_i is not the loss, as with class weights, or a loss that compares samples.
    """
    unreduced = _unreduced(loss)
    if unreduced is None:
        losses = torch.stack([loss(_sample(output, i, n), _sample(targets, i, n)).reshape(()) for i in range(n)])
    else:
        losses = unreduced(output, targets).reshape(n, -1).mean(1)
    whole, mean = loss(output, targets).detach(), losses.detach().mean()
    tolerance = 20 * torch.finfo(whole.dtype).eps ** 0.5 * losses.detach().abs().mean()
    if (whole - mean).abs() > tolerance:
        raise ValueError(
            f"The loss of a batch must be the mean over its samples, but it is {whole.item():.6g} and the mean is "
            f"{mean.item():.6g}; gradients of samples do not add up to it (class weights, ignored targets, "
            "reduction='sum', or samples compared with each other)."
        )
    return losses


def _sample(tree: Any, i: int, n: int) -> Any:  # noqa: ANN401
    def cut(leaf: Any) -> Any:  # noqa: ANN401
        return leaf[i : i + 1] if isinstance(leaf, Tensor) and leaf.dim() and leaf.shape[0] == n else leaf

    return pytree.tree_map(cut, tree)


def _unreduced(loss: Loss) -> Loss | None:
    if isinstance(loss, nn.Module):
        if type(loss).__module__.startswith("torch.nn") and getattr(loss, "reduction", None) == "mean":
            clone = copy.copy(loss)
            clone.__dict__["reduction"] = "none"
            return clone
        return None
    known = (
        getattr(loss, "__module__", "") == "torch.nn.functional" and "reduction" in inspect.signature(loss).parameters
    )
    return (lambda output, targets: loss(output, targets, reduction="none")) if known else None
