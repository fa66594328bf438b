"""How well a kernel is turned towards the labels, and how far it has moved.

    A(K, L) = ⟨H K H, H L H⟩_F / (‖H K H‖_F ‖H L H‖_F),      H = I − 1 1ᵀ/n

With L = Y Yᵀ it is the centred kernel–target alignment: 1 where the kernel knows the classes and nothing else, near 0
where it knows nothing of them. Between two kernels 1 − A without centring is their distance; a network whose kernel
does not move trains as the linear model at its start, and learns no features.

References:
    Cortes, Mohri and Rostamizadeh (2012), Algorithms for learning kernels based on centered alignment, eq. (3).
    Fort et al. (2020), Deep learning versus kernel learning, eq. (5) (distance of two kernels).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["Alignment", "KernelChange", "kernel_change", "target_alignment"]

_GROUPS = 64
"""Into how many groups the samples are divided for the jackknife."""


@dataclass(frozen=True)
class Alignment:
    """A centred alignment.

    Attributes:
        value: A, between −1 and 1.
        stderr: Its standard error over the draw of the samples, by the jackknife.
        num_samples: n.
    """

    value: float
    stderr: float
    num_samples: int


@dataclass(frozen=True)
class KernelChange:
    """How one kernel differs from another.

    Attributes:
        relative: ‖K₁ − K₀‖_F / ‖K₀‖_F.
        distance: 1 − ⟨K₁, K₀⟩/(‖K₁‖ ‖K₀‖), blind to scale; 0 in the lazy regime.
        scale: tr K₁ / tr K₀.
    """

    relative: float
    distance: float
    scale: float


def target_alignment(kernel: Float[Tensor, "n n"], targets: Tensor) -> Alignment:
    """Return the centred alignment of a kernel of samples with the labels.

    Args:
        kernel: K, for instance `EmpiricalNTK.trace`.
        targets: Classes as integers, (n,), or numbers, (n, …).

    Returns:
        A with its standard error.

    Raises:
        ValueError: If the targets are not as many as the samples, there are fewer than three, or the targets or the
            kernel are constant.

    Example:
        >>> y = torch.tensor([0, 0, 1, 1])
        >>> same_class = (y[:, None] == y).float()
        >>> target_alignment(same_class, y).value
        1.0
    """
    n = len(kernel)
    if len(targets) != n or n < 3:
        raise ValueError(f"There must be one target for each of at least 3 samples, got {len(targets)} for {n}.")
    K, Y = kernel.double(), _columns(targets).to(kernel.device)
    value = _aligned(K, Y)
    if value != value:
        raise ValueError("Neither the targets nor the kernel may be constant over the samples: nothing can be aligned.")
    groups = min(n, _GROUPS)
    owner = torch.arange(n, device=K.device) % groups
    left = torch.tensor([_aligned(K[k][:, k], Y[k]) for k in (owner != g for g in range(groups))])
    left = left[left.isfinite()].double()
    stderr = ((groups - 1) / groups * (left - left.mean()).square().sum()).sqrt().item()
    return Alignment(round(value, 12), stderr, n)


def kernel_change(before: Float[Tensor, "n n"], after: Float[Tensor, "n n"]) -> KernelChange:
    """Compare the kernels of the same samples at two states of the parameters.

    Args:
        before: K₀.
        after: K₁.

    Raises:
        ValueError: If K₀ is zero.

    Example:
        >>> kernel_change(torch.eye(3), 2 * torch.eye(3))
        KernelChange(relative=1.0, distance=0.0, scale=2.0)
    """
    K0, K1 = before.double(), after.double()
    norm0, norm1 = torch.linalg.matrix_norm(K0).item(), torch.linalg.matrix_norm(K1).item()
    if norm0 == 0:
        raise ValueError("The first kernel must not be zero: a change is measured against it.")
    cosine = (K0 * K1).sum().item() / (norm0 * norm1) if norm1 else 0.0
    relative = torch.linalg.matrix_norm(K1 - K0).item() / norm0
    return KernelChange(relative, max(0.0, round(1 - cosine, 12)), (K1.trace() / K0.trace()).item())


def _columns(targets: Tensor) -> Tensor:
    if targets.dim() == 1 and not targets.is_floating_point():
        return torch.nn.functional.one_hot(targets.long() - targets.min()).double()
    return targets.reshape(len(targets), -1).double()


def _aligned(K: Tensor, Y: Tensor) -> float:
    Yc = Y - Y.mean(0)
    Kc = K - K.mean(0) - K.mean(1, keepdim=True) + K.mean()
    norm = torch.linalg.matrix_norm(Kc) * torch.linalg.matrix_norm(Yc.mT @ Yc)
    scale = torch.linalg.matrix_norm(K) * torch.linalg.matrix_norm(Y).square()
    if not norm > 1e-12 * scale:
        return float("nan")
    return float((Kc @ Yc * Yc).sum() / norm)
