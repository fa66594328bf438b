"""The information plane: what each layer T knows of the input X and of the target Y.

A layer of a deterministic network knows either everything of a continuous X or, if it is cut into bins or noise is
added, as much as bins or noise let through. Both readings are offered and neither is a property of the network alone:

    binning   I(X; T) = H(T_bins),        I(T; Y) = H(T_bins) − H(T_bins | Y)
    noise     T + ε with ε ~ N(0, s² I):  between two bounds from pairwise distances,
              H_c = −(1/n) Σ_i log (1/n) Σ_j exp(−‖t_i − t_j‖² / (2 c s²)),   c = 4 (lower), 1 (upper)
              I(X; T) = H,    I(T; Y) = H − Σ_y p(y) H_y

With bins, I(X; T) is at most the logarithm of the number of samples; near it the plane tells of the sample, not of the
network.

Textbook: B48[Info].

References:
    Shwartz-Ziv and Tishby (2017), Opening the black box of deep neural networks via information, section 3.
    Saxe et al. (2018), On the information bottleneck theory of deep learning, section 2 (what saturates compresses).
    Kolchinsky and Tracey (2017), Estimating mixture entropy with pairwise distances, eqs. 10 and 13.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from rhobar.probes.estimate import Estimate, jackknife
from rhobar.probes.information.counts import counted_entropy, counted_information
from rhobar.probes.representations import representations
from rhobar.probes.samples import checked_labels, checked_samples

__all__ = ["InformationPlane", "LayerInformation", "information_plane"]


@dataclass(frozen=True)
class LayerInformation:
    """One point of the plane, in nats.

    Attributes:
        input: I(X; T).
        target: I(T; Y).
        input_lower: With noise, the lower bound of `input`, which then is the upper one; else the same.
        target_lower: The estimate of `target` at the lower bound's width.
    """

    input: Estimate
    target: Estimate
    input_lower: float
    target_lower: float


@dataclass(frozen=True)
class InformationPlane:
    """All layers at one moment of training; call again later for the next.

    Attributes:
        layers: By module, in forward order.
        estimator: "binning" or "noise".
        ceiling: log n, the most that n samples can show of I(X; T).
        target_entropy: H(Y), the most that I(T; Y) can be.
        skipped: Layers that could not be measured, each with the reason.
    """

    layers: dict[str, LayerInformation]
    estimator: str
    ceiling: float
    target_entropy: float
    skipped: dict[str, str] = field(default_factory=dict)


def information_plane(
    model: nn.Module,
    batches: Iterable[object],
    *,
    estimator: str = "binning",
    num_bins: int = 30,
    noise: float = 0.1,
    layers: Sequence[str] | None = None,
    max_samples: int = 1000,
) -> InformationPlane:
    """Place every layer in the information plane.

    Args:
        model: Any module, in the mode that is meant; it is left as it was.
        batches: Pairs (inputs, classes).
        estimator: "binning" or "noise".
        num_bins: Bins of equal width over each layer's range.
        noise: s, in units of the layer's root mean square deviation from its mean.
        layers: As for `representations`.
        max_samples: Likewise.

    Raises:
        ValueError: If targets are not classes, one a sample, or the estimator is unknown.

    Example:
        >>> model = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
        >>> x = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
        >>> plane = information_plane(model, [(x, (x[:, 0] > 0).long())])
        >>> 0 <= plane.layers["1"].target.value <= 0.7
        True
    """
    if estimator not in ("binning", "noise"):
        raise ValueError(f'estimator must be "binning" or "noise", got {estimator!r}.')
    found = representations(model, batches, layers=layers, max_samples=max_samples)
    if found.targets is None or found.targets.dim() != 1 or found.targets.is_floating_point():
        raise ValueError(
            "The targets must be classes, one whole number a sample; bin real targets first: "
            "batches of (inputs, (targets > targets.median()).long())."
        )
    _, y = checked_labels(found.targets, found.targets.shape[0], "targets")
    skipped, placed = dict(found.skipped), {}
    for name, x in found.layers.items():
        try:
            t = checked_samples(x, name, least=10)
        except ValueError as error:
            skipped[name] = str(error)
            continue
        placed[name] = _binned(t, y, num_bins) if estimator == "binning" else _noisy(t, y, noise)
    H = counted_entropy(y).value
    return InformationPlane(placed, estimator, math.log(y.numel()), H, skipped)


def _binned(t: Tensor, y: Tensor, num_bins: int) -> LayerInformation:
    low, high = t.min(), t.max()
    step = (high - low) / num_bins if high > low else t.new_ones(())
    cells = ((t - low) / step).long().clamp_(0, num_bins - 1)
    _, codes = torch.unique(cells, dim=0, return_inverse=True)
    H = counted_entropy(codes)
    n, m = codes.numel(), int(codes.max()) + 1
    known = Estimate(H.value - (m - 1) / (2 * n), H.stderr)  # not corrected: it is the entropy of these samples
    if m > n // 2:  # nearly every sample a bin of its own: all of H(Y) is known, by heart
        plain = counted_information(codes, y)
        return LayerInformation(known, Estimate(counted_entropy(y).value, plain.stderr), known.value, math.nan)
    about = counted_information(codes, y)
    return LayerInformation(known, about, known.value, about.value)


def _noisy(t: Tensor, y: Tensor, noise: float) -> LayerInformation:
    squares = torch.cdist(t, t).square()
    variance = noise**2 * (t - t.mean(0)).square().mean()
    scale = variance if variance > 0 else t.new_ones(())

    def both(kept: Int[Tensor, " m"]) -> Tensor:
        part, of = squares[kept][:, kept], y[kept]
        upper, lower = _entropy(part, scale), _entropy(part, 4 * scale)
        within = [_within(part, of, s) for s in (scale, 4 * scale)]
        return torch.stack([upper, upper - within[0], lower, lower - within[1]])

    values, errors = jackknife(both, t.shape[0], num_groups=10)
    a, b, c, d = values.tolist()
    return LayerInformation(Estimate(a, errors[0].item()), Estimate(b, errors[1].item()), c, d)


def _entropy(squares: Float[Tensor, "n n"], variance: Tensor) -> Tensor:
    n = squares.shape[0]
    return math.log(n) - torch.logsumexp(-squares / (2 * variance), 1).mean()


def _within(squares: Tensor, y: Tensor, variance: Tensor) -> Tensor:
    """Return Σ_y p(y) H_y."""
    parts = [(y == c).nonzero()[:, 0] for c in torch.unique(y)]
    return torch.stack([p.numel() / y.numel() * _entropy(squares[p][:, p], variance) for p in parts]).sum()
