"""Expected improvement: what Bayesian optimisation maximises to choose the next trial.

With a model's prediction y ~ N(μ, σ²) at a point and y* the best value so far, to be undercut,

    EI = E[max(y* − y, 0)] = (y* − μ) Φ(u) + σ φ(u),    u = (y* − μ)/σ.

It is positive wherever the model is unsure, and zero where a noiseless trial was made that did not win.

References:
    Močkus, Tiesis and Žilinskas (1978), The application of Bayesian methods for seeking the extremum.
    Jones, Schonlau and Welch (1998), Efficient global optimization of expensive black-box functions, eq. (15).
"""

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["expected_improvement"]


def expected_improvement(
    mean: Float[Tensor, "*points"], std: Float[Tensor, "*points"], best: float, *, minimize: bool = True
) -> Float[Tensor, "*points"]:
    """Expected gain over the best value so far, under a Gaussian prediction.

    Args:
        mean: μ.
        std: σ ≥ 0; where it is zero the gain is certain, max(y* − μ, 0).
        best: y*.
        minimize: Whether y is a loss; else y is negated first.

    Returns:
        EI ≥ 0, in the unit of y.

    Example:
        >>> expected_improvement(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 0.0]), best=0.0)
        tensor([0.3989, 0.0000])

    Textbook: C95.
    """
    gain = best - mean if minimize else mean - best
    u = gain / std.clamp_min(torch.finfo(std.dtype).tiny)
    phi = torch.exp(-0.5 * u.square()) / (2 * torch.pi) ** 0.5
    EI = gain * torch.special.ndtr(u) + std * phi
    return torch.where(std > 0, EI.clamp_min(0), gain.clamp_min(0))
