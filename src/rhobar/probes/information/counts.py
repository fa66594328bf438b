"""Entropy and mutual information of symbols, from how often they were seen.

    Ĥ = −Σ_a p̂_a log p̂_a + (m − 1) / (2n),      Î = Ĥ(X) + Ĥ(Y) − Ĥ(X, Y),

m the number of different symbols seen: what is counted gives too little entropy, by that much to first order.

References:
    Miller (1955), Note on the bias of information estimates.
    Paninski (2003), Estimation of entropy and mutual information, section 4.
    Wilks (1938): 2n I is χ² with (m_x − 1)(m_y − 1) degrees of freedom where X and Y are independent.
"""

import torch
from jaxtyping import Int
from torch import Tensor

from rhobar.probes.estimate import Estimate

__all__ = ["counted_entropy", "counted_information", "entropy_of_counts"]


def entropy_of_counts(counts: Int[Tensor, " symbols"], *, corrected: bool = True) -> float:
    """Return the entropy in nats of symbols with these counts.

    Example:
        >>> round(entropy_of_counts(torch.tensor([2, 2]), corrected=False), 4)
        0.6931
    """
    seen = counts[counts > 0].double()
    n = seen.sum()
    H = torch.special.entr(seen / n).sum() + ((seen.numel() - 1) / (2 * n) if corrected else 0)
    return float(H)


def counted_entropy(symbols: Int[Tensor, " n"]) -> Estimate:
    """Estimate the entropy of symbols; the error is the deviation of −log p̂ over √n.

    Example:
        >>> round(counted_entropy(torch.tensor([0, 1, 0, 1])).value, 4)
        0.8181
    """
    _, index, counts = torch.unique(symbols, return_inverse=True, return_counts=True)
    n = index.numel()
    surprise = -(counts[index].double() / n).log()
    m = counts.numel()
    return Estimate(entropy_of_counts(counts), _deviation(surprise, m - 1))


def counted_information(x: Int[Tensor, " n"], y: Int[Tensor, " n"]) -> Estimate:
    """Estimate the mutual information of two symbols in nats.

    The error joins both orders of the estimate: that of log p(x, y)/(p(x) p(y)), which vanishes where X and Y are
    independent, and that of the χ² there.

    Example:
        >>> x = torch.arange(4).repeat(50)
        >>> round(counted_information(x, x % 2).value, 1)
        0.7
    """
    n = x.numel()
    _, i, cx = torch.unique(x, return_inverse=True, return_counts=True)
    _, j, cy = torch.unique(y, return_inverse=True, return_counts=True)
    _, ij, cxy = torch.unique(i * cy.numel() + j, return_inverse=True, return_counts=True)
    value = entropy_of_counts(cx) + entropy_of_counts(cy) - entropy_of_counts(cxy)
    gain = (cxy[ij].double() * n / (cx[i].double() * cy[j].double())).log()
    free = (cx.numel() - 1) * (cy.numel() - 1)
    return Estimate(value, _deviation(gain, free))


def _deviation(terms: Tensor, free: int) -> float:
    """Return the standard error of a mean of terms, of which χ²/(2n) with `free` degrees of freedom is one part.

    That part alone gives the terms a variance of about free/n, so as much and a deviation of it is not counted twice.
    """
    n = terms.numel()
    first = max(terms.var(correction=0).item() - (free + (2 * free) ** 0.5) / n, 0.0)
    return float((first / n + free / (2 * n**2)) ** 0.5)
