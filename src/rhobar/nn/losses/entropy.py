"""Entropy, cross-entropy and Kullback–Leibler divergence of discrete distributions, in nats, bits or bans.

A unit is a base of the logarithm: e, 2 or 10. It scales a loss and leaves its minimiser alone.

References:
    Shannon (1948), A mathematical theory of communication, section 6.
    Kullback and Leibler (1951), On information and sufficiency.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Categorical
from torch.nn import functional as F

from rhobar.nn.losses.contracts import (
    reduced,
    require_classes,
    require_floating,
    require_probabilities,
    require_same_shape,
)

__all__ = [
    "cross_entropy",
    "entropy",
    "kl_divergence",
    "kl_loss",
    "kl_loss_formula",
    "kl_loss_log_likelihood",
    "nats_per",
]

_NATS = {"nats": 1.0, "bits": math.log(2), "bans": math.log(10)}


def nats_per(unit: str) -> float:
    """Return how many nats one unit is: 1, ln 2 or ln 10.

    Raises:
        ValueError: If the unit is none of the three.

    Example:
        >>> nats_per("nats")
        1.0
    """
    if unit not in _NATS:
        raise ValueError(f"unit must be 'nats', 'bits' or 'bans', got {unit!r}.")
    return _NATS[unit]


def entropy(p: Float[Tensor, "*batch classes"], unit: str = "nats") -> Float[Tensor, "*batch"]:
    """Return H(p) = −Σ p log p, with 0 log 0 = 0: between 0 and log K.

    Textbook: A44, B14

    Example:
        >>> entropy(torch.tensor([0.5, 0.5]), "bits")
        tensor(1.)
    """
    return -torch.xlogy(p, p).sum(-1) / nats_per(unit)


def cross_entropy(
    p: Float[Tensor, "*batch classes"], q: Float[Tensor, "*batch classes"], unit: str = "nats"
) -> Float[Tensor, "*batch"]:
    """Return H(p, q) = −Σ p log q = H(p) + D(p‖q); infinite if q excludes what p does not.

    Textbook: A45

    Example:
        >>> cross_entropy(torch.tensor([1.0, 0.0]), torch.tensor([0.25, 0.75]), "bits")
        tensor(2.)
    """
    return -torch.xlogy(p, q).sum(-1) / nats_per(unit)


def kl_divergence(
    p: Float[Tensor, "*batch classes"], q: Float[Tensor, "*batch classes"], unit: str = "nats"
) -> Float[Tensor, "*batch"]:
    """Return D(p‖q) = Σ p log(p / q) ≥ 0, and 0 only for p = q; not symmetric.

    Textbook: A40, A41, A46, B11

    Example:
        >>> kl_divergence(torch.tensor([1.0, 0.0]), torch.tensor([0.25, 0.75]), "bits")
        tensor(2.)
    """
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1) / nats_per(unit)


def kl_loss_formula(
    logits: Float[Tensor, "*batch classes"], targets: Float[Tensor, "*batch classes"]
) -> Float[Tensor, ""]:
    """Return the mean over samples of D(y‖softmax(z)), in nats.

    Textbook: A40, A45
    """
    q = torch.exp(logits) / torch.exp(logits).sum(-1, keepdim=True)
    return kl_divergence(targets, q).mean()


def kl_loss(logits: Tensor, targets: Tensor, *, reduction: str = "mean") -> Tensor:
    """Return D(y‖softmax(z)), as torch computes it.

    Torch's ``kl_div(input, target)`` takes ln q first and p second: the arguments of D(p‖q) reversed; and its "mean"
    divides by the number of entries, not of samples ("batchmean" does). With y fixed, the gradient is that of the
    cross-entropy: p − y.

    Refused if a tensor is not of a floating dtype (TypeError); if the shapes differ, there are fewer than two classes,
    or a target is no distribution (ValueError).

    Example:
        >>> kl_loss(torch.tensor([[0.0, 0.0]]), torch.tensor([[0.5, 0.5]]))
        tensor(0.)
    """
    require_floating(logits=logits, targets=targets)
    require_same_shape(logits=logits, targets=targets)
    require_classes(logits=logits)
    require_probabilities(targets=targets)
    return reduced(F.kl_div(torch.log_softmax(logits, -1), targets, reduction="none").sum(-1), reduction)


def kl_loss_log_likelihood(
    logits: Float[Tensor, "*batch classes"], targets: Float[Tensor, "*batch classes"]
) -> Float[Tensor, ""]:
    """Return the mean of E[ln Categorical(k; softmax(z))] for k drawn with the probabilities y."""
    classes = torch.arange(logits.shape[-1]).expand_as(logits).movedim(-1, 0)
    scores = Categorical(logits=logits).log_prob(classes).movedim(0, -1)
    value: Tensor = (targets * scores).sum(-1).mean()
    return value
