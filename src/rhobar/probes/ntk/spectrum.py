"""How fast a network learns each function of its data: the eigenvalues of its kernel.

Gradient flow on the squared error shrinks the residual along the eigenvector u_k as exp(−λ_k t): outputs along large
eigenvalues are learned first, and gradient descent needs of the order of κ = λ_max/λ_min steps for all of them.

Textbook: B27 C92

Reference: Jacot, Gabriel and Hongler (2018), Neural tangent kernel, section 5.
"""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["KernelSpectrum", "kernel_spectrum"]


@dataclass(frozen=True)
class KernelSpectrum:
    """The spectrum of a symmetric kernel.

    Attributes:
        eigenvalues: λ, the largest first, in float64.
        eigenvectors: u_k as columns.
        rounding: Eigenvalues no larger than this cannot be told from zero.
        condition: κ = λ_max/λ_min; infinite if λ_min cannot be told from zero.
        effective_rank: (Σ λ)² / Σ λ², the number of equal eigenvalues that would have these moments.
        null: How many eigenvalues cannot be told from zero.
    """

    eigenvalues: Float[Tensor, " n"] = field(repr=False)
    eigenvectors: Float[Tensor, "n n"] = field(repr=False)
    rounding: float
    condition: float
    effective_rank: float
    null: int


def kernel_spectrum(kernel: Float[Tensor, "n n"]) -> KernelSpectrum:
    """Diagonalise a kernel, such as the `matrix` or the `trace` of an `EmpiricalNTK`.

    Args:
        kernel: K, symmetric; in float32 its own rounding, n ε λ_max, bounds what can be said.

    Returns:
        The spectrum.

    Raises:
        ValueError: If the kernel is not symmetric, or not finite.

    Example:
        >>> kernel_spectrum(torch.tensor([[2.0, 1.0], [1.0, 2.0]])).condition
        3.0
    """
    K = kernel.double()
    scale = K.abs().max().item()
    if not scale < float("inf"):
        raise ValueError(
            "The kernel must be finite, got NaN or infinity; look for them in the network's outputs first."
        )
    if (K - K.mT).abs().max().item() > 1e3 * torch.finfo(kernel.dtype).eps * scale:
        raise ValueError("The kernel must be symmetric, and its entries differ from their mirrored ones.")
    values, vectors = (part.flip(-1) for part in torch.linalg.eigh(K))
    largest, smallest = values[0].item(), values[-1].item()
    rounding = len(K) * torch.finfo(kernel.dtype).eps * abs(largest)
    square = values.square().sum().item()
    return KernelSpectrum(
        values,
        vectors,
        rounding,
        largest / smallest if smallest > rounding else float("inf"),
        values.sum().item() ** 2 / square if square else 0.0,
        int((values <= rounding).sum()),
    )
