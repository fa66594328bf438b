"""Can the targets be told from the inputs at all? Three simple predictors, judged on rows they did not see.

Nearest neighbours, ridge regression and kernel ridge regression are fitted on one half of the rows and scored on
the other, then the other way round. If none of them beats a constant answer, the labels may carry no signal.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["LabelScore", "label_score", "ordinal_share"]

MIN_ROWS = 60
MAX_ROWS = 1200


@dataclass(frozen=True)
class LabelScore:
    """Held-out accuracy (classes) or R² (real targets) of the best simple predictor.

    Attributes:
        score: Its accuracy or R².
        chance: The constant answer's accuracy, or 0.
        stderr: Standard error of `score` over rows.
        num_rows: Rows used.
        probe: Which predictor was best.
    """

    score: float
    chance: float
    stderr: float
    num_rows: int
    probe: str


def label_score(
    x: Float[Tensor, "rows features"],
    y: Float[Tensor, "rows columns"],
    *,
    classes: bool,
    generator: torch.Generator | None = None,
) -> LabelScore | None:
    """Score simple predictors of y from x by two-fold cross-validation; ``None`` if there are too few rows.

    For classes y has one column of labels. The standard error of an accuracy a over n rows is √(a(1 − a)/n); of
    R² = 1 − Σe²/Σb² it is that of the mean of (b² − e²)/mean(b²).

    Args:
        x: Inputs, one row a sample.
        y: Targets.
        classes: Whether targets are classes rather than real numbers.
        generator: Randomness of the split.
    """
    order = torch.randperm(x.shape[0], generator=generator)[:MAX_ROWS]
    x, y = x[order].double(), y[order].double()
    n = x.shape[0]
    if n < MIN_ROWS:
        return None
    x = (x - x.mean(0)) / x.std(0).clamp_min(1e-9)
    x = x[:, x.abs().amax(0) > 0]
    if x.shape[1] == 0:
        return None
    if classes:
        values, index = torch.unique(y[:, 0], return_inverse=True)
        target = torch.nn.functional.one_hot(index, values.numel()).double()
    else:
        target = (y - y.mean(0)) / y.std(0).clamp_min(1e-12)
    half = n // 2
    folds = ((slice(0, half), slice(half, n)), (slice(half, n), slice(0, half)))
    best: LabelScore | None = None
    for name, predict in _PREDICTORS.items():
        out = torch.cat([predict(x[fit], target[fit], x[held]) for fit, held in folds])
        truth = torch.cat([target[held] for _, held in folds])
        found = _accuracy(out, truth, name) if classes else _r_squared(out, truth, name)
        best = found if best is None or found.score > best.score else best
    return best


def _accuracy(out: Tensor, truth: Tensor, name: str) -> LabelScore:
    n = truth.shape[0]
    accuracy = float((out.argmax(1) == truth.argmax(1)).double().mean())
    chance = float(truth.mean(0).max())
    p = max(accuracy, chance)
    return LabelScore(accuracy, chance, math.sqrt(max(p * (1 - p), 1 / n) / n), n, name)


def _r_squared(out: Tensor, truth: Tensor, name: str) -> LabelScore:
    errors, base = (out - truth).square().mean(1), truth.square().mean(1)
    gain = (base - errors) / base.mean().clamp_min(1e-12)
    n = truth.shape[0]
    return LabelScore(float(gain.mean()), 0.0, float(gain.std() / math.sqrt(n)), n, name)


def _neighbours(x: Tensor, y: Tensor, at: Tensor, k: int = 7) -> Tensor:
    nearest = torch.cdist(at, x).topk(min(k, x.shape[0]), largest=False).indices
    return y[nearest].mean(1)


def _ridge(x: Tensor, y: Tensor, at: Tensor) -> Tensor:
    """w = (XXᵀ + λI)⁻¹ in the dual, with λ = number of features (unit prior variance per standardised feature)."""
    mean = y.mean(0)
    kernel = x @ x.T + x.shape[1] * torch.eye(x.shape[0], dtype=x.dtype)
    return at @ (x.T @ torch.linalg.solve(kernel, y - mean)) + mean


def _kernel_ridge(x: Tensor, y: Tensor, at: Tensor) -> Tensor:
    """Gaussian kernel with the median distance as its width."""
    distances = torch.cdist(x, x)
    width = distances.median().clamp_min(1e-9)
    mean = y.mean(0)
    kernel = torch.exp(-((distances / width) ** 2)) + 0.1 * torch.eye(x.shape[0], dtype=x.dtype)
    return torch.exp(-((torch.cdist(at, x) / width) ** 2)) @ torch.linalg.solve(kernel, y - mean) + mean


_PREDICTORS = {"nearest neighbours": _neighbours, "ridge regression": _ridge, "kernel ridge": _kernel_ridge}


def ordinal_share(x: Float[Tensor, "rows features"], labels: Float[Tensor, " rows"]) -> float | None:
    """Share of the between-class scatter that lies along one direction: 1 if the class means stand in a line.

    S_b = Σ_c p_c (μ_c − μ)(μ_c − μ)ᵀ of features whitened within classes; the share is λ₁(S_b)/tr S_b, after the
    part that sampling alone puts there, (K − 1)/n per direction, is taken off. Classes that are ordered (grades,
    ages) lie near a line; names of things do not.
    """
    values, index = torch.unique(labels, return_inverse=True)
    counts = torch.bincount(index).double()
    if values.numel() < 3 or counts.min() < 5 or x.shape[0] < MIN_ROWS:
        return None
    x = x.double()
    x = (x - x.mean(0)) / x.std(0).clamp_min(1e-9)
    means = torch.stack([x[index == c].mean(0) for c in range(values.numel())])
    within = x - means[index]
    _, s, v = torch.linalg.svd(within, full_matrices=False)
    keep = max(2, min(int((s > 1e-6 * s[0]).sum()), x.shape[0] // 20, 30))
    white = v[:keep].T / (s[:keep] / math.sqrt(x.shape[0])).clamp_min(1e-9)
    z = (means - (means * counts[:, None]).sum(0) / counts.sum()) @ white
    scatter = (z * (counts / counts.sum())[:, None]).T @ z
    noise = (values.numel() - 1) / x.shape[0]
    eigen = (torch.linalg.eigvalsh(scatter) - noise / max(keep, 1)).clamp_min(0)
    total = float(eigen.sum())
    return float(eigen[-1]) / total if total > 0 else None
