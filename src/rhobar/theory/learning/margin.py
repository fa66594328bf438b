"""Margins: a classifier that is right by γ may be bounded by its norms instead of its size.

R̂_γ is the share of training samples whose margin, the score of the class less the largest other score, is below γ.
With 0–1 risk R and the complexity of real-valued scores,

    R ≤ R̂_γ + (2/γ) R̂_S(F) + 3 √(ln(2/δ)/2n)                        (two classes, y f(x) ≥ γ)

and a network of depth L without biases, with 1-Lipschitz homogeneous activations (ReLU), has

    R̂_S(F) ≤ (√(2 L ln 2) + 1) ∏ ‖W_l‖_F · √(Σ ‖xᵢ‖²) / n,

which does not mention its width.

Textbook: B46

References:
    Koltchinskii and Panchenko (2002), Empirical margin distributions and bounding the generalization error.
    Mohri, Rostamizadeh and Talwalkar (2018), Foundations of machine learning, theorem 5.8.
    Golowich, Rakhlin and Shamir (2018), Size-independent sample complexity of neural networks, theorem 1.
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rhobar.theory.bound import Bound
from rhobar.theory.contracts import require_confidence, require_positive, require_unit

__all__ = ["frobenius_complexity", "margin_bound", "margins"]


def margins(scores: Float[Tensor, "n classes"], labels: Int[Tensor, " n"]) -> Float[Tensor, " n"]:
    """The score of each sample's class less the largest of the others.

    Args:
        scores: Logits.
        labels: Class of each sample.

    Example:
        >>> margins(torch.tensor([[2.0, 0.5], [1.0, 3.0]]), torch.tensor([0, 0]))
        tensor([ 1.5000, -2.0000])
    """
    own = torch.gather(scores, 1, labels[:, None]).squeeze(1)
    others = scores.scatter(1, labels[:, None], -math.inf)
    return own - others.amax(1)


def margin_bound(empirical: float, complexity: float, margin: float, num_samples: int, delta: float) -> Bound:
    """R ≤ R̂_γ + (2/γ)R̂_S + 3√(ln(2/δ)/2n), for two classes and a γ chosen before the samples were seen.

    Args:
        empirical: R̂_γ, the share of samples with y f(x) < γ.
        complexity: R̂_S of the scores.
        margin: γ; to choose among m, divide δ by m.
        num_samples: n.
        delta: δ.

    Example:
        >>> round(margin_bound(0.0, 0.05, 1.0, 1000, 0.05).value, 4)
        0.2288

    Textbook: B46
    """
    require_confidence(num_samples, delta)
    require_unit(empirical=empirical)
    require_positive(margin=margin)
    capacity, deviation = 2 * complexity / margin, 3 * math.sqrt(math.log(2 / delta) / (2 * num_samples))
    assumptions = (
        "samples independent, of the distribution that the risk is taken over",
        "two classes, scores whose sign is the class",
        "margin and norms fixed before the samples were seen",
    )
    terms = (("empirical", empirical), ("complexity", capacity), ("deviation", deviation))
    return Bound(empirical + capacity + deviation, delta, assumptions, terms)


def frobenius_complexity(norms: Sequence[float], input_norm: float, num_samples: int) -> float:
    """R̂_S ≤ (√(2 L ln 2) + 1) ∏‖W_l‖_F · ‖X‖_F / n of ReLU networks without biases.

    Args:
        norms: Frobenius norm of each of the L layers.
        input_norm: ‖X‖_F = √(Σ‖xᵢ‖²).
        num_samples: n.

    Example:
        >>> round(frobenius_complexity([1.0, 1.0], 10.0, 100), 4)
        0.2665

    Textbook: B46
    """
    require_positive(num_samples=num_samples)
    return (math.sqrt(2 * len(norms) * math.log(2)) + 1) * math.prod(norms) * input_norm / num_samples
