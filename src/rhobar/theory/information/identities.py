"""Entropy and what it obeys: for a joint distribution p(x, y) of two discrete variables, in nats.

    chain rule             H(X, Y) = H(X) + H(Y|X)
    information            I(X; Y) = H(X) − H(X|Y) = H(X) + H(Y) − H(X, Y) = D(p(x, y) ‖ p(x) p(y)) ≥ 0
    cross-entropy          H(p, q) = H(p) + D(p‖q) ≥ H(p)
    data processing        I(X; Z) ≤ I(X; Y)  for X → Y → Z
    conditioning           H(Y|X) ≤ H(Y)
    Fano                   H(X|Y) ≤ h(P_e) + P_e ln(K − 1),  P_e the error of the best guess of X from Y

`identities` computes both sides of each on its own, so that they check one another. Of normal variables with
correlation ρ, I = −½ ln(1 − ρ²).

Textbook: A45, B47

Reference: Cover and Thomas (2006), Elements of information theory, chapters 2 and 8.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = [
    "Relation",
    "conditional_entropy",
    "data_processing",
    "gaussian_information",
    "identities",
    "mutual_information",
    "require_distribution",
]


@dataclass(frozen=True)
class Relation:
    """Two numbers, and how they must stand to one another.

    Attributes:
        name: Of the theorem.
        left: Its left side, in nats.
        right: Its right side.
        relation: "=" or "≤".
    """

    name: str
    left: float
    right: float
    relation: Literal["=", "≤"]

    @property
    def holds(self) -> bool:
        """Whether it is so, but for rounding."""
        slack = 1e-9 * max(1.0, abs(self.right))
        return self.left <= self.right + slack and (self.relation == "≤" or self.left >= self.right - slack)


def require_distribution(p: Tensor, name: str, *, dim: int | None = None) -> Tensor:
    """Return p in float64, once it is seen to be non-negative and to sum to one (along a dimension, if one is given).

    Raises:
        ValueError: If it does not.

    Example:
        >>> require_distribution(torch.tensor([0.5, 0.5]), "p")
        tensor([0.5000, 0.5000], dtype=torch.float64)
    """
    q = p.double()
    total = q.sum() if dim is None else q.sum(dim)
    if not bool((q >= 0).all() and ((total - 1).abs() <= 1e-6).all()):
        raise ValueError(f"{name} must be non-negative and sum to 1, got sums of {total.flatten()[:5].tolist()}.")
    return q / (total if dim is None else total.unsqueeze(dim))


def conditional_entropy(joint: Float[Tensor, "x y"]) -> float:
    """H(Y|X) = −Σ p(x, y) ln p(y|x).

    Args:
        joint: p(x, y).

    Example:
        >>> conditional_entropy(torch.tensor([[0.5, 0.0], [0.0, 0.5]]))  # Y is a function of X
        0.0

    Textbook: B47
    """
    p = require_distribution(joint, "joint")
    given = p / p.sum(1, keepdim=True).clamp_min(1e-300)
    return max(0.0, -float(torch.xlogy(p, given).sum()))


def mutual_information(joint: Float[Tensor, "x y"]) -> float:
    """I(X; Y) = Σ p(x, y) ln p(x, y)/(p(x) p(y)), at least zero and symmetric.

    Args:
        joint: p(x, y).

    Example:
        >>> round(mutual_information(torch.tensor([[0.5, 0.0], [0.0, 0.5]])), 6)  # ln 2
        0.693147

    Textbook: B47
    """
    p = require_distribution(joint, "joint")
    independent = p.sum(1, keepdim=True) * p.sum(0, keepdim=True)
    return max(float((torch.xlogy(p, p) - torch.xlogy(p, independent)).sum()), 0.0)


def data_processing(joint: Float[Tensor, "x y"], channel: Float[Tensor, "y z"]) -> Relation:
    """I(X; Z) ≤ I(X; Y): what is done to Y, at random or not, adds nothing of X.

    Args:
        joint: p(x, y).
        channel: p(z|y), rows that sum to one.

    Example:
        >>> joint = torch.tensor([[0.5, 0.0], [0.0, 0.5]])
        >>> data_processing(joint, torch.tensor([[0.9, 0.1], [0.1, 0.9]])).holds
        True

    Textbook: B47
    """
    p, W = require_distribution(joint, "joint"), require_distribution(channel, "channel", dim=1)
    return Relation("data processing: I(X;Z) ≤ I(X;Y)", mutual_information(p @ W), mutual_information(p), "≤")


def gaussian_information(covariance: Float[Tensor, "n n"], split: int) -> float:
    """I(X; Y) = ½ ln(det Σ_x det Σ_y / det Σ) of jointly normal vectors; of two numbers −½ ln(1 − ρ²).

    Args:
        covariance: Σ of (X, Y), positive definite.
        split: Dimension of X.

    Raises:
        ValueError: If one of the two has no dimension.

    Example:
        >>> round(gaussian_information(torch.tensor([[1.0, 0.6], [0.6, 1.0]]), 1), 6)
        0.223144

    Textbook: B47
    """
    S = covariance.double()
    if not 0 < split < len(S):
        raise ValueError(f"split must lie between 1 and {len(S) - 1}, got {split}.")
    parts = torch.logdet(S[:split, :split]) + torch.logdet(S[split:, split:])
    return max(float(parts - torch.logdet(S)) / 2, 0.0)


def identities(joint: Float[Tensor, "x y"], other: Float[Tensor, "x y"] | None = None) -> tuple[Relation, ...]:
    """Compute both sides of the identities and inequalities above.

    Args:
        joint: p(x, y).
        other: q(x, y), positive where p is, for cross-entropy; uniform by default.

    Example:
        >>> found = identities(torch.tensor([[0.4, 0.1], [0.2, 0.3]]))
        >>> len(found), all(relation.holds for relation in found)
        (8, True)

    Textbook: A45, B47
    """
    p = require_distribution(joint, "joint")
    q = torch.full_like(p, 1 / p.numel()) if other is None else require_distribution(other, "other")
    px, py = p.sum(1), p.sum(0)
    hx, hy, hxy, hq = _entropy(px), _entropy(py), _entropy(p), -float(torch.xlogy(p, q).sum())
    y_given_x, x_given_y = conditional_entropy(p), conditional_entropy(p.mT)
    information = mutual_information(p)
    wrong = 1 - float(p.amax(0).sum())
    fano = _entropy(torch.tensor([wrong, 1 - wrong], dtype=torch.float64).clamp_min(0)) + wrong * math.log(
        max(len(p) - 1, 1)
    )
    divergence = float((torch.xlogy(p, p) - torch.xlogy(p, q)).sum())
    return (
        Relation("chain rule: H(X) + H(Y|X) = H(X,Y)", hx + y_given_x, hxy, "="),
        Relation("information: H(X) − H(X|Y) = I(X;Y)", hx - x_given_y, information, "="),
        Relation("symmetry: H(Y) − H(Y|X) = I(X;Y)", hy - y_given_x, information, "="),
        Relation("divergence from independence: H(X) + H(Y) − H(X,Y) = I(X;Y)", hx + hy - hxy, information, "="),
        Relation("cross-entropy: H(p) + D(p‖q) = H(p,q)", hxy + divergence, hq, "="),
        Relation("Gibbs: 0 ≤ D(p‖q)", 0.0, divergence, "≤"),
        Relation("conditioning: H(Y|X) ≤ H(Y)", y_given_x, hy, "≤"),
        Relation("Fano: H(X|Y) ≤ h(P_e) + P_e ln(K − 1)", x_given_y, fano, "≤"),
    )


def _entropy(p: Tensor) -> float:
    return max(0.0, -float(torch.xlogy(p, p).sum()))
