"""The two players of a generative adversarial network, on the discriminator's logits.

The best discriminator is D* = p / (p + q), and the value of the game is then 2 JS(p‖q) − ln 4.

Reference: Goodfellow et al. (2014), Generative adversarial nets, equation 1, section 3 and proposition 1.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Bernoulli
from torch.nn import functional as F

from rhobar.nn.losses.contracts import require_floating

__all__ = [
    "gan_discriminator",
    "gan_discriminator_formula",
    "gan_discriminator_log_likelihood",
    "gan_generator_minimax",
    "gan_generator_minimax_formula",
    "gan_generator_non_saturating",
    "gan_generator_non_saturating_formula",
]


def gan_discriminator_formula(real: Float[Tensor, " n"], fake: Float[Tensor, " m"]) -> Float[Tensor, ""]:
    """Return −E[ln D(x)] − E[ln(1 − D(G(z)))] with D = σ(logit): the negative value of the game.

    Textbook: C88
    """
    return -torch.log(torch.sigmoid(real)).mean() - torch.log(1 - torch.sigmoid(fake)).mean()


def gan_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Return the discriminator's loss, ln 4 at D = ½.

    Args:
        real: Logits of the data.
        fake: Logits of the generator's samples; detach these samples from the generator.

    Refused if a tensor is not of a floating dtype (TypeError); if a tensor is empty (ValueError).

    Example:
        >>> gan_discriminator(torch.zeros(3), torch.zeros(5))
        tensor(1.3863)
    """
    require_floating(real=real, fake=fake)
    loss: Tensor = F.softplus(-real).mean() + F.softplus(fake).mean()
    return loss


def gan_discriminator_log_likelihood(real: Float[Tensor, " n"], fake: Float[Tensor, " m"]) -> Float[Tensor, ""]:
    """Return the mean log-likelihood of "real" for the data and "fake" for the samples."""
    real_part = Bernoulli(logits=real).log_prob(torch.ones_like(real)).mean()
    value: Tensor = real_part + Bernoulli(logits=fake).log_prob(torch.zeros_like(fake)).mean()
    return value


def gan_generator_minimax_formula(fake: Float[Tensor, " m"]) -> Float[Tensor, ""]:
    """Return E[ln(1 − D(G(z)))], which the generator minimises in the game as printed.

    Textbook: C88
    """
    return torch.log(1 - torch.sigmoid(fake)).mean()


def gan_generator_minimax(fake: Tensor) -> Tensor:
    """Return the generator's loss of the minimax game; its gradient −D vanishes where D sees through the samples.

    Refused if the tensor is not of a floating dtype (TypeError); if the tensor is empty (ValueError).

    Example:
        >>> gan_generator_minimax(torch.zeros(3))  # −ln 2
        tensor(-0.6931)
    """
    require_floating(fake=fake)
    return -F.softplus(fake).mean()


def gan_generator_non_saturating_formula(fake: Float[Tensor, " m"]) -> Float[Tensor, ""]:
    """Return −E[ln D(G(z))]: the same fixed point, with a gradient D − 1 that stays.

    Textbook: C88
    """
    return -torch.log(torch.sigmoid(fake)).mean()


def gan_generator_non_saturating(fake: Tensor) -> Tensor:
    """Return the generator's loss of practice.

    Refused if the tensor is not of a floating dtype (TypeError); if the tensor is empty (ValueError).

    Example:
        >>> gan_generator_non_saturating(torch.tensor([-1e4]))
        tensor(10000.)
    """
    require_floating(fake=fake)
    loss: Tensor = F.softplus(-fake).mean()
    return loss
