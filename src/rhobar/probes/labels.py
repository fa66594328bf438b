"""Can the targets be told from the inputs at all? Three simple predictors, judged on rows they did not see.

Nearest neighbours, ridge regression and kernel ridge regression are fitted on one half of the rows and scored on
the other, then the other way round. If none of them beats a constant answer, the labels may carry no signal.
"""

import dataclasses
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
        recall: Mean over the classes of the share of their rows that is found, when each class's score is held
            against its own mean; where one class is nearly everything, it tells what the accuracy hides.
        recall_stderr: Its standard error; 1/K is chance.
    """

    score: float
    chance: float
    stderr: float
    num_rows: int
    probe: str
    recall: float | None = None
    recall_stderr: float | None = None


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
    scores = []
    for name, predict in _PREDICTORS.items():
        out = torch.cat([predict(x[fit], target[fit], x[held]) for fit, held in folds])
        truth = torch.cat([target[held] for _, held in folds])
        scores.append(_accuracy(out, truth, name) if classes else _r_squared(out, truth, name))
    best = max(scores, key=lambda found: found.score)
    if not classes:
        return best
    keenest = max(scores, key=lambda found: found.recall or 0.0)
    return dataclasses.replace(best, recall=keenest.recall, recall_stderr=keenest.recall_stderr)


def _accuracy(out: Tensor, truth: Tensor, name: str) -> LabelScore:
    n = truth.shape[0]
    accuracy = float((out.argmax(1) == truth.argmax(1)).double().mean())
    chance = float(truth.mean(0).max())
    p = max(accuracy, chance)
    stderr = math.sqrt(max(p * (1 - p), 1 / n) / n)
    return LabelScore(accuracy, chance, stderr, n, name, *_recall(out, truth))


def _recall(out: Tensor, truth: Tensor) -> tuple[float, float]:
    """Mean recall r̄ = Σ r_k / K of argmax_k (s_k − s̄_k), and √(Σ r_k(1 − r_k)/n_k)/K; rare classes are not drowned."""
    said, right = (out - out.mean(0)).argmax(1), truth.argmax(1)
    counts = truth.sum(0)
    hits = truth.mul((said == right).double()[:, None]).sum(0)
    found = counts > 0
    n, r = counts[found], hits[found] / counts[found]
    spread = torch.maximum(r * (1 - r), 1 / n) / n
    return float(r.mean()), float(spread.sum().sqrt() / n.numel())


def _r_squared(out: Tensor, truth: Tensor, name: str) -> LabelScore:
    errors, base = (out - truth).square().mean(1), truth.square().mean(1)
    gain = (base - errors) / base.mean().clamp_min(1e-12)
    n = truth.shape[0]
    return LabelScore(float(gain.mean()), 0.0, float(gain.std() / math.sqrt(n)), n, name)


def _neighbours(x: Tensor, y: Tensor, at: Tensor, k: int = 7) -> Tensor:
    nearest = torch.cdist(at, x).topk(min(k, x.shape[0]), largest=False).indices
    return y[nearest].mean(1)


def _ridge(x: Tensor, y: Tensor, at: Tensor) -> Tensor:
    """W = (XXᵀ + λI)⁻¹ in the dual, with λ = number of features (unit prior variance per standardised feature)."""
    mean = y.mean(0)
    kernel = x @ x.T + x.shape[1] * torch.eye(x.shape[0], dtype=x.dtype)
    weights: Tensor = x.T @ torch.linalg.solve(kernel, y - mean)
    return at @ weights + mean


def _kernel_ridge(x: Tensor, y: Tensor, at: Tensor) -> Tensor:
    """Gaussian kernel with the median distance as its width."""
    distances = torch.cdist(x, x)
    width = distances.median().clamp_min(1e-9)
    mean = y.mean(0)
    kernel = torch.exp(-((distances / width) ** 2)) + 0.1 * torch.eye(x.shape[0], dtype=x.dtype)
    weights: Tensor = torch.linalg.solve(kernel, y - mean)
    return torch.exp(-((torch.cdist(at, x) / width) ** 2)) @ weights + mean


_PREDICTORS = {"nearest neighbours": _neighbours, "ridge regression": _ridge, "kernel ridge": _kernel_ridge}


def ordinal_share(
    x: Float[Tensor, "rows features"],
    labels: Float[Tensor, " rows"],
    *,
    generator: torch.Generator | None = None,
) -> float | None:
    """How far whole-number labels behave like grades rather than like names, from 0 to 1; 0.6 is the limit.

    A kernel ridge classifier gives held-out scores s_k(x) for each class k. For grades a wrong class scores the higher
    the nearer it is to the right one; for names its number says nothing. The measure is the correlation r, over all
    rows and wrong classes, of s_k with −|k − y|. If names were dealt at random over K classes, r would have standard
    deviation 1/√(K(K − 1)/2) (one independent similarity for each pair), so the limit is 1.3 of that (one naming in ten
    passes it by chance); the value returned is 0.6·r/limit, clipped to [0, 1].

    Returns:
        The measure, or ``None`` for fewer than five classes (too few pairs to tell) or too few rows.
    """
    order = torch.randperm(x.shape[0], generator=generator)[:MAX_ROWS]
    x, labels = x[order].double(), labels[order].double()
    values, index = torch.unique(labels, return_inverse=True)
    num_classes = int(values.numel())
    if num_classes < 5 or x.shape[0] < MIN_ROWS or int(torch.bincount(index).min()) < 4:
        return None
    x = (x - x.mean(0)) / x.std(0).clamp_min(1e-9)
    y = torch.nn.functional.one_hot(index, num_classes).double()
    half = x.shape[0] // 2
    out = torch.cat([_kernel_ridge(x[half:], y[half:], x[:half]), _kernel_ridge(x[:half], y[:half], x[half:])])
    out = out - out.mean(0)
    closeness = -(values[None, :] - labels[:, None]).abs() / (values[-1] - values[0])
    closeness = closeness - closeness.mean(0)
    wrong = y == 0
    a, b = out[wrong], closeness[wrong]
    a, b = a - a.mean(), b - b.mean()
    r = float((a @ b) / (a.norm() * b.norm()).clamp_min(1e-12))
    limit = 1.3 / math.sqrt(num_classes * (num_classes - 1) / 2)
    return min(max(0.6 * r / limit, 0.0), 1.0)
