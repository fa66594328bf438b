"""Neural collapse: how near the features are to one point a class, at the corners of a simplex.

With class means μ_c, their mean μ, Σ_W the covariance within classes, Σ_B that of the class means, C classes, and
M the matrix of μ_c − μ:

    NC1   tr(Σ_W Σ_B⁺) / C                                variability within classes → 0
    NC2   std_c ‖μ_c − μ‖ / mean_c ‖μ_c − μ‖              equal lengths → 0
          mean_{c≠c'} |cos(μ_c − μ, μ_c' − μ) + 1/(C−1)|  angles of the simplex → 0
    NC3   ‖W/‖W‖ − M/‖M‖‖²  (Frobenius)                   classifier rows and class means are one → 0
    NC4   share of samples that the classifier and the nearest class mean tell apart → 0

Reference: Papyan, Han and Donoho (2020), Prevalence of neural collapse during the terminal phase of deep learning
training, section "Results" and its figures 2 to 7.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.probes.estimate import Estimate, estimates, jackknife, share_of
from rhobar.probes.samples import checked_labels, checked_samples

__all__ = ["NeuralCollapse", "neural_collapse"]


@dataclass(frozen=True)
class NeuralCollapse:
    """The four measures; smaller is nearer to collapse.

    Attributes:
        within: NC1; its inverse is a measure of class separation.
        lengths: NC2, of the lengths.
        angles: NC2, of the angles.
        duality: NC3; NaN without the classifier's weights.
        disagreement: NC4; NaN without them.
        num_classes: C.
    """

    within: Estimate
    lengths: Estimate
    angles: Estimate
    duality: Estimate
    disagreement: Estimate
    num_classes: int


def neural_collapse(
    features: Float[Tensor, "samples ..."],
    labels: Tensor,
    *,
    weight: Float[Tensor, "classes width"] | None = None,
    bias: Float[Tensor, " classes"] | None = None,
) -> NeuralCollapse:
    """Measure how far features have collapsed onto class means.

    Args:
        features: What enters the classifier, samples along the first axis.
        labels: Classes; with a classifier, indices of its rows.
        weight: W of the classifier.
        bias: Its bias.

    Returns:
        The measures, with errors over the draw of the samples.

    Raises:
        ValueError: If shapes do not fit, there are fewer than two classes or two samples of one.

    Example:
        >>> corners = torch.eye(3).repeat(2, 1)
        >>> found = neural_collapse(corners, torch.arange(3).repeat(2))
        >>> round(found.within.value, 6), round(found.lengths.value, 6), round(found.angles.value, 6)
        (0.0, 0.0, 0.0)
    """
    rows = checked_samples(features, "features", least=4)
    values, index = checked_labels(labels, rows.shape[0])
    C = values.numel()
    if int(torch.bincount(index).min()) < 2:
        raise ValueError("labels must give each class two samples at least; leave out the classes with one.")
    W = None if weight is None else _rows_of(weight, values, rows.shape[1])

    def measures(kept: Tensor) -> Tensor:
        return _measures(rows[kept], index[kept], C, W)

    found, errors = jackknife(measures, rows.shape[0])
    within, lengths, angles, duality = estimates(found, errors)
    disagreement = Estimate(float("nan"), float("nan"))
    if weight is not None and W is not None:
        logits = rows @ W.T + (0 if bias is None else bias.detach().double().cpu()[values])
        means = _class_means(rows, index, C)
        disagreement = share_of(logits.argmax(1) != torch.cdist(rows, means).argmin(1))
    return NeuralCollapse(within, lengths, angles, duality, disagreement, C)


def _rows_of(weight: Tensor, values: Tensor, width: int) -> Tensor:
    """Return the classifier's rows of the classes that are there.

    Raises:
        ValueError: If the classifier does not fit the features or the labels.
    """
    if (
        weight.shape[1] != width
        or values.is_floating_point()
        or not 0 <= int(values[0]) <= int(values[-1]) < len(weight)
    ):
        raise ValueError(
            f"weight must have {width} columns and a row for each class, got the shape {tuple(weight.shape)} for the "
            f"classes {values[:5].tolist()}; labels must be indices of its rows."
        )
    return weight.detach().double().cpu()[values]


def _class_means(rows: Tensor, index: Tensor, C: int) -> Tensor:
    counts = torch.bincount(index, minlength=C)
    return torch.zeros(C, rows.shape[1], dtype=rows.dtype).index_add_(0, index, rows) / counts[:, None]


def _measures(rows: Tensor, index: Tensor, C: int, W: Tensor | None) -> Tensor:
    """Return NC1, both of NC2, and NC3; NaN where a class is missing."""
    means = _class_means(rows, index, C)
    M = means - means.mean(0)
    if not M.isfinite().all():
        return M.new_full((4,), torch.nan)
    deviations = rows - means[index]
    # tr(Σ_W Σ_B⁺) in the at most C − 1 directions of M = U S Vᵀ, with Σ_B = V S² Vᵀ / C
    _, S, Vh = torch.linalg.svd(M, full_matrices=False)
    used = 1e-10 * S[0] < S if S[0] > 0 else S > 0
    spread = (deviations @ Vh[used].T).square().mean(0)
    within = (spread * C / S[used].square()).sum() / C
    lengths = torch.linalg.vector_norm(M, dim=1)
    cosines = (M @ M.T) / (lengths[:, None] * lengths)
    off = ~torch.eye(C, dtype=torch.bool)
    angles = (cosines[off] + 1 / (C - 1)).abs().mean()
    duality = M.new_tensor(torch.nan) if W is None else (W / W.norm() - M / M.norm()).square().sum()
    return torch.stack([within, lengths.std(correction=0) / lengths.mean(), angles, duality])
