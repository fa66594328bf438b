"""PAC-Bayes: the risk of a classifier drawn from Q, by how far Q lies from a prior P that saw no data.

With probability 1 − δ over n samples, for all Q at once,

    kl(R̂(Q) ‖ R(Q)) ≤ (KL(Q‖P) + ln(2√n/δ)) / n                   (Seeger, Langford; Maurer's constant)
    R(Q) ≤ R̂(Q) + √((KL(Q‖P) + ln(2√n/δ)) / 2n)                   (McAllester; from it by Pinsker)

with kl(q‖p) = q ln(q/p) + (1 − q) ln((1 − q)/(1 − p)). The first is inverted: R(Q) ≤ max{p: kl(R̂‖p) ≤ c}. It is never
above the second, and far below it where R̂ is small.

Where R̂(Q) itself is measured by m classifiers drawn from Q, its upper limit by the same inequality goes in.

Textbook: B46

References:
    McAllester (1999), PAC-Bayesian model averaging.
    Langford and Caruana (2001), (Not) bounding the true error.
    Maurer (2004), A note on the PAC Bayesian theorem, theorem 5 (n ≥ 8).
    Dziugaite and Roy (2017), Computing nonvacuous generalization bounds for deep stochastic neural networks, eq. (5).
"""

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.theory.bound import Bound
from rhobar.theory.contracts import require_confidence, require_unit

__all__ = ["binary_kl", "binary_kl_inverse", "gaussian_kl", "pac_bayes", "sampled_risk"]


def binary_kl(q: float, p: float) -> float:
    """kl(q‖p) = q ln(q/p) + (1 − q) ln((1 − q)/(1 − p)), in nats; at least 2(q − p)² (Pinsker).

    Args:
        q: In [0, 1].
        p: In [0, 1]; infinite where p excludes what q does not.

    Example:
        >>> round(binary_kl(0.5, 0.25), 6)
        0.143841
    """
    require_unit(q=q, p=p)
    total = 0.0
    for a, b in ((q, p), (1 - q, 1 - p)):
        if a > 0:
            total += a * math.log(a / b) if b > 0 else math.inf
    return max(total, 0.0)


def binary_kl_inverse(q: float, limit: float) -> float:
    """The largest p with kl(q‖p) ≤ c, by bisection; from above, so that it stays a bound.

    Args:
        q: In [0, 1].
        limit: c, in nats.

    Raises:
        ValueError: If the limit is negative or not a number.

    Example:
        >>> round(binary_kl_inverse(0.0, math.log(2)), 6)  # −ln(1 − p) = ln 2
        0.5
    """
    require_unit(q=q)
    if not limit >= 0:
        raise ValueError(f"limit must be at least 0, got {limit}.")
    low, high = q, 1.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if binary_kl(q, middle) <= limit else (low, middle)
    return high


def pac_bayes(
    empirical: float, kl: float, num_samples: int, delta: float, *, form: Literal["seeger", "mcallester"] = "seeger"
) -> Bound:
    """Bound the risk of a classifier drawn from Q.

    Args:
        empirical: R̂(Q), the mean loss over draws from Q and over the samples, in [0, 1]. If it was itself estimated by
            drawing, hand in the value of `sampled_risk` and add its δ to this one.
        kl: KL(Q‖P), in nats.
        num_samples: n ≥ 8.
        delta: δ.
        form: "seeger", the inverted kl, or "mcallester", the square root.

    Raises:
        ValueError: If there are fewer than eight samples, the KL is negative, or the form is unknown.

    Example:
        >>> round(pac_bayes(0.05, 500.0, 5000, 0.05).value, 4)
        0.2081
        >>> round(pac_bayes(0.05, 500.0, 5000, 0.05, form="mcallester").value, 4)
        0.2754

    Textbook: B46
    """
    require_confidence(num_samples, delta)
    require_unit(empirical=empirical)
    if num_samples < 8 or not kl >= 0 or form not in ("seeger", "mcallester"):
        raise ValueError(
            "num_samples must be at least 8, kl at least 0 and form 'seeger' or 'mcallester', "
            f"got {num_samples}, {kl} and {form!r}."
        )
    limit = (kl + math.log(2 * math.sqrt(num_samples) / delta)) / num_samples
    value = binary_kl_inverse(empirical, limit) if form == "seeger" else empirical + math.sqrt(limit / 2)
    assumptions = (
        "samples independent, of the distribution that the risk is taken over",
        "loss in [0, 1]",
        "prior fixed before the samples were seen",
        "the classifier is drawn anew from Q for each prediction",
    )
    return Bound(value, delta, assumptions, (("empirical", empirical), ("penalty", value - empirical)))


def sampled_risk(mean_loss: float, num_draws: int, delta: float) -> Bound:
    """Upper limit of R̂(Q), measured by m classifiers drawn from Q: kl(measured‖R̂) ≤ ln(2/δ)/m.

    Args:
        mean_loss: Mean over the draws of each one's loss on all samples, in [0, 1].
        num_draws: m.
        delta: δ; it adds to that of the bound it goes into.

    Example:
        >>> round(sampled_risk(0.05, 1000, 0.01).value, 4)
        0.0757

    Reference: Langford and Caruana (2001); Dziugaite and Roy (2017), theorem 2.
    """
    require_confidence(num_draws, delta)
    value = binary_kl_inverse(mean_loss, math.log(2 / delta) / num_draws)
    terms = (("measured", mean_loss), ("penalty", value - mean_loss))
    return Bound(value, delta, ("classifiers drawn independently from Q", "loss in [0, 1]"), terms)


def gaussian_kl(
    mean: Float[Tensor, " dim"],
    std: Float[Tensor, " dim"],
    prior_mean: Float[Tensor, " dim"],
    prior_std: Float[Tensor, " dim"] | float,
) -> float:
    """KL of two diagonal normals, ½ Σ(s²/s₀² + (μ − μ₀)²/s₀² − 1 − ln(s²/s₀²)), in nats.

    Args:
        mean: μ of Q, such as all trained weights, flat.
        std: s of Q.
        prior_mean: μ₀ of P, such as the weights at the start.
        prior_std: s₀ of P; to choose it by the data, pay for the choice in δ (a union over a grid).

    Raises:
        ValueError: If a standard deviation is not positive.

    Example:
        >>> gaussian_kl(torch.ones(3), torch.ones(3), torch.zeros(3), 1.0)
        1.5

    Textbook: B46
    """
    s, s0 = std.double(), torch.as_tensor(prior_std).double()
    if not bool((s > 0).all() and (s0 > 0).all()):
        raise ValueError(f"Standard deviations must be positive, got {s.min().item()} and {s0.min().item()}.")
    ratio = (s / s0).square()
    shift = ((mean.double() - prior_mean.double()) / s0).square()
    return float((ratio + shift - 1 - ratio.log()).sum()) / 2
