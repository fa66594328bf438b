"""Information criteria: a penalty for parameters in place of held-out samples.

With k free parameters, n samples and the maximised log-likelihood ln L̂ in nats,

    AIC  = 2k − 2 ln L̂,
    AICc = AIC + 2k(k + 1)/(n − k − 1),
    BIC  = k ln n − 2 ln L̂.

The lower, the better; only differences on the same samples mean anything. AIC estimates the expected Kullback–Leibler
distance and predicts best; BIC approximates −2 ln of the marginal likelihood and, as n grows, finds the true model if
it is among the candidates. Both assume a regular model: identifiable parameters and a Fisher matrix of full rank. Deep
networks are not: symmetric, redundant weights make k meaningless. Hold samples out instead.

References:
    Akaike (1974), A new look at the statistical model identification.
    Hurvich and Tsai (1989), Regression and time series model selection in small samples.
    Schwarz (1978), Estimating the dimension of a model.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["aic", "aicc", "akaike_weights", "bic"]


def aic(log_likelihood: float, num_parameters: int) -> float:
    """Akaike's criterion, 2k − 2 ln L̂.

    Args:
        log_likelihood: ln L̂, summed over the samples, in nats.
        num_parameters: k, with the noise variance if that is estimated too.

    Returns:
        The criterion; less is better.

    Example:
        >>> aic(-10.0, 3)
        26.0

    Textbook: B68.
    """
    return 2.0 * num_parameters - 2.0 * log_likelihood


def aicc(log_likelihood: float, num_parameters: int, num_samples: int) -> float:
    """Akaike's criterion corrected for few samples; exact for linear regression with Gaussian noise.

    Args:
        log_likelihood: ln L̂.
        num_parameters: k.
        num_samples: n.

    Returns:
        The criterion; less is better.

    Raises:
        ValueError: Unless n > k + 1.

    Example:
        >>> aicc(-10.0, 3, 10)
        30.0

    Textbook: B68.
    """
    k, n = num_parameters, num_samples
    if n <= k + 1:
        raise ValueError(f"num_samples must exceed num_parameters + 1 = {k + 1}, got {n}; take a smaller model.")
    return aic(log_likelihood, k) + 2 * k * (k + 1) / (n - k - 1)


def bic(log_likelihood: float, num_parameters: int, num_samples: int) -> float:
    """Schwarz's criterion, k ln n − 2 ln L̂.

    Args:
        log_likelihood: ln L̂.
        num_parameters: k.
        num_samples: n.

    Returns:
        The criterion; less is better.

    Raises:
        ValueError: If there is no sample.

    Example:
        >>> round(bic(-10.0, 3, 100), 3)
        33.816

    Textbook: B68.
    """
    if num_samples < 1:
        raise ValueError(f"num_samples must be at least 1, got {num_samples}.")
    return num_parameters * math.log(num_samples) - 2.0 * log_likelihood


def akaike_weights(criteria: Float[Tensor, " models"]) -> Float[Tensor, " models"]:
    """The relative likelihood of each model, w_m ∝ exp(−Δ_m/2), Δ_m the distance from the lowest criterion.

    Args:
        criteria: AIC, AICc or BIC of each model on the same samples.

    Returns:
        Weights that sum to one.

    Example:
        >>> akaike_weights(torch.tensor([100.0, 100.0, 200.0]))
        tensor([5.0000e-01, 5.0000e-01, 9.6437e-23])

    Reference: Burnham and Anderson (2002), Model selection and multimodel inference, section 2.9.
    """
    return torch.softmax(-0.5 * criteria, 0)
