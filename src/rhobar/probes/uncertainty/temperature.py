"""Temperature scaling: one number that makes a classifier as sure as it should be.

    p = softmax(z / T),      T = argmin Σ_i −log p_i[y_i]

The class that is answered stays the same. The loss is convex in 1/T, so Newton's method on 1/T finds the minimum. The
error of T comes from the sandwich H⁻¹ (Σ s_i²) H⁻¹ of the samples' scores s_i = ∂ℓ_i/∂(1/T).

References:
    Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks, section 4.2.
    White (1982), Maximum likelihood estimation of misspecified models, eq. 2.2 (the sandwich).
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rhobar.probes.uncertainty.predictions import checked_probabilities

__all__ = ["Temperature", "fit_temperature"]


@dataclass(frozen=True)
class Temperature:
    """The temperature that fits held-out data.

    Attributes:
        value: T; above one the classifier was too sure.
        stderr: Its standard error.
        nll_before: Mean negative log-likelihood at T = 1, in nats.
        nll_after: At the fitted T, on the same data.
    """

    value: float
    stderr: float
    nll_before: float
    nll_after: float


def fit_temperature(logits: Float[Tensor, "samples classes"], classes: Int[Tensor, " samples"]) -> Temperature:
    """Fit the temperature on data that the classifier was not trained on.

    Args:
        logits: What the classifier returned.
        classes: The true classes.

    Returns:
        T; infinite, or zero, where the likelihood grows without end.

    Note:
        A `ValueError` is raised if logits and classes do not fit or are not finite.

    Example:
        >>> z = torch.tensor([[2.0, 0.0]]).repeat(100, 1)  # 88 % sure
        >>> found = fit_temperature(z, (torch.arange(100) >= 73).long())  # 73 % right: σ(1) = 0.73
        >>> round(found.value, 1)
        2.0
    """
    z = logits.detach().double().cpu()
    _, classes = checked_probabilities(z.softmax(-1), classes)
    own = z.gather(1, classes[:, None])[:, 0]
    before = torch.nn.functional.cross_entropy(z, classes).item()
    if bool((own >= z.max(1).values).all()):  # all right: the surer the better
        return Temperature(0.0, float("nan"), before, 0.0)
    if (z.mean(1) - own).sum() >= 0:  # the loss, convex in 1/T, rises from 1/T = 0 on
        return Temperature(float("inf"), float("nan"), before, math.log(z.shape[1]))
    b = 1.0
    for _ in range(100):
        s, h = _derivatives(z, classes, b)
        curvature = h.sum().item()
        new = b - s.sum().item() / curvature if curvature > 0 else b / 4
        new = min(max(new, b / 4), 4 * b)
        done, b = abs(new - b) <= 1e-12 * b, new
        if done:
            break
    s, h = _derivatives(z, classes, b)
    after = torch.nn.functional.cross_entropy(z * b, classes).item()
    stderr_b = (s.square().sum().sqrt() / h.sum()).item()
    return Temperature(1 / b, stderr_b / b**2, before, after)


def _derivatives(z: Tensor, y: Tensor, b: float) -> tuple[Tensor, Tensor]:
    """Return each sample's first and second derivative of −log softmax(b z)[y] by b: mean of z less z_y, variance."""
    p = (b * z).softmax(1)
    mean = (p * z).sum(1)
    return mean - z.gather(1, y[:, None])[:, 0], (p * z.square()).sum(1) - mean**2
