"""Margin bounds of deep networks by the spectral norms of their layers, with the constants written out.

A network x ↦ W_L φ(… φ(W_1 x)) of 1-Lipschitz φ with φ(0) = 0, largest width h, margin γ (see `margins`):

Bartlett, Foster and Telgarsky, from their covering number (theorem 3.3) and Dudley's integral (lemma A.5, α = 1/n):

    R ≤ R̂_γ + 2 (4/n^{3/2} + 18 C ln(n)/n) + 3 √(ln(2/δ)/2n),
    C = (2/γ) ‖X‖_F √(ln 2h²) ∏ s_l (Σ (b_l/s_l)^{2/3})^{3/2},    s_l ≥ ‖W_l‖₂,  b_l ≥ Σ_rows ‖(W_l − M_l)_row‖₂.

Neyshabur, Bhojanapalli and Srebro, by PAC-Bayes with W perturbed as far as the margin allows; ‖x‖ ≤ B, φ = ReLU:

    R ≤ R̂_γ + 4 √((K + ln(6n/δ′))/(n − 1)),    δ′ = δ/(L n^{1/2L}),
    K = (42 L B/γ)² (1 + 1/L)^{2L−2} h ln(4hL)/2 · ∏‖W_l‖₂² Σ ‖W_l‖_F²/‖W_l‖₂².

In the first, norms and margin would have to be fixed beforehand; here each is rounded, by factors of 1 + 1/L, to a grid
whose point k has the share 1/(3(|k| + 1)²) of δ, so that what was measured may be handed in. Both are far above one for
real networks; what they order, not their value, is of use.

Textbook: B46

References:
    Bartlett, Foster and Telgarsky (2017), Spectrally-normalized margin bounds for neural networks.
    Neyshabur, Bhojanapalli and Srebro (2018), A PAC-Bayesian approach to spectrally-normalized margin bounds.
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.theory.bound import Bound
from rhobar.theory.contracts import require_confidence, require_positive, require_unit

__all__ = ["perturbation_margin_bound", "spectral_complexity", "spectral_margin_bound"]

_SAMPLES = "samples independent, of the distribution that the risk is taken over"


def spectral_complexity(
    weights: Sequence[Float[Tensor, "_ _"]], references: Sequence[Float[Tensor, "_ _"]] | None = None
) -> float:
    """∏ ‖W_l‖₂ (Σ (‖W_l − M_l‖_{2,1}/‖W_l‖₂)^{2/3})^{3/2}, with ‖A‖_{2,1} the sum of the norms of the rows of A.

    It grows as the loss is trained to zero and does so faster on random labels.

    Args:
        weights: W_l, out × in.
        references: M_l, chosen before training, such as the weights at the start; zero by default.

    Example:
        >>> round(
        ...     spectral_complexity([2 * torch.eye(2), torch.eye(2)]), 6
        ... )  # 2 · (2^{2/3} + 2^{2/3})^{3/2} = 2 · 2^{5/2}
        11.313708

    Textbook: B46
    """
    spectral, rows = _norms(weights, references)
    return _complexity(spectral, rows)


def spectral_margin_bound(
    empirical: float,
    weights: Sequence[Float[Tensor, "_ _"]],
    input_norm: float,
    margin: float,
    num_samples: int,
    delta: float,
    *,
    references: Sequence[Float[Tensor, "_ _"]] | None = None,
) -> Bound:
    """Bartlett, Foster and Telgarsky's bound of the 0–1 risk, for the weights that training found.

    Args:
        empirical: R̂_γ, the share of samples with a margin below γ.
        weights: W_l, out × in.
        input_norm: ‖X‖_F over the n samples.
        margin: γ.
        num_samples: n.
        delta: δ.
        references: M_l; zero by default.

    Example:
        >>> bound = spectral_margin_bound(0.0, [torch.eye(2)], 100.0, 1.0, 10_000, 0.05)
        >>> bound.vacuous(), round(dict(bound.terms)["complexity"], 1)
        (True, 19.1)

    Textbook: B46
    """
    require_confidence(num_samples, delta)
    require_unit(empirical=empirical)
    require_positive(input_norm=input_norm, margin=margin)
    spectral, rows = _norms(weights, references)
    base = 1 + 1 / len(weights)
    shares, n = [], num_samples
    for norms in (spectral, rows):
        for layer, norm in enumerate(norms):
            norms[layer], share = _rounded(norm, base, up=True)
            shares.append(share)
    margin, share = _rounded(margin, base, up=False)
    log_inverse = math.log(1 / delta) - sum(shares) - share
    width = max(max(W.shape) for W in weights)
    C = 2 / margin * input_norm * math.sqrt(math.log(2 * width**2)) * _complexity(spectral, rows)
    complexity = 2 * (4 / n**1.5 + 18 * C * math.log(n) / n)
    deviation = 3 * math.sqrt((math.log(2) + log_inverse) / (2 * n))
    assumptions = (
        _SAMPLES,
        "layers without biases, activations 1-Lipschitz and zero at zero",
        "reference matrices fixed before the samples were seen",
    )
    terms = (("empirical", empirical), ("complexity", complexity), ("deviation", deviation))
    return Bound(empirical + complexity + deviation, delta, assumptions, terms)


def perturbation_margin_bound(
    empirical: float,
    weights: Sequence[Float[Tensor, "_ _"]],
    input_radius: float,
    margin: float,
    num_samples: int,
    delta: float,
) -> Bound:
    """Neyshabur, Bhojanapalli and Srebro's bound of the 0–1 risk of a ReLU network.

    Args:
        empirical: R̂_γ, the share of samples with a margin below γ.
        weights: W_l, out × in, none of them zero.
        input_radius: B ≥ ‖x‖ of all inputs that can come.
        margin: γ, fixed before the samples were seen; to choose among m, divide δ by m.
        num_samples: n ≥ 2.
        delta: δ.

    Raises:
        ValueError: If there are fewer than two samples or a weight is zero.

    Example:
        >>> bound = perturbation_margin_bound(0.0, [torch.eye(2), torch.eye(2)], 1.0, 1.0, 10_000, 0.05)
        >>> round(bound.value, 2), bound.vacuous()
        (16.79, True)

    Textbook: B46
    """
    require_confidence(num_samples, delta)
    require_unit(empirical=empirical)
    require_positive(input_radius=input_radius, margin=margin)
    spectral, _ = _norms(weights, None)
    if num_samples < 2 or min(spectral) == 0:
        raise ValueError(f"Two samples and weights other than zero are needed, got {num_samples} and norms {spectral}.")
    L, n = len(weights), num_samples
    h = max(max(W.shape) for W in weights)
    frobenius = [float(torch.linalg.matrix_norm(W.double())) for W in weights]
    stable_ranks = sum((f / s) ** 2 for f, s in zip(frobenius, spectral, strict=True))
    K = (42 * L * input_radius / margin) ** 2 * (1 + 1 / L) ** (2 * L - 2) * h * math.log(4 * h * L) / 2
    K *= math.prod(s**2 for s in spectral) * stable_ranks
    log_inverse = math.log(1 / delta) + math.log(L) + math.log(n) / (2 * L)
    penalty = 4 * math.sqrt((K + math.log(6 * n) + log_inverse) / (n - 1))
    assumptions = (
        _SAMPLES,
        "ReLU layers without biases",
        f"inputs of length {input_radius:.4g} at the most",
        "margin fixed before the samples were seen",
    )
    return Bound(empirical + penalty, delta, assumptions, (("empirical", empirical), ("penalty", penalty)))


def _norms(weights: Sequence[Tensor], references: Sequence[Tensor] | None) -> tuple[list[float], list[float]]:
    """Return ‖W_l‖₂ and ‖W_l − M_l‖_{2,1}."""
    moved = weights if references is None else [W - M for W, M in zip(weights, references, strict=True)]
    spectral = [float(torch.linalg.matrix_norm(W.double(), 2)) for W in weights]
    return spectral, [float(torch.linalg.vector_norm(W.double(), dim=1).sum()) for W in moved]


def _complexity(spectral: Sequence[float], rows: Sequence[float]) -> float:
    if min(spectral) == 0:
        return 0.0
    ratios = math.fsum(math.pow(b / s, 2 / 3) for s, b in zip(spectral, rows, strict=True))
    return math.prod(spectral) * math.pow(ratios, 1.5)


def _rounded(value: float, base: float, *, up: bool) -> tuple[float, float]:
    """Return the next point base^k of the grid, and the logarithm of its share of δ."""
    if value == 0:
        return 0.0, 0.0
    exponent = math.log(value) / math.log(base)
    k = math.ceil(exponent - 1e-9) if up else math.floor(exponent + 1e-9)
    return math.pow(base, k), -math.log(3 * (abs(k) + 1) ** 2)
