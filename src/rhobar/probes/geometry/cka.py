"""Centred kernel alignment: how alike two representations of the same samples are.

With Gram matrices K, L and H = I − 11ᵀ/n,

    CKA = HSIC(K, L) / √(HSIC(K, K) HSIC(L, L)),      HSIC(K, L) ∝ tr(K H L H).

It is 1 for equal representations up to rotation and scale and, with the linear kernel, is not changed by either. That
HSIC is biased: with more features than samples unrelated representations look alike. With K̃ = K less its diagonal,

    HSIC_u = (1/(n(n − 3))) [tr(K̃ L̃) + 1ᵀK̃1 1ᵀL̃1 / ((n − 1)(n − 2)) − (2/(n − 2)) 1ᵀ K̃ L̃ 1]

is unbiased, and CKA of it is near 0 for unrelated ones; it may be negative.

References:
    Kornblith, Norouzi, Lee and Hinton (2019), Similarity of neural network representations revisited, eq. 4.
    Song et al. (2012), Feature selection via dependence maximization, eq. 4 (HSIC_u).
    Nguyen, Raghu and Kornblith (2021), Do wide and deep networks learn the same things?, section 2 (debiased).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.probes.estimate import jackknife
from rhobar.probes.samples import checked_pair, checked_samples, distances

__all__ = ["Alignment", "AlignmentMatrix", "cka", "cka_matrix", "hsic", "unbiased_hsic"]

Gram = Float[Tensor, "n n"]


@dataclass(frozen=True)
class Alignment:
    """How alike two representations are.

    Attributes:
        value: CKA.
        stderr: Its standard error over the draw of the samples.
        num_samples: n.
    """

    value: float
    stderr: float
    num_samples: int


@dataclass(frozen=True)
class AlignmentMatrix:
    """CKA of every pair of representations.

    Attributes:
        names: The representations.
        values: CKA, one in the diagonal.
        stderr: Standard errors.
    """

    names: tuple[str, ...]
    values: Float[Tensor, "layers layers"] = field(repr=False)
    stderr: Float[Tensor, "layers layers"] = field(repr=False)


def cka(
    x: Float[Tensor, "samples ..."],
    y: Float[Tensor, "samples ..."],
    *,
    kernel: str = "linear",
    width: float = 0.5,
    debiased: bool = True,
) -> Alignment:
    """Compare two representations of the same samples.

    Args:
        x: Samples along the first axis.
        y: The same samples, with other features.
        kernel: "linear", or "rbf": exp(−‖a − b‖² / (2 s²)).
        width: s, in units of the median distance, for "rbf".
        debiased: Whether to use HSIC_u.

    Returns:
        CKA; NaN if one of the representations does not vary.

    Note:
        A `ValueError` is raised if the kernel is unknown, there are fewer than five samples, their numbers differ, or a
        value is not finite.

    Example:
        >>> x = torch.randn(50, 3, generator=torch.Generator().manual_seed(0))
        >>> turn = torch.tensor([[0.0, 2.0, 0.0], [-2.0, 0.0, 0.0], [0.0, 0.0, 2.0]])
        >>> round(cka(x, x @ turn).value, 6)
        1.0
    """
    a, b = checked_pair(x, y, least=5)
    K, L = _gram(a, kernel, width), _gram(b, kernel, width)
    value, stderr = jackknife(lambda kept: _aligned(K[kept][:, kept], L[kept][:, kept], debiased), a.shape[0])
    return Alignment(value.item(), stderr.item(), a.shape[0])


def cka_matrix(
    layers: dict[str, Tensor] | Sequence[Tensor],
    *,
    kernel: str = "linear",
    width: float = 0.5,
    debiased: bool = True,
) -> AlignmentMatrix:
    """Compare all representations of the same samples with each other.

    Args:
        layers: Representations, by name or in order.
        kernel: As for `cka`.
        width: As for `cka`.
        debiased: As for `cka`.

    Raises:
        ValueError: If there is none, or their numbers of samples differ, or as for `cka`.

    Example:
        >>> x = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
        >>> cka_matrix({"a": x, "b": 3 * x + 1}).values.round(decimals=4)
        tensor([[1., 1.],
                [1., 1.]], dtype=torch.float64)
    """
    named = layers if isinstance(layers, dict) else {str(i): x for i, x in enumerate(layers)}
    rows = {name: checked_samples(x, name, least=5) for name, x in named.items()}
    sizes = {x.shape[0] for x in rows.values()}
    if len(sizes) != 1:
        raise ValueError(f"layers must hold the same samples, one layer at least, got {sorted(sizes)} samples.")
    grams = torch.stack([_gram(x, kernel, width) for x in rows.values()])

    def matrix(kept: Tensor) -> Tensor:
        inner = _products(grams[:, kept[:, None], kept], debiased)
        scale = inner.diagonal().sqrt()
        return inner / (scale[:, None] * scale)

    values, stderr = jackknife(matrix, sizes.pop(), num_groups=10)
    return AlignmentMatrix(tuple(rows), values, stderr)


def hsic(K: Gram, L: Gram) -> Float[Tensor, ""]:
    """Return tr(K H L H) / (n − 1)², which is biased upwards."""
    n = K.shape[0]
    centred = K - K.mean(0) - K.mean(1, keepdim=True) + K.mean()
    found: Tensor = (centred * L).sum() / (n - 1) ** 2
    return found


def unbiased_hsic(K: Gram, L: Gram) -> Float[Tensor, ""]:
    """Return HSIC_u."""
    n = K.shape[0]
    k, l = (M - torch.diag(M.diagonal()) for M in (K, L))  # noqa: E741 (the paper's name)
    ones_k, ones_l = k.sum(0), l.sum(0)
    terms = (k * l).sum() + ones_k.sum() * ones_l.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * (ones_k @ ones_l)
    found: Tensor = terms / (n * (n - 3))
    return found


def _products(grams: Float[Tensor, "layers n n"], debiased: bool) -> Float[Tensor, "layers layers"]:
    """Return HSIC of all pairs, up to a common factor, by one product of matrices."""
    n = grams.shape[1]
    if not debiased:
        centred = grams - grams.mean(1, keepdim=True) - grams.mean(2, keepdim=True) + grams.mean((1, 2), keepdim=True)
        flat = centred.flatten(1)
        return flat @ flat.T
    bare = grams * (1 - torch.eye(n, dtype=grams.dtype))
    ones, flat = bare.sum(1), bare.flatten(1)
    total = ones.sum(1)
    return flat @ flat.T + torch.outer(total, total) / ((n - 1) * (n - 2)) - 2 / (n - 2) * ones @ ones.T


def _aligned(K: Gram, L: Gram, debiased: bool) -> Tensor:
    product = unbiased_hsic if debiased else hsic
    return product(K, L) / (product(K, K) * product(L, L)).sqrt()


def _gram(rows: Tensor, kernel: str, width: float) -> Tensor:
    make = _KERNELS.get(kernel)
    if make is None:
        raise ValueError(f"kernel must be one of {', '.join(_KERNELS)}, got {kernel!r}.")
    return make(rows, width)


def _linear(rows: Tensor, width: float) -> Tensor:
    centred = rows - rows.mean(0)
    return centred @ centred.T


def _rbf(rows: Tensor, width: float) -> Tensor:
    d = distances(rows)
    middle = d[d > 0].median() if (d > 0).any() else d.new_ones(())
    return torch.exp(-(d**2) / (2 * (width * middle) ** 2))


_KERNELS: dict[str, Callable[[Tensor, float], Tensor]] = {"linear": _linear, "rbf": _rbf}
