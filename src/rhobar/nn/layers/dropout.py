"""Dropout: in training each unit is dropped at random, so that no unit can rely on another.

p is the rate of dropping, as in torch. (One of the texts lets p be the rate of keeping, and does not scale.)

Textbook: A88, A89, A90, A91 (§5.3), C77.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

__all__ = ["all_masks", "inverted_dropout", "mask_probabilities", "scaled_at_test", "unscaled_dropout"]


def inverted_dropout(a: Float[Tensor, "..."], keep: Bool[Tensor, "..."], p: float) -> Float[Tensor, "..."]:
    """Drop in training and scale what is left, so that nothing need change afterwards.

        h = m ⊙ a / (1 − p),   m ~ Bernoulli(1 − p);   E h = a

    Production: ``torch.nn.Dropout``, ``torch.nn.functional.dropout``.

    Textbook: A88, C77.

    Args:
        a: Activations.
        keep: m.
        p: Rate of dropping, below 1.

    Example:
        >>> inverted_dropout(torch.ones(2), torch.tensor([True, False]), p=0.5)
        tensor([2., 0.])

    Reference: Srivastava et al. (2014), Dropout, section 10.
    """
    return keep * a / (1 - p)


def unscaled_dropout(a: Float[Tensor, "..."], keep: Bool[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Drop in training and scale nothing; then evaluation needs `scaled_at_test`.

        h = m ⊙ a,   m ~ Bernoulli(1 − p);   E h = (1 − p) a

    It is (1 − p) times `inverted_dropout` for every mask: the two networks are one, up to a factor of the weights
    that follow.

    Textbook: A88, C77.

    Example:
        >>> unscaled_dropout(torch.ones(2), torch.tensor([True, False]))
        tensor([1., 0.])

    Reference: Srivastava et al. (2014), Dropout, section 4.
    """
    return keep * a


def scaled_at_test(a: Float[Tensor, "..."], p: float) -> Float[Tensor, "..."]:
    """Give, in evaluation, what `unscaled_dropout` gives on average.

        h = (1 − p) a

    Textbook: A88.

    Example:
        >>> scaled_at_test(torch.ones(2), p=0.25)
        tensor([0.7500, 0.7500])

    Reference: Srivastava et al. (2014), Dropout, figure 2.
    """
    return (1 - p) * a


def all_masks(n: int) -> Bool[Tensor, "masks n"]:
    """List the 2ⁿ sub-networks that n units can be thinned to.

    Textbook: A89.

    Raises:
        ValueError: If n is below 0 or above 20.

    Example:
        >>> all_masks(2).int().tolist()
        [[0, 0], [0, 1], [1, 0], [1, 1]]

    Reference: Srivastava et al. (2014), Dropout, section 1.
    """
    if not 0 <= n <= 20:
        raise ValueError(f"n must be in [0, 20], since 2ⁿ masks are listed, got {n}; draw masks at random instead.")
    return (torch.arange(2**n)[:, None] >> torch.arange(n - 1, -1, -1) & 1).bool()


def mask_probabilities(masks: Bool[Tensor, "masks n"], p: float) -> Float[Tensor, " masks"]:
    """Return how often each mask is drawn (float64).

        P(m) = ∏_i (1 − p)^{m_i} p^{1 − m_i}

    With W behind the dropped units h, E_m[W (m ⊙ h)] = (1 − p) W h; and a softmax of it is the normalised geometric
    mean ∏_m ŷ(m)^{P(m)} of all sub-networks. Both are exact where the logits are linear in m, and nowhere deeper.

    Textbook: A89, A90.

    Args:
        masks: m, ``True`` where a unit is kept.
        p: Rate of dropping.

    Example:
        >>> mask_probabilities(all_masks(2), p=0.25)
        tensor([0.0625, 0.1875, 0.1875, 0.5625], dtype=torch.float64)

    Reference: Goodfellow, Bengio and Courville (2016), Deep learning, eq. 7.52–7.66.
    """
    return torch.where(masks, 1 - p, torch.tensor(p, dtype=torch.float64)).prod(-1)
