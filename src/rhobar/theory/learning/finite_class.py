"""Finite classes: Hoeffding's inequality for each function, and a union bound over all of them.

For a loss in [0, 1] and n independent samples, R the true and R̂ the empirical risk,

    P(sup_h |R − R̂| > ε) ≤ 2|H| e^{−2nε²},
    R(h) ≤ R̂(h) + √((ln|H| + ln(1/δ)) / 2n)  for all h at once, with probability 1 − δ.

So many samples find, with probability 1 − δ, a function of risk ≤ ε (realisable: some h has risk 0, and h fits the
samples) or within ε of the best (agnostic: h minimises R̂):

    n ≥ (ln|H| + ln(1/δ)) / ε,        n ≥ 2 (ln(2|H|) + ln(1/δ)) / ε².

Neither asks anything of the distribution, only that training and test samples come from the same one.

Textbook: B38, B39, B40, B42, B45, B46, C89

References:
    Hoeffding (1963), Probability inequalities for sums of bounded random variables, theorem 2.
    Valiant (1984), A theory of the learnable.
    Shalev-Shwartz and Ben-David (2014), Understanding machine learning, corollaries 2.3 and 4.6.
"""

import math

from rhobar.theory.bound import Bound
from rhobar.theory.contracts import require_confidence, require_positive, require_unit

__all__ = ["agnostic_samples", "finite_class_bound", "finite_class_penalty", "hoeffding_tail", "realisable_samples"]

_ASSUMPTIONS = (
    "samples independent, of the distribution that the risk is taken over",
    "loss in [0, 1]",
    "class fixed before the samples were seen",
)


def hoeffding_tail(log_size: float, num_samples: int, epsilon: float) -> float:
    """The probability that some function of the class has |R − R̂| > ε is at most 2|H| e^{−2nε²}.

    Args:
        log_size: ln|H|, in nats; 0 for a single function.
        num_samples: n.
        epsilon: ε.

    Returns:
        The bound on the probability, at most one.

    Example:
        >>> round(hoeffding_tail(math.log(100), 1000, 0.1), 9)
        4.12e-07

    Textbook: B42, B45
    """
    require_positive(num_samples=num_samples, epsilon=epsilon)
    return math.exp(min(0.0, math.log(2) + log_size - 2 * num_samples * epsilon**2))


def finite_class_penalty(log_size: float, num_samples: int, delta: float) -> float:
    """Hoeffding's bound on R − R̂ for all of |H| functions, √((ln|H| + ln(1/δ))/(2n)).

    Args:
        log_size: ln|H|, in nats.
        num_samples: n.
        delta: δ.

    Returns:
        The penalty; above one it says nothing.

    Example:
        >>> round(finite_class_penalty(math.log(100), 1000, 0.05), 4)
        0.0616

    Textbook: B42, B67
    """
    require_confidence(num_samples, delta)
    return math.sqrt((log_size - math.log(delta)) / (2 * num_samples))


def finite_class_bound(empirical: float, log_size: float, num_samples: int, delta: float) -> Bound:
    """R(h) ≤ R̂(h) + √((ln|H| + ln(1/δ))/(2n)), for the function that was chosen, however it was chosen.

    Args:
        empirical: R̂(h), in [0, 1].
        log_size: ln|H|, in nats; 0 for one function, tested on samples that it was not chosen by.
        num_samples: n.
        delta: δ.

    Example:
        >>> bound = finite_class_bound(0.1, math.log(100), 1000, 0.05)
        >>> round(bound.value, 4), bound.terms[0]
        (0.1616, ('empirical', 0.1))

    Textbook: B42, B46
    """
    require_unit(empirical=empirical)
    penalty = finite_class_penalty(log_size, num_samples, delta)
    return Bound(empirical + penalty, delta, _ASSUMPTIONS, (("empirical", empirical), ("penalty", penalty)))


def realisable_samples(log_size: float, epsilon: float, delta: float) -> int:
    """Samples after which every function that fits them has risk at most ε, (ln|H| + ln(1/δ))/ε, rounded up.

    Args:
        log_size: ln|H|, in nats. Some function of the class must have risk 0.
        epsilon: ε.
        delta: δ.

    Example:
        >>> realisable_samples(math.log(100), 0.1, 0.05)
        77

    Textbook: B38, B39, C89
    """
    require_confidence(1, delta)
    require_positive(epsilon=epsilon)
    return math.ceil((log_size - math.log(delta)) / epsilon)


def agnostic_samples(log_size: float, epsilon: float, delta: float) -> int:
    """Samples after which the minimiser of R̂ has risk within ε of the best, 2(ln(2|H|) + ln(1/δ))/ε², rounded up.

    Nothing need be true of the target; the price is ε² instead of ε.

    Args:
        log_size: ln|H|, in nats.
        epsilon: ε.
        delta: δ.

    Example:
        >>> agnostic_samples(math.log(100), 0.1, 0.05)
        1659

    Textbook: B39, B40
    """
    require_confidence(1, delta)
    require_positive(epsilon=epsilon)
    return math.ceil(2 * (math.log(2) + log_size - math.log(delta)) / epsilon**2)
