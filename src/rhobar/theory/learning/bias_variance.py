"""The squared error of a learner is bias² + variance + noise, over training sets and over the noise of test targets.

    E (f̂(x) − y)² = (E f̂ − f)² + Var f̂ + Var y,        f = E[y|x]

From S training sets and D draws of the targets, at each x, with the variances of n − 1 in the denominator,

    bias² = (mean f̂ − mean y)² − Var f̂/S − Var y/D,

which is unbiased (and may come out negative), and the three sum to the measured error exactly. The mean of k members
with variance v and correlation c has the variance v(c + (1 − c)/k).

Textbook: A93, A94, B36, B37

References:
    Geman, Bienenstock and Doursat (1992), Neural networks and the bias/variance dilemma, eq. (3.2).
    Breiman (2001), Random forests, section 11.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.theory.contracts import require_positive

__all__ = ["BiasVariance", "Component", "bias_variance", "ensemble_variance"]


@dataclass(frozen=True)
class Component:
    """A mean over the test inputs.

    Attributes:
        value: The estimate.
        stderr: Its standard error over training sets and over draws of the targets, by the jackknife.
    """

    value: float
    stderr: float


@dataclass(frozen=True)
class BiasVariance:
    """The decomposition; `bias_squared`, `variance` and `noise` sum to `error`.

    Attributes:
        bias_squared: Of the mean prediction.
        variance: Of predictions over training sets.
        noise: Of the targets.
        error: Mean squared error.
    """

    bias_squared: Component
    variance: Component
    noise: Component
    error: Component


def bias_variance(predictions: Float[Tensor, "sets points"], targets: Float[Tensor, "draws points"]) -> BiasVariance:
    """Decompose the mean squared error at fixed test inputs.

    Args:
        predictions: f̂(x), a row for each training set drawn anew, three at least.
        targets: y at the same inputs, a row for each draw of the noise; a single row is taken for f itself.

    Raises:
        ValueError: If there are fewer than three training sets.

    Example:
        >>> sets = torch.tensor([[1.0, 2.0], [3.0, 2.0], [2.0, 2.0]])
        >>> found = bias_variance(sets, torch.tensor([[1.0, 2.0]]))
        >>> round(found.bias_squared.value, 4), round(found.variance.value, 4), round(found.error.value, 4)
        (0.3333, 0.5, 0.8333)

    Textbook: A93, B36
    """
    P, Y = predictions.double(), targets.double()
    S, D = len(P), len(Y)
    if S < 3:
        raise ValueError(f"Predictions of three training sets at least are needed, got {S}; two give no error bar.")
    whole = _parts(P, Y)
    spread = _jackknife(torch.stack([_parts(torch.cat([P[:s], P[s + 1 :]]), Y) for s in range(S)]))
    if D > 2:
        spread = spread + _jackknife(torch.stack([_parts(P, torch.cat([Y[:d], Y[d + 1 :]])) for d in range(D)]))
    elif D == 2:
        spread[2] = torch.nan
    components = [Component(v, e) for v, e in zip(whole.tolist(), spread.sqrt().tolist(), strict=True)]
    return BiasVariance(*components)


def ensemble_variance(variance: float, correlation: float, num_members: int) -> float:
    """v(c + (1 − c)/k): averaging removes what members do not share, and leaves cv however many there are.

    Args:
        variance: v of one member.
        correlation: c of two.
        num_members: k.

    Example:
        >>> ensemble_variance(4.0, 0.5, 2)
        3.0

    Textbook: B37
    """
    require_positive(num_members=num_members)
    return variance * (correlation + (1 - correlation) / num_members)


def _parts(P: Tensor, Y: Tensor) -> Tensor:
    """Return bias², variance, noise and error, averaged over the inputs."""
    S, D = len(P), len(Y)
    variance = P.var(0).mean()
    noise = Y.var(0).mean() if D > 1 else torch.zeros_like(variance)
    bias = (P.mean(0) - Y.mean(0)).square().mean() - variance / S - (noise / D if D > 1 else 0)
    return torch.stack([bias, variance, noise, bias + variance + noise])


def _jackknife(parts: Tensor) -> Tensor:
    """(G − 1)/G Σ (θ_g − θ̄)², of each column."""
    G = len(parts)
    squares: Tensor = (parts - parts.mean(0)).square().sum(0)
    return squares * (G - 1) / G
