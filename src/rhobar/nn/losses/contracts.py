"""What a loss demands of its tensors. Each check names the tensor, says what must hold and what came.

The checks of values read the tensors, which makes an accelerator wait; they cost one pass over the targets.
"""

import torch
from torch import Tensor

__all__ = [
    "reduced",
    "require_classes",
    "require_floating",
    "require_indices",
    "require_mask",
    "require_pairs",
    "require_probabilities",
    "require_same_shape",
    "require_signs",
    "require_unit_interval",
]


def require_floating(**tensors: Tensor) -> None:
    """Refuse a tensor that is not of a real floating dtype, or has no entry.

    Raises:
        TypeError: If a dtype is not a real floating one.
        ValueError: If a tensor is empty.

    Example:
        >>> require_floating(logits=torch.tensor([1]))
        Traceback (most recent call last):
        ...
        TypeError: logits must be of a floating dtype, got torch.int64; convert them by .float().
    """
    for name, tensor in tensors.items():
        if not tensor.dtype.is_floating_point:
            raise TypeError(f"{name} must be of a floating dtype, got {tensor.dtype}; convert them by .float().")
        if tensor.numel() == 0:
            raise ValueError(f"{name} must have at least one entry, got the shape {tuple(tensor.shape)}.")


def require_same_shape(**tensors: Tensor) -> None:
    """Refuse tensors of different shapes, which would be broadcast to a wrong mean.

    Raises:
        ValueError: If the shapes differ.
    """
    (first, reference), *others = tensors.items()
    for name, tensor in others:
        if tensor.shape != reference.shape:
            raise ValueError(
                f"{name} must have the shape of {first}, {tuple(reference.shape)}, got {tuple(tensor.shape)}; "
                "broadcasting would compare every entry with every other."
            )


def require_classes(**tensors: Tensor) -> None:
    """Refuse scores without a last axis of at least two classes.

    Raises:
        ValueError: If there is no such axis.
    """
    for name, tensor in tensors.items():
        if tensor.ndim < 1 or tensor.shape[-1] < 2:
            raise ValueError(
                f"{name} must have at least two classes on the last axis, got the shape {tuple(tensor.shape)}; "
                "for one score a sample use binary_cross_entropy."
            )


def require_indices(logits: Tensor, targets: Tensor) -> None:
    """Refuse targets that are not one class index for every row of the logits.

    Raises:
        TypeError: If the targets are not integers.
        ValueError: If their shape is not that of the logits without the last axis, or an index is no class.
    """
    if targets.dtype.is_floating_point or targets.dtype.is_complex or targets.dtype == torch.bool:
        raise TypeError(f"targets must be class indices of an integer dtype, got {targets.dtype}.")
    if targets.shape != logits.shape[:-1]:
        raise ValueError(
            f"targets must have the shape of logits without the last axis, {tuple(logits.shape[:-1])}, got "
            f"{tuple(targets.shape)}; one-hot targets belong to categorical_cross_entropy."
        )
    low, high = int(targets.min()), int(targets.max())
    if low < 0 or high >= logits.shape[-1]:
        raise ValueError(
            f"targets must be class indices from 0 to {logits.shape[-1] - 1}, got values from {low} to {high}."
        )


def require_unit_interval(**tensors: Tensor) -> None:
    """Refuse values outside [0, 1], NaN included.

    Raises:
        ValueError: If a value lies outside.
    """
    for name, tensor in tensors.items():
        if not bool(((tensor >= 0) & (tensor <= 1)).all()):
            raise ValueError(f"{name} must lie in [0, 1], got values from {_extent(tensor)}.")


def require_probabilities(**tensors: Tensor) -> None:
    """Refuse rows that are no distributions: negative, or of a sum other than 1 (beyond rounding).

    Raises:
        ValueError: If a row is none.
    """
    require_unit_interval(**tensors)
    for name, tensor in tensors.items():
        sums = tensor.sum(-1)
        if not torch.allclose(sums, torch.ones_like(sums), atol=4 * tensor.shape[-1] * torch.finfo(tensor.dtype).eps):
            raise ValueError(f"{name} must sum to 1 over the last axis, got sums from {_extent(sums)}.")


def require_signs(**tensors: Tensor) -> None:
    """Refuse labels other than −1 and +1.

    Raises:
        ValueError: If there are others.
    """
    for name, tensor in tensors.items():
        if not bool((tensor.abs() == 1).all()):
            raise ValueError(
                f"{name} must be −1 or +1, got values from {_extent(tensor)}; from 0 and 1 take 2 * {name} - 1."
            )


def require_mask(mask: Tensor, targets: Tensor) -> None:
    """Refuse a mask that is not boolean, of another shape, or empty.

    Raises:
        TypeError: If it is not boolean.
        ValueError: If its shape is not that of the targets, or it marks nothing.
    """
    if mask.dtype != torch.bool:
        raise TypeError(f"mask must be boolean, true where a token was hidden, got {mask.dtype}.")
    require_same_shape(targets=targets, mask=mask)
    if not bool(mask.any()):
        raise ValueError("mask must mark at least one token: the mean over none is not defined.")


def require_pairs(**tensors: Tensor) -> None:
    """Refuse embeddings other than a matrix (batch, features).

    Raises:
        ValueError: If there are not two axes.
    """
    for name, tensor in tensors.items():
        if tensor.ndim != 2:
            raise ValueError(f"{name} must have the shape (batch, features), got {tuple(tensor.shape)}.")


def reduced(losses: Tensor, reduction: str) -> Tensor:
    """Return the losses themselves ("none"), their sum or their mean.

    Raises:
        ValueError: If the reduction is none of these.
    """
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    if reduction == "none":
        return losses
    raise ValueError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r}.")


def _extent(tensor: Tensor) -> str:
    return f"{tensor.min().item():.6g} to {tensor.max().item():.6g}"
