"""NT-Xent, the normalised temperature-scaled cross-entropy: find the other view of the same sample among all others.

Reference: Chen, Kornblith, Norouzi and Hinton (2020), A simple framework for contrastive learning, equation 1.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Categorical
from torch.nn import functional as F

from rhobar.nn.losses.contracts import require_floating, require_pairs, require_same_shape

__all__ = ["nt_xent", "nt_xent_formula", "nt_xent_log_likelihood"]


def nt_xent_formula(
    first: Float[Tensor, "batch features"], second: Float[Tensor, "batch features"], temperature: float = 0.5
) -> Float[Tensor, ""]:
    """Return the mean over all 2N views i of −ln [e^{sim(z_i, z_j)/τ} / Σ_{k≠i} e^{sim(z_i, z_k)/τ}].

    j is the other view of i, sim the cosine.

    Textbook: C85, C-§8.2
    """
    z, n = torch.cat([first, second]), len(first)
    u = z / z.norm(dim=-1, keepdim=True)
    e = torch.exp(u @ u.T / temperature)
    others = e.sum(-1) - e.diagonal()
    positive = torch.cat([e.diagonal(n), e.diagonal(-n)])
    return -torch.log(positive / others).mean()


def nt_xent(first: Tensor, second: Tensor, *, temperature: float = 0.5) -> Tensor:
    """Return NT-Xent over both orders of every pair; ln(2N − 1) if all embeddings collapse to one.

    Args:
        first: One view of every sample, (batch, features).
        second: The other view, in the same order.
        temperature: τ > 0; the smaller, the more the nearest negatives count.

    Refused if a tensor is not of a floating dtype (TypeError).

    Raises:
        ValueError: If the shapes are not the same (batch, features), or there is one pair only, or τ ≤ 0.

    Example:
        >>> nt_xent(torch.ones(4, 3), torch.ones(4, 3))  # ln 7
        tensor(1.9459)
    """
    require_floating(first=first, second=second)
    require_pairs(first=first)
    require_same_shape(first=first, second=second)
    if len(first) < 2:
        raise ValueError("first must hold at least two samples: with one pair there is no negative to tell it from.")
    if not temperature > 0:
        raise ValueError(f"temperature must be positive, got {temperature}.")
    logits, partner = _similarities(first, second, temperature)
    loss: Tensor = F.cross_entropy(logits, partner)
    return loss


def nt_xent_log_likelihood(
    first: Float[Tensor, "batch features"], second: Float[Tensor, "batch features"], temperature: float = 0.5
) -> Float[Tensor, ""]:
    """Return the mean of ln Categorical(the partner, among the 2N − 1 other views)."""
    logits, partner = _similarities(first, second, temperature)
    views = torch.arange(len(logits))
    others = torch.stack([torch.cat([views[:i], views[i + 1 :]]) for i in range(len(views))])
    place = (others == partner.unsqueeze(1)).int().argmax(1)
    value: Tensor = Categorical(logits=logits.gather(1, others)).log_prob(place).mean()
    return value


def _similarities(first: Tensor, second: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Return the scores of all views for all views, −∞ for itself, and the index of each one's partner."""
    u, n = F.normalize(torch.cat([first, second]), dim=-1), len(first)
    logits = (u @ u.T / temperature).fill_diagonal_(-torch.inf)
    return logits, torch.arange(2 * n, device=u.device).roll(n)
