"""Margin losses for labels ±1: the hinge, and the perceptron's with no margin.

Neither is the negative logarithm of a likelihood: e^(−ℓ(+1, f)) + e^(−ℓ(−1, f)) depends on f, so that no constant
turns both into probabilities.

References:
    Cortes and Vapnik (1995), Support-vector networks.
    Sollich (2002), Bayesian methods for support vector machines, section 2 (why it is no likelihood).
    Rosenblatt (1958), The perceptron; as a loss: Bottou (1991), thesis, Paris XI.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.nn.losses.contracts import reduced, require_floating, require_same_shape, require_signs

__all__ = ["hinge", "hinge_formula", "perceptron_loss", "perceptron_loss_formula"]


def hinge_formula(scores: Float[Tensor, "*shape"], targets: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """Return the mean of max(0, 1 − y f), with y = ±1 and f a raw score.

    Textbook: A39
    """
    return torch.maximum(1 - targets * scores, torch.zeros_like(scores)).mean()


def hinge(scores: Tensor, targets: Tensor, *, reduction: str = "mean") -> Tensor:
    """Return the hinge loss: 0 for what lies on its side by the margin 1 or more.

    Refused if a tensor is not of a floating dtype (TypeError); if the shapes differ or a target is not ±1 (ValueError).

    Example:
        >>> hinge(torch.tensor([2.0, 0.5, -1.0]), torch.ones(3), reduction="none")
        tensor([0.0000, 0.5000, 2.0000])
    """
    require_floating(scores=scores, targets=targets)
    require_same_shape(scores=scores, targets=targets)
    require_signs(targets=targets)
    return reduced((1 - targets * scores).clamp(min=0), reduction)


def perceptron_loss_formula(scores: Float[Tensor, "*shape"], targets: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """Return the mean of max(0, −y f), with y = ±1 and f a raw score.

    Textbook: A6
    """
    return torch.maximum(-targets * scores, torch.zeros_like(scores)).mean()


def perceptron_loss(scores: Tensor, targets: Tensor, *, reduction: str = "mean") -> Tensor:
    """Return the loss whose stochastic subgradient steps, one sample each, are the perceptron's rule.

    At a score of 0 its subgradient is −y, by torch's clamp, so that 0 counts as a mistake; through relu it would be 0,
    and a start from zero weights would never move.

    Refused if a tensor is not of a floating dtype (TypeError); if the shapes differ or a target is not ±1 (ValueError).

    Example:
        >>> perceptron_loss(torch.tensor([2.0, 0.5, -1.0]), torch.ones(3), reduction="none")
        tensor([0., 0., 1.])
    """
    require_floating(scores=scores, targets=targets)
    require_same_shape(scores=scores, targets=targets)
    require_signs(targets=targets)
    return reduced((-targets * scores).clamp(min=0), reduction)
