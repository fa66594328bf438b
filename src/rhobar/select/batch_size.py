"""The critical batch size: up to which more samples a step save steps.

With B_noise the gradient noise scale, training to a given loss takes, in the simplest model,

    S(B) = S_min (1 + B_crit/B)   steps and   E(B) = B·S(B) = E_min (1 + B/B_crit)   samples,   E_min = S_min·B_crit,

that is (S/S_min − 1)(E/E_min − 1) = 1. At B_crit steps and samples are each twice their least. `predicted_steps` says
it; `critical_batch_size` takes B_crit ≈ tr Σ/‖G‖² from one measurement of the gradients (`rhobar.probes.noise`);
`fit_steps` measures B_crit itself from trainings at several batch sizes. The two agree in order of magnitude: the noise
scale grows during training, and curvature and the optimizer enter the second alone.

Reference: McCandlish, Kaplan, Amodei et al. (2018), An empirical model of large-batch training, eq. (2.11), (2.12).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from rhobar.probes.curvature.risk import Batch, Loss
from rhobar.probes.noise import gradient_noise

__all__ = ["CriticalBatchSize", "StepsFit", "critical_batch_size", "fit_steps", "predicted_steps"]


@dataclass(frozen=True)
class CriticalBatchSize:
    """The batch size at which steps and samples are each twice their least.

    Attributes:
        value: tr Σ/‖G‖², in samples; infinite where the gradient is lost in the noise.
        interval: Its confidence interval (Fieller's).
        num_samples: How many samples it was measured from.
    """

    value: float
    interval: tuple[float, float]
    num_samples: int


@dataclass(frozen=True)
class StepsFit:
    """S(B) = S_min (1 + B_crit/B), fitted.

    Attributes:
        critical: B_crit, in samples.
        critical_stderr: Its standard error, by the delta method; infinite with two batch sizes only.
        min_steps: S_min.
        min_samples: E_min = S_min·B_crit.
    """

    critical: float
    critical_stderr: float
    min_steps: float
    min_samples: float


def critical_batch_size(
    model: nn.Module, loss: Loss, batches: Iterable[Batch], *, confidence: float = 0.95
) -> CriticalBatchSize:
    """Estimate B_crit by the gradient noise scale of the model as it stands.

    Args:
        model: Any module; it is left as it was. Measure it some way into training: at the start the scale is far less.
        loss: ``loss(model(inputs), targets)``, the mean over the samples.
        batches: Pairs (inputs, targets), some hundreds of samples in all.
        confidence: Of the interval.

    Returns:
        The estimate with its interval.

    Note:
        A `ValueError` is raised if there are fewer than three samples or the loss is not a mean over samples.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)
        >>> _ = nn.init.zeros_(model.weight)
        >>> batch = (torch.ones(3, 1), -torch.tensor([[1.0], [2.0], [3.0]]))
        >>> round(critical_batch_size(model, nn.MSELoss(), [batch]).value, 4)
        0.2727

    Textbook: B30.
    """
    noise = gradient_noise(model, loss, batches, confidence=confidence)
    return CriticalBatchSize(noise.scale, noise.interval, noise.num_samples)


def predicted_steps(batch_size: float, critical: float, min_steps: float) -> float:
    """Steps to a given loss at a batch size, S_min (1 + B_crit/B).

    Args:
        batch_size: B.
        critical: B_crit.
        min_steps: S_min, the steps that an infinite batch would take.

    Returns:
        S(B).

    Example:
        >>> predicted_steps(50.0, critical=50.0, min_steps=100.0)
        200.0

    Textbook: B30.
    """
    return min_steps * (1 + critical / batch_size)


def fit_steps(batch_sizes: Sequence[float | int], steps: Sequence[float | int]) -> StepsFit:
    """Fit S(B) to measured steps by least squares in ln S, as step counts err in proportion.

    Args:
        batch_sizes: B of each training.
        steps: Steps that it took to the same loss, at the best rate of its batch size.

    Returns:
        The fit.

    Raises:
        ValueError: If there are fewer than two different batch sizes, or a number is not positive.

    Example:
        >>> round(fit_steps([10, 100, 1000], [1100, 200, 110]).critical, 3)
        100.0

    Textbook: B30.
    """
    B, S = (torch.tensor(list(v), dtype=torch.float64) for v in (batch_sizes, steps))
    if B.shape != S.shape or B.unique().numel() < 2 or not bool((B > 0).all() and (S > 0).all()):
        raise ValueError(
            f"Positive steps at two different batch sizes at least are needed, got {batch_sizes}, {steps}."
        )
    x = _least(B, S)
    J = _jacobian(x, B)
    residuals = S.log() - _model(x, B)
    freedom = B.numel() - 2
    variance = float(residuals.square().sum()) / freedom * torch.linalg.inv(J.T @ J)[1, 1] if freedom else math.inf
    critical, least = float(x[1].exp()), float(x[0].exp())
    return StepsFit(critical, critical * float(variance) ** 0.5, least, least * critical)


def _model(x: torch.Tensor, B: torch.Tensor) -> torch.Tensor:
    """Ln S = x₀ + ln(1 + e^{x₁}/B)."""
    return x[0] + torch.log1p(x[1].exp() / B)


def _jacobian(x: torch.Tensor, B: torch.Tensor) -> torch.Tensor:
    return torch.stack([torch.ones_like(B), torch.sigmoid(x[1] - B.log())], 1)


def _least(B: torch.Tensor, S: torch.Tensor) -> torch.Tensor:
    """Levenberg–Marquardt from the geometric mean of the batch sizes."""
    x = torch.stack([S.min().log(), B.log().mean()])
    damping, cost = 1e-2, math.inf
    for _ in range(200):
        r, J = S.log() - _model(x, B), _jacobian(x, B)
        cost = float(r.square().sum())
        A = J.T @ J
        trial = x + torch.linalg.solve(A + damping * torch.eye(2, dtype=A.dtype), J.T @ r)
        better = float((S.log() - _model(trial, B)).square().sum()) <= cost
        moved = float((trial - x).abs().max())
        x, damping = (trial, damping / 5) if better else (x, damping * 5)
        if better and moved < 1e-12:
            break
    return x
