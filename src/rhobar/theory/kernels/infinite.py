"""The kernels of infinitely wide fully connected networks: the Gaussian process at the start (NNGP), and the NTK.

For f = W_L φ(… φ(W_1 x + b_1) …) + b_L with W_l ~ N(0, σ_w²/fan_in), b_l ~ N(0, σ_b²), from Σ¹ = σ_w² x·x'/d + σ_b²,

    Σˡ⁺¹ = σ_w² κ(Σˡ) + σ_b²,      Θˡ⁺¹ = Θˡ ∘ σ_w² κ̇(Σˡ) + (what layer l + 1 itself adds).

In the NTK parametrisation (weights ~ N(0, 1), times σ_w/√fan_in; biases times σ_b) layer l adds Σˡ. In the standard
one (the weights themselves are trained) it adds fan_in · Σ of its inputs + 1, which grows with the width: hidden
layers add width κ + 1, and Θ/width is what converges.

Textbook: C92

References:
    Lee et al. (2018), Deep neural networks as Gaussian processes, eq. (5).
    Jacot, Gabriel and Hongler (2018), Neural tangent kernel, theorem 1.
    Sohl-Dickstein et al. (2020), On the infinite width limit of neural networks with a standard parameterization.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.theory.kernels.dual import RELU, Dual

__all__ = ["InfiniteKernels", "infinite_mlp"]


@dataclass(frozen=True)
class InfiniteKernels:
    """The kernels of one output; different outputs are independent.

    Attributes:
        nngp: The covariance of f over random parameters.
        ntk: Θ, to which the empirical one converges as the width grows, with an error that falls as 1/√width.
    """

    nngp: Float[Tensor, "n n"]
    ntk: Float[Tensor, "n n"]


def infinite_mlp(
    x: Float[Tensor, "n dim"],
    *,
    depth: int,
    dual: Dual = RELU,
    weight_variance: float = 2.0,
    bias_variance: float = 0.0,
    width: int | None = None,
) -> InfiniteKernels:
    """Return NNGP and NTK of a network of `depth` hidden layers.

    Args:
        x: Inputs.
        depth: Number of hidden layers; 0 is a linear map.
        dual: Of the activation: `RELU`, `ERF` or `gauss_hermite(phi)`.
        weight_variance: σ_w².
        bias_variance: σ_b².
        width: For the standard parametrisation that of the hidden layers, with biases trained; `None` for the NTK
            parametrisation.

    Returns:
        Both kernels, in float64.

    Raises:
        ValueError: If the depth or a variance is negative, or the width is not positive.

    Example:
        >>> kernels = infinite_mlp(torch.tensor([[1.0, 1.0]]), depth=1)  # Σ² = 2, Θ² = 2 + 2
        >>> round(kernels.nngp.item(), 6), round(kernels.ntk.item(), 6)
        (2.0, 4.0)
    """
    if depth < 0 or weight_variance < 0 or bias_variance < 0 or (width is not None and width < 1):
        raise ValueError(
            "depth and variances must be at least 0 and width at least 1, got "
            f"depth={depth}, weight_variance={weight_variance}, bias_variance={bias_variance}, width={width}."
        )
    X = x.double()
    kappa, fan_in = X @ X.mT / X.shape[1], X.shape[1]
    theta = torch.zeros_like(kappa)
    for layer in range(depth + 1):
        sigma = weight_variance * kappa + bias_variance
        theta = theta + (sigma if width is None else fan_in * kappa + 1)
        if layer < depth:
            a = sigma.diagonal()
            kappa, slope = dual(sigma, a[:, None], a[None, :])
            theta, fan_in = theta * weight_variance * slope, width or 1
    return InfiniteKernels(sigma, theta)
