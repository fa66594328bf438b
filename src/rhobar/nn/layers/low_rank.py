"""A linear layer replaced by two thinner ones, with the error known before anything is run."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["LowRank", "low_rank", "truncated_svd"]

Matrix = Float[Tensor, "m n"]


def truncated_svd(W: Matrix, rank: int) -> tuple[Float[Tensor, "m rank"], Float[Tensor, "rank n"]]:
    """Split the best approximation of a matrix by one of rank r into two factors.

        W ≈ W_r = Σ_{i ≤ r} σ_i u_i v_iᵀ = B A,   B = U_r Σ_r^{1/2},   A = Σ_r^{1/2} V_rᵀ

    No matrix of rank r is nearer: ‖W − W_r‖_F² = Σ_{i > r} σ_i² and ‖W − W_r‖₂ = σ_{r+1}.

    Args:
        W: The matrix.
        rank: r.

    Returns:
        B and A, balanced: BᵀB = AAᵀ.

    Example:
        >>> B, A = truncated_svd(torch.diag(torch.tensor([4.0, 1.0])), 1)
        >>> (B @ A).tolist()
        [[4.0, 0.0], [0.0, 0.0]]

    References:
        Eckart and Young (1936), The approximation of one matrix by another of lower rank.
        Mirsky (1960), Symmetric gauge functions and unitarily invariant norms (the spectral norm).
    """
    U, S, Vt = torch.linalg.svd(W, full_matrices=False)
    root = S[:rank].sqrt()
    return U[:, :rank] * root, root[:, None] * Vt[:rank]


@dataclass(frozen=True)
class LowRank:
    """A low-rank replacement of a linear layer, and its price.

    Attributes:
        module: Two linear layers; the bias is the second one's.
        rank: r.
        frobenius_error: ‖W − W_r‖_F = (Σ_{i > r} σ_i²)^½.
        spectral_error: ‖W − W_r‖₂ = σ_{r+1}: no output moves by more than this times ‖x‖.
        num_parameters: Of the replacement.
        num_parameters_before: Of the original; below that of the replacement if the rank is too large to save any.
    """

    module: nn.Sequential = field(repr=False)
    rank: int
    frobenius_error: float
    spectral_error: float
    num_parameters: int
    num_parameters_before: int


def low_rank(linear: nn.Linear, rank: int) -> LowRank:
    """Replace W (m × n) by B A with r (m + n) weights, at the least possible error.

        y = B (A x) + b,   ‖y − (W x + b)‖ ≤ σ_{r+1} ‖x‖

    For white inputs, E[x xᵀ] = I, the mean squared error of the output is frobenius_error².

    Args:
        linear: The layer; it is not changed.
        rank: r, from 1 to min(m, n); the error is known in advance from the singular values.

    Raises:
        ValueError: If the rank is out of range or a weight is not finite.

    Example:
        >>> layer = nn.Linear(3, 2, bias=False)
        >>> _ = layer.weight.data.copy_(torch.tensor([[3.0, 0.0, 0.0], [0.0, 2.0, 0.0]]))
        >>> found = low_rank(layer, 1)
        >>> round(found.frobenius_error, 6), found.num_parameters, found.num_parameters_before
        (2.0, 5, 6)

    Reference: Denton et al. (2014), Exploiting linear structure within convolutional networks, section 3.
    """
    W = linear.weight.detach()
    if not 1 <= rank <= min(W.shape):
        raise ValueError(f"rank must be in [1, {min(W.shape)}] for a layer of shape {tuple(W.shape)}, got {rank}.")
    if not W.isfinite().all():
        raise ValueError("A layer must have finite weights to be approximated, got NaN or infinity.")
    wide = W.double()
    rest = torch.linalg.svdvals(wide)[rank:]
    B, A = truncated_svd(wide, rank)
    place = {"device": W.device, "dtype": W.dtype}
    first = nn.Linear(linear.in_features, rank, bias=False, **place)
    second = nn.Linear(rank, linear.out_features, bias=linear.bias is not None, **place)
    with torch.no_grad():
        first.weight.copy_(A)
        second.weight.copy_(B)
        if linear.bias is not None:
            second.bias.copy_(linear.bias)
    module = nn.Sequential(first, second).train(linear.training)
    count, before = (sum(p.numel() for p in m.parameters()) for m in (module, linear))
    spectral = rest[0].item() if len(rest) else 0.0
    return LowRank(module, rank, torch.linalg.vector_norm(rest).item(), spectral, count, before)
