"""What every probe of samples asks of them: a row each, enough of them, and only finite numbers."""

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["checked_labels", "checked_pair", "checked_samples", "distances"]


def checked_samples(x: Tensor, name: str = "x", *, least: int = 2) -> Float[Tensor, "samples features"]:
    """Return the samples as a matrix of float64 on the CPU, one row each.

    Args:
        x: Samples along the first axis; further axes are flattened into features.
        name: What the caller calls it, for the message.
        least: Samples that are needed.

    Raises:
        ValueError: If there are too few, they have no features, or a value is not finite.

    Example:
        >>> checked_samples(torch.ones(2, 3, 4)).shape
        torch.Size([2, 12])
    """
    shape = tuple(x.shape)
    if x.dim() == 0 or x.shape[0] < least or x.numel() == 0:
        raise ValueError(
            f"{name} must hold at least {least} samples along its first axis and a feature of each, got the shape "
            f"{shape}; pass more samples."
        )
    rows = x.detach().reshape(x.shape[0], -1).double().cpu()
    bad = int((~rows.isfinite()).any(1).sum())
    if bad:
        raise ValueError(f"{name} must be finite, but {bad} of its {shape[0]} samples hold NaN or infinity; drop them.")
    return rows


def checked_pair(
    x: Tensor, y: Tensor, *, least: int = 2
) -> tuple[Float[Tensor, "samples a"], Float[Tensor, "samples b"]]:
    """Return two sets of samples that belong together, row by row.

    Raises:
        ValueError: If one of them is not usable, or their numbers differ.
    """
    a, b = checked_samples(x, "x", least=least), checked_samples(y, "y", least=least)
    if a.shape[0] != b.shape[0]:
        raise ValueError(f"x and y must hold the same samples, got {a.shape[0]} and {b.shape[0]} of them.")
    return a, b


def checked_labels(labels: Tensor, num_samples: int, name: str = "labels") -> tuple[Tensor, Tensor]:
    """Return the labels' different values and each sample's index among them.

    Raises:
        ValueError: If there is not one label a sample, a label is not finite, or all are alike.
    """
    if labels.shape != (num_samples,):
        raise ValueError(f"{name} must be one a sample, shape ({num_samples},), got {tuple(labels.shape)}.")
    if labels.is_floating_point() and not labels.isfinite().all():
        raise ValueError(f"{name} must be finite, got NaN or infinity among them.")
    values, index = torch.unique(labels.cpu(), return_inverse=True)
    if values.numel() < 2:
        raise ValueError(f"{name} must name at least two groups, got {values.tolist()} only.")
    return values, index


def distances(x: Float[Tensor, "n features"]) -> Float[Tensor, "n n"]:
    """Return all Euclidean distances, exact also between points that lie close together, zero on the diagonal."""
    d: Tensor = torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist")
    return d
