"""Uniform convergence: how far the worst empirical mean of a class is from its truth.

    sup_h |R − R̂| ≤ √(ln(2|H|/δ) / 2n)  with probability 1 − δ,      E sup_h |R − R̂| ≤ √(ln(2|H|) / 2n).

The class of all thresholds 1[x ≤ t] is infinite, yet as good as one function:

    sup_t |F(t) − F̂(t)| ≤ √(ln(2/δ) / 2n).

Textbook: B45

References:
    Dvoretzky, Kiefer and Wolfowitz (1956), Asymptotic minimax character of the sample distribution function.
    Massart (1990), The tight constant in the Dvoretzky–Kiefer–Wolfowitz inequality.
    Boucheron, Lugosi and Massart (2013), Concentration inequalities, theorem 2.5.
"""

import math

from rhobar.theory.bound import Bound
from rhobar.theory.contracts import require_confidence, require_positive

__all__ = ["distribution_gap", "expected_uniform_gap", "uniform_gap"]

_SAMPLES = "samples independent and of one distribution"


def uniform_gap(log_size: float, num_samples: int, delta: float) -> Bound:
    """sup_h |R − R̂| ≤ √(ln(2|H|/δ)/(2n)) over a finite class, for a loss in [0, 1].

    Args:
        log_size: ln|H|, in nats.
        num_samples: n.
        delta: δ.

    Example:
        >>> round(uniform_gap(math.log(50), 200, 0.05).value, 4)
        0.1378

    Textbook: B45
    """
    require_confidence(num_samples, delta)
    value = math.sqrt((math.log(2) + log_size - math.log(delta)) / (2 * num_samples))
    return Bound(value, delta, (_SAMPLES, "loss in [0, 1]", "class fixed before the samples were seen"))


def expected_uniform_gap(log_size: float, num_samples: int) -> float:
    """E sup_h |R − R̂| ≤ √(ln(2|H|)/(2n)): it falls as 1/√n, and grows with the logarithm of the class.

    Args:
        log_size: ln|H|, in nats.
        num_samples: n.

    Example:
        >>> round(expected_uniform_gap(math.log(50), 200), 4)
        0.1073

    Textbook: B45
    """
    require_positive(num_samples=num_samples)
    return math.sqrt((math.log(2) + log_size) / (2 * num_samples))


def distribution_gap(num_samples: int, delta: float) -> Bound:
    """sup_t |F(t) − F̂(t)| ≤ √(ln(2/δ)/(2n)): a band about an empirical distribution function.

    Args:
        num_samples: n.
        delta: δ.

    Example:
        >>> round(distribution_gap(1000, 0.05).value, 4)
        0.0429

    Textbook: B45
    """
    require_confidence(num_samples, delta)
    return Bound(math.sqrt(math.log(2 / delta) / (2 * num_samples)), delta, (_SAMPLES,))
