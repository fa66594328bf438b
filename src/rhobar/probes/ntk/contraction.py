"""Inner products of two factored Jacobians, in the cheapest order.

K_ia,jb = ⟨J_ia, J_jb⟩ for J_ia = Σ_t δ_iat k_itᵀ with t places, δ in ℝ^p, k in ℝ^q and C outputs costs, for a pair of
samples,

    one place        C² p                          (δ_ia · δ_jb)(k_i · k_j), all δ in one product
    by places        t² (q + C p) + C² t p         δ_jb pushed through the t × t similarities of the keys
    by Jacobians     C² p q                        made once a sample

multiplications. A bias's Jacobian is Σ_t δ_iat: it adds one to every similarity and nothing to the cost.

Reference: Novak, Sohl-Dickstein and Schoenholz (2022), Fast finite width neural tangent kernel, sections 3.3 and 3.4.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.probes.ntk.factors import Factor, Places

__all__ = ["add_full", "add_places", "by_places"]

_CHUNK = 1 << 19
"""Elements of K that are made at once."""
_SMALL_PRODUCTS = 2.0
"""How much longer a multiplication takes in the many small products by places."""


def by_places(x: Factor, y: Factor) -> bool:
    """Whether two factors are better multiplied as they are than as full Jacobians."""
    if not (isinstance(x, Places) and isinstance(y, Places)):
        return False
    if x.flipped != y.flipped or type(x.keys) is not type(y.keys) or x.delta.shape[2] != y.delta.shape[2]:
        return False
    n1, C, p, t1 = x.delta.shape
    n2, _, _, t2 = y.delta.shape
    q = x.keys.size
    if t1 == t2 == 1:
        return True
    places = t1 * t2 * (q + C * p) + C * C * t1 * p
    jacobians = C * C * p * q + C * p * q * (t1 / n2 + t2 / n1)
    return _SMALL_PRODUCTS * places <= jacobians


def add_places(
    K: Float[Tensor, "n1 outputs n2 outputs"], x: Places, y: Places, *, bias: bool, upper: bool
) -> Float[Tensor, "n1 outputs n2 outputs"]:
    """Add ⟨J_ia, J_jb⟩ to K in place.

    Args:
        K: The kernel, or the block of it that belongs to the samples of x and y.
        x: Of the rows.
        y: Of the columns.
        bias: Whether the bias of the same map is meant as well.
        upper: Whether the samples with i ≤ j will do, the others being filled in by symmetry; x and y are the same.
    """
    n2 = y.delta.shape[0]
    if x.delta.shape[3] == y.delta.shape[3] == 1:
        S = _single_similarities(x, y) + float(bias)
        return _add_products(K, x.delta.flatten(2), y.delta.flatten(2), upper, lambda i, j: S[i, j])
    held = x.held()
    x, y = held, (held if upper else y.held())
    rows, columns = x.delta.flatten(2), y.delta.flatten(1, 2)
    outputs = columns.shape[1] // y.delta.shape[2]
    for j in range(n2):
        stop = j + 1 if upper else x.delta.shape[0]
        S = x.similarities(y, j, stop)
        pushed = torch.bmm(columns[j].expand(stop, -1, -1), S.add_(1) if bias else S)
        K[:stop, :, j] += torch.bmm(rows[:stop], pushed.view(stop, outputs, -1).mT)
    return K


def add_full(
    K: Float[Tensor, "n1 outputs n2 outputs"],
    X: Float[Tensor, "n1 outputs size"],
    Y: Float[Tensor, "n2 outputs size"],
    *,
    upper: bool,
) -> Float[Tensor, "n1 outputs n2 outputs"]:
    """Add the products of two full Jacobians, likewise."""
    return _add_products(K, X, Y, upper, None)


def _single_similarities(x: Places, y: Places) -> Float[Tensor, "n1 n2"]:
    n1, n2 = x.delta.shape[0], y.delta.shape[0]
    if not isinstance(x.keys, type(y.keys)):
        raise TypeError("Keys must both be vectors or both indices; compare the full Jacobians instead.")
    kx = x.keys.of(slice(0, n1)) if callable(x.keys.of) else x.keys.of
    ky = y.keys.of(slice(0, n2)) if callable(y.keys.of) else y.keys.of
    if kx.dim() == 2:
        return (kx == ky.T).to(x.delta.dtype)
    return kx[:, 0] @ ky[:, 0].T


def _add_products(
    K: Tensor, X: Tensor, Y: Tensor, upper: bool, weights: Callable[[slice, slice], Tensor] | None
) -> Tensor:
    """Add w_ij X_ia · Y_jb by chunks of rows."""
    n1, outputs, size = X.shape
    n2 = Y.shape[0]
    step = max(1, min(_CHUNK // (n2 * outputs * outputs), n1 // 8 if upper else n1))
    flat = Y.reshape(-1, size)
    for i in range(0, n1, step):
        stop, start = min(i + step, n1), (i if upper else 0)
        block = X[i:stop].reshape(-1, size) @ flat[start * outputs :].T
        block = block.view(stop - i, outputs, n2 - start, outputs)
        if weights is None:
            K[i:stop, :, start:] += block
        else:
            K[i:stop, :, start:].addcmul_(block, weights(slice(i, stop), slice(start, n2))[:, None, :, None])
    return K
