"""Categorical cross-entropy: the likelihood of one class among several, given as distribution or index.

References:
    Bridle (1990), Probabilistic interpretation of feedforward classification network outputs.
    Szegedy, Vanhoucke, Ioffe, Shlens and Wojna (2016), Rethinking the Inception architecture, section 7 (smoothing).
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.distributions import Categorical
from torch.nn import functional as F

from rhobar.nn.losses.contracts import (
    reduced,
    require_classes,
    require_floating,
    require_indices,
    require_probabilities,
    require_same_shape,
)

__all__ = [
    "categorical_cross_entropy",
    "categorical_cross_entropy_formula",
    "categorical_log_likelihood",
    "label_smoothing",
    "label_smoothing_formula",
    "label_smoothing_log_likelihood",
    "smoothed",
    "sparse_categorical_cross_entropy",
    "sparse_categorical_cross_entropy_formula",
    "sparse_categorical_log_likelihood",
]


def categorical_cross_entropy_formula(
    logits: Float[Tensor, "*batch classes"], targets: Float[Tensor, "*batch classes"]
) -> Float[Tensor, ""]:
    """Return the mean over samples of −Σ_k y_k ln p_k with p = softmax(z); its gradient in z is p − y.

    Textbook: A38, A43, B9, C22
    """
    p = torch.exp(logits) / torch.exp(logits).sum(-1, keepdim=True)
    return -(targets * torch.log(p)).sum(-1).mean()


def categorical_cross_entropy(logits: Tensor, targets: Tensor, *, reduction: str = "mean") -> Tensor:
    """Return the cross-entropy of raw scores with target distributions, one-hot or soft.

    The same as torch's ``cross_entropy`` with probabilities, with the classes on the last axis.

    Refused if a tensor is not of a floating dtype (TypeError); if the shapes differ, there are fewer than two classes,
    or a target is no distribution (ValueError).

    Example:
        >>> categorical_cross_entropy(torch.tensor([[1e4, 0.0]]), torch.tensor([[1.0, 0.0]]))
        tensor(0.)
    """
    require_floating(logits=logits, targets=targets)
    require_same_shape(logits=logits, targets=targets)
    require_classes(logits=logits)
    require_probabilities(targets=targets)
    return reduced(-(targets * torch.log_softmax(logits, -1)).sum(-1), reduction)


def categorical_log_likelihood(
    logits: Float[Tensor, "*batch classes"], targets: Float[Tensor, "*batch classes"]
) -> Float[Tensor, ""]:
    """Return the mean of E[ln Categorical(k; softmax(z))] for k drawn with the probabilities y."""
    outcome = Categorical(logits=logits)
    scores = [outcome.log_prob(torch.full_like(logits[..., 0], k)) for k in range(logits.shape[-1])]
    return (targets * torch.stack(scores, -1)).sum(-1).mean()


def sparse_categorical_cross_entropy_formula(
    logits: Float[Tensor, "*batch classes"], targets: Int[Tensor, "*batch"]
) -> Float[Tensor, ""]:
    """Return the mean over samples of −ln p_y: the categorical cross-entropy on one-hot targets.

    Textbook: C24
    """
    p = torch.exp(logits) / torch.exp(logits).sum(-1, keepdim=True)
    return -torch.log(p.gather(-1, targets.unsqueeze(-1))).mean()


def sparse_categorical_cross_entropy(logits: Tensor, targets: Tensor, *, reduction: str = "mean") -> Tensor:
    """Return the cross-entropy of raw scores with class indices, as torch computes it; classes on the last axis.

    Refused if the logits are not floating or the targets not integers (TypeError); if the shapes do not fit, or an
    index is no class (ValueError).

    Example:
        >>> sparse_categorical_cross_entropy(torch.zeros(3, 10), torch.tensor([0, 5, 9]))  # ln 10
        tensor(2.3026)
    """
    return label_smoothing(logits, targets, smoothing=0.0, reduction=reduction)


def sparse_categorical_log_likelihood(
    logits: Float[Tensor, "*batch classes"], targets: Int[Tensor, "*batch"]
) -> Float[Tensor, ""]:
    """Return the mean of ln Categorical(y; softmax(z))."""
    value: Tensor = Categorical(logits=logits).log_prob(targets).mean()
    return value


def smoothed(targets: Int[Tensor, "*batch"], num_classes: int, smoothing: float) -> Float[Tensor, "*batch classes"]:
    """Return (1 − ε) one-hot(y) + ε / K in double precision: the label, or with probability ε any class.

    Example:
        >>> smoothed(torch.tensor([1]), 4, 0.2)
        tensor([[0.0500, 0.8500, 0.0500, 0.0500]], dtype=torch.float64)
    """
    return (1 - smoothing) * F.one_hot(targets, num_classes).double() + smoothing / num_classes


def label_smoothing_formula(
    logits: Float[Tensor, "*batch classes"], targets: Int[Tensor, "*batch"], smoothing: float = 0.1
) -> Float[Tensor, ""]:
    """Return the mean over samples of −Σ_k q_k ln p_k with q = (1 − ε) one-hot(y) + ε / K.

    Textbook: A92
    """
    q = smoothed(targets, logits.shape[-1], smoothing).to(logits.dtype)
    return categorical_cross_entropy_formula(logits, q)


def label_smoothing(logits: Tensor, targets: Tensor, *, smoothing: float = 0.1, reduction: str = "mean") -> Tensor:
    """Return the cross-entropy with smoothed labels, as torch computes it; classes on the last axis.

    Its least value is the entropy of q, not 0.

    Refused if the logits are not floating or the targets not integers (TypeError).

    Raises:
        ValueError: If the shapes do not fit, an index is no class, or ε lies outside [0, 1).

    Example:
        >>> label_smoothing(torch.tensor([[1e4, 0.0]]), torch.tensor([0]))  # sure of itself, and punished
        tensor(500.)
    """
    require_floating(logits=logits)
    require_classes(logits=logits)
    require_indices(logits, targets)
    if not 0 <= smoothing < 1:
        raise ValueError(f"smoothing must lie in [0, 1), got {smoothing}.")
    flat = F.cross_entropy(
        logits.flatten(0, -2) if logits.ndim > 1 else logits.unsqueeze(0),
        targets.flatten().long(),
        label_smoothing=smoothing,
        reduction=reduction,
    )
    return flat.reshape(targets.shape) if reduction == "none" else flat


def label_smoothing_log_likelihood(
    logits: Float[Tensor, "*batch classes"], targets: Int[Tensor, "*batch"], smoothing: float = 0.1
) -> Float[Tensor, ""]:
    """Return the mean of E[ln Categorical(k; softmax(z))] for the label k as noisy as q says."""
    return categorical_log_likelihood(logits, smoothed(targets, logits.shape[-1], smoothing).to(logits.dtype))
