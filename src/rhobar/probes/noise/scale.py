"""How noisy the gradient is, and the batch size up to which more samples help.

With G the gradient of the risk and Σ the covariance of the gradients g_i of single samples,

    B_simple = tr Σ / ‖G‖².

A batch of B has ‖mean − G‖² = tr Σ / B: well below B_simple doubling B halves the steps that are needed, well above it
is wasted. From n samples, unbiased,

    tr Σ ≈ (Σ_i ‖g_i‖² − n ‖ḡ‖²) / (n − 1),      ‖G‖² ≈ ‖ḡ‖² − tr Σ / n.

Textbook: C34 B30 (part 6).

References:
    McCandlish, Kaplan, Amodei et al. (2018), An empirical model of large-batch training, eq. (2.9) and appendix A.1.
    Yin et al. (2018), Gradient diversity, definition 1.
    Fieller (1954), Some problems in interval estimation, section 3.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rhobar.linalg.products import gradients
from rhobar.probes.curvature.forward import loss_of
from rhobar.probes.curvature.risk import Batch, Loss, Risk, num_samples
from rhobar.probes.noise.sample_gradients import Plans, sample_gradients

__all__ = ["GradientNoise", "gradient_noise", "noise_from"]


@dataclass(frozen=True)
class GradientNoise:
    """The first two moments of the gradients of single samples.

    Attributes:
        variance: tr Σ.
        variance_stderr: Its standard error, by the jackknife.
        square: ‖G‖², unbiased, so negative at times where G is lost in the noise.
        square_stderr: Its standard error.
        scale: B_simple in samples; infinite if `square` is not positive.
        interval: Fieller's interval of B_simple; its end is infinite if G may be zero.
        diversity: Σ‖g_i‖² / ‖Σ g_i‖², at most one for a single sample and 1/n for equal ones.
        num_samples: n.
        variances: tr Σ of each parameter.
        slow: Parameters that took a backward pass a sample, each with the reason.
    """

    variance: float
    variance_stderr: float
    square: float
    square_stderr: float
    scale: float
    interval: tuple[float, float]
    diversity: float
    num_samples: int
    variances: dict[str, float] = field(default_factory=dict, repr=False)
    slow: dict[str, str] = field(default_factory=dict, repr=False)


def gradient_noise(
    model: nn.Module,
    loss: Loss,
    batches: Iterable[Batch],
    *,
    names: Sequence[str] | None = None,
    confidence: float = 0.95,
) -> GradientNoise:
    """Measure the gradient noise from all samples of all batches.

    Args:
        model: Any module, in the mode that is meant; it is left as it was.
        loss: `loss(model(inputs), targets)`, the mean over the samples.
        batches: Pairs (inputs, targets), of three samples at least in all.
        names: Parameters by name; by default all that require gradients.
        confidence: Of the interval.

    Returns:
        The moments, with errors over the draw of the samples.

    Note:
        A `ValueError` is raised if there are fewer than three samples or the loss is not a mean over samples.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)  # g = 2 x (θ x − y) = 2, 4, 6
        >>> _ = nn.init.zeros_(model.weight)
        >>> batch = (torch.ones(3, 1), -torch.tensor([[1.0], [2.0], [3.0]]))
        >>> noise = gradient_noise(model, nn.MSELoss(), [batch])
        >>> round(noise.variance, 4), round(noise.square, 4), round(noise.scale, 4)
        (4.0, 14.6667, 0.2727)
    """
    risk = Risk(model, loss, batches, names)
    counts = [num_samples(batch) for batch in risk.batches]
    mean: list[Tensor] = []
    for count, batch in zip(counts, risk.batches, strict=True):
        part = [count / sum(counts) * g for g in risk.run(_mean, batch, twice=False)]
        mean = [a + b for a, b in zip(mean, part, strict=True)] if mean else part
    slow: dict[str, str] = {}
    plans: Plans = {}

    def measure(risk: Risk, batch: Batch) -> tuple[Tensor, Tensor]:
        found = sample_gradients(risk, batch, plans)
        slow.update({name: reason for name, reason in zip(risk.space.names, found.reasons, strict=True) if reason})
        return found.squares(), found.dots(mean)

    measured = [risk.run(measure, batch, twice=False) for batch in risk.batches]
    squares, dots = (torch.cat(rows, 1) for rows in zip(*measured, strict=True))
    n = squares.shape[1]
    noise = noise_from(squares.sum(0), dots.sum(0), confidence=confidence)
    variances = (squares.sum(1) - dots.sum(1)) / (n - 1)  # Σ_i ⟨g_i, ḡ⟩ = n ‖ḡ‖²
    named = dict(zip(risk.space.names, variances.tolist(), strict=True))
    return GradientNoise(**{**vars(noise), "variances": named, "slow": slow})


def noise_from(squares: Float[Tensor, " n"], dots: Float[Tensor, " n"], *, confidence: float = 0.95) -> GradientNoise:
    """Return the noise from ‖g_i‖² and ⟨g_i, ḡ⟩ alone; both jackknives follow from them exactly.

    Raises:
        ValueError: If there are fewer than three samples, or the confidence is not between 0 and 1.
    """
    n = squares.numel()
    if n < 3 or not 0 < confidence < 1:
        raise ValueError(f"At least 3 samples and a confidence in (0, 1) are needed, got {n} and {confidence}.")
    m2 = dots.mean()
    a, b = _moments(squares.sum(), m2, n)
    without = (n**2 * m2 - 2 * n * dots + squares) / (n - 1) ** 2  # ‖ḡ‖² without sample i
    left = torch.stack(_moments(squares.sum() - squares, without, n - 1))
    centred = left - left.mean(1, keepdim=True)
    V = (n - 1) / n * centred @ centred.T
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    return GradientNoise(
        a.item(),
        V[0, 0].sqrt().item(),
        b.item(),
        V[1, 1].sqrt().item(),
        (a / b).item() if b > 0 else float("inf"),
        _fieller(a.item(), b.item(), V.tolist(), z),
        (squares.sum() / (n**2 * m2)).item() if m2 > 0 else float("inf"),
        n,
    )


def _moments(total: Tensor, m2: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """Return tr Σ and ‖G‖² from Σ‖g_i‖² and ‖ḡ‖²."""
    variance = (total - n * m2) / (n - 1)
    return variance, m2 - variance / n


def _fieller(a: float, b: float, V: list[list[float]], z: float) -> tuple[float, float]:
    """Return the ρ ≥ 0 with (a − ρ b)² ≤ z² Var(a − ρ b), as one interval."""
    A, B, C = b * b - z * z * V[1][1], a * b - z * z * V[0][1], a * a - z * z * V[0][0]
    disc = B * B - A * C
    if A > 0:
        root = max(disc, 0.0) ** 0.5
        return (B - root) / A if root < B else 0.0, max((B + root) / A, 0.0)
    if disc < 0 or A == 0:
        return 0.0, float("inf")
    low, high = sorted(((B - disc**0.5) / A, (B + disc**0.5) / A))
    return (0.0 if low >= 0 else max(high, 0.0)), float("inf")


def _mean(risk: Risk, batch: Batch) -> list[Tensor]:

    found = gradients([loss_of(risk.model, risk.loss, batch)], risk.edges())
    parts = risk.space.split(risk.space.flatten(found))
    return [part.clone() for part in parts]
