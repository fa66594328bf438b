"""Masked language modelling: the likelihood of the hidden tokens given the others.

Reference: Devlin, Chang, Lee and Toutanova (2019), BERT, section 3.1 and appendix A.1.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.distributions import Categorical
from torch.nn import functional as F

from rhobar.nn.losses.contracts import require_classes, require_floating, require_indices, require_mask

__all__ = ["hide_tokens", "masked_language", "masked_language_formula", "masked_language_log_likelihood"]


def masked_language_formula(
    logits: Float[Tensor, "*batch vocabulary"], targets: Int[Tensor, "*batch"], mask: Bool[Tensor, "*batch"]
) -> Float[Tensor, ""]:
    """Return (1/|M|) Σ_{i∈M} −ln P(x_i | x_{∖M}).

    Textbook: C86
    """
    p = torch.exp(logits) / torch.exp(logits).sum(-1, keepdim=True)
    losses = -torch.log(p.gather(-1, targets.unsqueeze(-1)).squeeze(-1))
    return (losses * mask).sum() / mask.sum()


def masked_language(logits: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
    """Return the mean cross-entropy over the masked tokens; the others get no loss and no gradient.

    Refused if the logits are not floating, the targets not integers, or the mask not boolean (TypeError); if the shapes
    do not fit, an index is no token, or the mask is empty (ValueError).

    Example:
        >>> masked_language(torch.zeros(1, 3, 8), torch.tensor([[1, 2, 3]]), torch.tensor([[True, False, False]]))
        tensor(2.0794)
    """
    require_floating(logits=logits)
    require_classes(logits=logits)
    require_indices(logits, targets)
    require_mask(mask, targets)
    loss: Tensor = F.cross_entropy(logits[mask], targets[mask].long())
    return loss


def masked_language_log_likelihood(
    logits: Float[Tensor, "*batch vocabulary"], targets: Int[Tensor, "*batch"], mask: Bool[Tensor, "*batch"]
) -> Float[Tensor, ""]:
    """Return the mean of ln Categorical(x_i; softmax(z_i)) over the masked tokens."""
    value: Tensor = Categorical(logits=logits).log_prob(targets)[mask].mean()
    return value


def hide_tokens(
    tokens: Int[Tensor, "*batch"],
    *,
    vocabulary: int,
    mask_token: int,
    rate: float = 0.15,
    special: Bool[Tensor, "*batch"] | None = None,
    generator: torch.Generator | None = None,
) -> tuple[Int[Tensor, "*batch"], Bool[Tensor, "*batch"]]:
    """Return tokens as BERT sees them, and which it must restore.

    Of the chosen tokens (each with probability `rate`), 80 % become the mask, 10 % a random token, 10 % stay.

    Args:
        tokens: The text.
        vocabulary: Number of tokens, from which the random ones are drawn.
        mask_token: The index of the mask.
        rate: Share of tokens to choose.
        special: Where never to choose (padding, separators).
        generator: Source of the choice.

    Raises:
        ValueError: If the rate lies outside [0, 1].

    Example:
        >>> hidden, chosen = hide_tokens(torch.arange(5), vocabulary=9, mask_token=8, rate=0.0)
        >>> torch.equal(hidden, torch.arange(5)), bool(chosen.any())
        (True, False)
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must lie in [0, 1], got {rate}.")
    device = tokens.device if generator is None else generator.device
    choice, fate = (torch.rand(tokens.shape, generator=generator, device=device).to(tokens.device) for _ in range(2))
    random = torch.randint(vocabulary, tokens.shape, generator=generator, device=device).to(tokens)
    chosen = choice < rate if special is None else (choice < rate) & ~special
    hidden = torch.where(chosen & (fate < 0.8), mask_token, tokens)
    return torch.where(chosen & (fate >= 0.9), random, hidden), chosen
