"""The information bottleneck on discrete data, by the iteration of Tishby, Pereira and Bialek.

T is to say as much of Y, and as little of X, as possible:

    min over p(t|x) of  F = I(X; T) − β I(T; Y),

    p(t|x) ∝ p(t) e^{−β D(p(y|x) ‖ p(y|t))},     p(t) = Σ p(x) p(t|x),     p(y|t) = Σ p(y|x) p(t|x) p(x)/p(t).

Each round lowers F, as Blahut's and Arimoto's algorithm does; the end is a local minimum, so several starts are tried.
Nothing is kept for β ≤ 1. β here is that of Tishby; the form I(T; Y) − β′ I(T; X) has β′ = 1/β.

Textbook: B48, B49, C93

References:
    Tishby, Pereira and Bialek (1999), The information bottleneck method, eqs. (15), (28) and theorem 5.
    Blahut (1972), Computation of channel capacity and rate-distortion functions.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.theory.information.identities import mutual_information, require_distribution

__all__ = ["Bottleneck", "Capacity", "channel_capacity", "information_bottleneck"]


@dataclass(frozen=True)
class Bottleneck:
    """The best encoder found.

    Attributes:
        encoder: p(t|x).
        complexity: I(X; T), in nats.
        relevance: I(T; Y), in nats, at most I(X; Y).
        objective: F after each round of the best start; it never rises.
        converged: Whether F had stopped to fall.
    """

    encoder: Float[Tensor, "x t"]
    complexity: float
    relevance: float
    objective: Float[Tensor, " rounds"]
    converged: bool


@dataclass(frozen=True)
class Capacity:
    """The most information that a channel can carry.

    Attributes:
        value: max I(X; Y), in nats: a lower bound, within `gap` of the truth.
        gap: Upper less lower bound.
        inputs: p(x) that attains it.
    """

    value: float
    gap: float
    inputs: Float[Tensor, " x"]


def information_bottleneck(
    joint: Float[Tensor, "x y"],
    beta: float,
    *,
    num_clusters: int | None = None,
    num_starts: int = 5,
    max_rounds: int = 2000,
    generator: torch.Generator | None = None,
) -> Bottleneck:
    """Minimise I(X; T) − β I(T; Y).

    Args:
        joint: p(x, y).
        beta: β > 0.
        num_clusters: Values of T; by default as many as X has, which suffices.
        num_starts: Random starts, beside the one that keeps X.
        max_rounds: Of each.
        generator: Draws the starts.

    Raises:
        ValueError: If β is not positive, or there is no cluster.

    Example:
        >>> joint = torch.tensor([[0.25, 0.0], [0.25, 0.0], [0.0, 0.5]])  # the first two x mean the same
        >>> found = information_bottleneck(joint, 50.0, generator=torch.Generator().manual_seed(0))
        >>> round(found.complexity, 4), round(found.relevance, 4)  # one bit of X tells all of Y
        (0.6931, 0.6931)

    Textbook: B49, C93
    """
    p = require_distribution(joint, "joint")
    p = p[p.sum(1) > 0]
    clusters = len(p) if num_clusters is None else num_clusters
    if not 0 < beta < math.inf or clusters < 1:
        raise ValueError(f"beta must be positive and num_clusters at least 1, got {beta} and {clusters}.")
    starts = [0.9 * torch.eye(len(p), clusters).double() + 0.1 / clusters]
    for _ in range(num_starts):
        starts.append(torch.rand(len(p), clusters, generator=generator, dtype=torch.float64) ** 3 + 1e-3)
    found = [_descend(p, start / start.sum(1, keepdim=True), beta, max_rounds) for start in starts]
    return min(found, key=lambda b: float(b.objective[-1]))


def _descend(p: Tensor, encoder: Tensor, beta: float, max_rounds: int) -> Bottleneck:
    px = p.sum(1)
    given = p / px[:, None]  # p(y|x)
    objective: list[float] = []
    converged = False
    for _ in range(max_rounds):
        joint_t = px[:, None] * encoder
        pt = joint_t.sum(0)
        decoder = joint_t.mT @ given / pt[:, None].clamp_min(1e-300)  # p(y|t)
        relevance = mutual_information(decoder * pt[:, None])
        objective.append(mutual_information(joint_t) - beta * relevance)
        if len(objective) > 1 and objective[-2] - objective[-1] < 1e-13 * max(1.0, abs(objective[-1])):
            converged = True
            break
        divergence = torch.xlogy(given, given).sum(1)[:, None] - torch.xlogy(given[:, None], decoder[None]).sum(2)
        encoder = torch.softmax(pt.clamp_min(1e-300).log() - beta * divergence, 1)
    complexity = mutual_information(joint_t)
    return Bottleneck(
        joint_t / px[:, None], complexity, relevance, torch.tensor(objective, dtype=torch.float64), converged
    )


def channel_capacity(channel: Float[Tensor, "x y"], *, tolerance: float = 1e-9, max_rounds: int = 100_000) -> Capacity:
    """Return max over p(x) of I(X; Y), by Blahut's and Arimoto's rounds p(x) ∝ p(x) e^{D(p(y|x) ‖ p(y))}.

    Args:
        channel: p(y|x), rows that sum to one.
        tolerance: Of the gap between bounds, in nats.
        max_rounds: At most.

    Example:
        >>> flips = torch.tensor([[0.9, 0.1], [0.1, 0.9]])
        >>> round(channel_capacity(flips).value / math.log(2), 4)  # 1 − h(0.1) bits
        0.531

    Reference: Blahut (1972), theorems 1 and 2.
    """
    W = require_distribution(channel, "channel", dim=1)
    p = torch.full((len(W),), 1 / len(W), dtype=torch.float64)
    for _ in range(max_rounds):
        divergence = (torch.xlogy(W, W) - torch.xlogy(W, (p @ W)[None])).sum(1)
        lower, upper = float(torch.logsumexp(p.log() + divergence, 0)), float(divergence.max())
        if upper - lower <= tolerance:
            break
        p = torch.softmax(p.log() + divergence, 0)
    return Capacity(lower, upper - lower, p)
