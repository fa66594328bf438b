"""Prototypical networks: a class is the mean of its few embedded samples, and a query belongs to the nearest.

    c_k = (1/K) Σ_{i: y_i = k} f(x_i),      p(y = k | x) ∝ exp(−‖f(x) − c_k‖²)

The distance is squared Euclidean, for which the mean is the point nearest to all (a Bregman divergence); the classifier
is then linear in f.

Reference: Snell, Swersky and Zemel (2017), Prototypical networks for few-shot learning, eq. (1) and (2).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from rhobar.train.strategies.episodes import Episode

__all__ = ["prototypes", "prototypical_logits", "prototypical_loss"]


def prototypes(
    embedded: Float[Tensor, "shots dim"], labels: Int[Tensor, " shots"], num_ways: int
) -> Float[Tensor, "ways dim"]:
    """Mean embedding of each class.

    Args:
        embedded: f(x_i) of the support.
        labels: y_i in 0 … num_ways − 1; each occurs.
        num_ways: Number of classes.

    Returns:
        c_k.

    Example:
        >>> prototypes(torch.tensor([[0.0], [2.0], [5.0]]), torch.tensor([0, 0, 1]), 2)
        tensor([[1.],
                [5.]])

    Textbook: B74.
    """
    members = F.one_hot(labels, num_ways).to(embedded.dtype).T
    return members @ embedded / members.sum(1, keepdim=True)


def prototypical_logits(model: nn.Module, episode: Episode) -> Float[Tensor, "queries ways"]:
    """Return −‖f(x) − c_k‖² of the queries.

    Args:
        model: f, samples ↦ vectors.
        episode: The task; its query labels are not looked at.

    Returns:
        Logits.

    Example:
        >>> x = torch.tensor([[0.0], [2.0]])
        >>> prototypical_logits(nn.Identity(), Episode(x, torch.tensor([0, 1]), x, torch.tensor([0, 1])))
        tensor([[-0., -4.],
                [-4., -0.]])

    Textbook: B74.
    """
    shots = len(episode.support)
    embedded = model(torch.cat([episode.support, episode.query])).flatten(1)
    num_ways = int(episode.support_labels.max()) + 1
    c = prototypes(embedded[:shots], episode.support_labels, num_ways)
    distances: Tensor = (embedded[shots:, None] - c).square().sum(2)
    return -distances


def prototypical_loss(model: nn.Module, episode: Episode) -> Float[Tensor, ""]:
    """Cross-entropy of the queries; with a stream of episodes as batches, `fit` trains with it.

    Args:
        model: f.
        episode: The task.

    Returns:
        The mean loss.

    Example:
        >>> x = torch.tensor([[0.0], [2.0]])
        >>> prototypical_loss(nn.Identity(), Episode(x, torch.tensor([0, 1]), x, torch.tensor([0, 1])))
        tensor(0.0181)

    Textbook: B74.
    """
    return F.cross_entropy(prototypical_logits(model, episode), episode.query_labels)
