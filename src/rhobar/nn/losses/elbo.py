"""The negative evidence lower bound of a variational autoencoder.

Reference: Kingma and Welling (2014), Auto-encoding variational Bayes, equation 3 and appendix B.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from rhobar.nn.losses.contracts import require_floating, require_same_shape, require_unit_interval

__all__ = ["gaussian_kl", "negative_elbo", "negative_elbo_formula"]


def gaussian_kl(
    mean: Float[Tensor, "batch latent"], log_variance: Float[Tensor, "batch latent"]
) -> Float[Tensor, " batch"]:
    """Return D(N(μ, s²)‖N(0, 1)) = ½ Σ (μ² + s² − 1 − ln s²), one a sample, in nats.

    Textbook: A46, C87

    Example:
        >>> gaussian_kl(torch.zeros(1, 3), torch.zeros(1, 3))
        tensor([0.])
    """
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(-1) / 2


def negative_elbo_formula(
    outputs: Float[Tensor, "batch ..."],
    mean: Float[Tensor, "batch latent"],
    log_variance: Float[Tensor, "batch latent"],
    targets: Float[Tensor, "batch ..."],
) -> Float[Tensor, ""]:
    """Return the mean over samples of −ln p(x|z) + D(q(z|x)‖N(0, 1)), for Bernoulli pixels of logits `outputs`.

    Textbook: C87
    """
    p = torch.sigmoid(outputs)
    log_p = targets * torch.log(p) + (1 - targets) * torch.log(1 - p)
    return (-log_p.flatten(1).sum(1) + gaussian_kl(mean, log_variance)).mean()


def negative_elbo(
    outputs: Tensor,
    mean: Tensor,
    log_variance: Tensor,
    targets: Tensor,
    *,
    decoder: str = "bernoulli",
    variance: float = 1.0,
) -> Tensor:
    """Return −ELBO = −E_q[ln p(x|z)] + D(q(z|x)‖N(0, 1)): summed over features, mean over samples, in nats.

    One draw of z a sample estimates the expectation. Some texts print the ELBO as the loss; it is maximised. Divided
    by the number of features, as a mean over entries would, the two terms no longer fit together.

    Args:
        outputs: The decoder's for z ~ q(z|x): logits of pixels in [0, 1], or means of a Gaussian.
        mean: μ of q, (batch, latent).
        log_variance: ln s² of q.
        targets: x.
        decoder: The likelihood of x, "bernoulli" or "gaussian".
        variance: σ² of the Gaussian decoder, whose ½ ln(2πσ²) is included.

    Refused if a tensor is not of a floating dtype (TypeError).

    Raises:
        ValueError: If shapes differ, Bernoulli targets leave [0, 1], or there is no such decoder.

    Example:
        >>> negative_elbo(torch.zeros(1, 2), torch.zeros(1, 1), torch.zeros(1, 1), torch.ones(1, 2))  # 2 ln 2
        tensor(1.3863)
    """
    require_floating(outputs=outputs, mean=mean, log_variance=log_variance, targets=targets)
    require_same_shape(outputs=outputs, targets=targets)
    require_same_shape(mean=mean, log_variance=log_variance)
    if mean.ndim != 2 or outputs.ndim < 2 or len(outputs) != len(mean):
        raise ValueError(
            "outputs must be (batch, …) and mean (batch, latent) of one batch, got "
            f"{tuple(outputs.shape)} and {tuple(mean.shape)}."
        )
    if decoder == "bernoulli":
        require_unit_interval(targets=targets)
        losses = F.binary_cross_entropy_with_logits(outputs, targets, reduction="none")
    elif decoder == "gaussian":
        losses = (targets - outputs).square() / (2 * variance) + math.log(2 * math.pi * variance) / 2
    else:
        raise ValueError(f"decoder must be 'bernoulli' or 'gaussian', got {decoder!r}.")
    return (losses.flatten(1).sum(1) + gaussian_kl(mean, log_variance)).mean()
