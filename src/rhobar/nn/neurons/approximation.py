"""What one hidden layer can do by construction, and what depth does better.

That a layer can come near a function says neither how wide it must be, nor that training finds the weights, nor that
they hold for new data.

Textbook: A11, A14, A15, A16, A17, A18, A19, B2, C-§3.3.2a, C-§3.3.2b, C-§3.3.3,
C-§6.1.2a

References:
    Cybenko (1989), Approximation by superpositions of a sigmoidal function (proves it for any dimension, otherwise).
    Leshno, Lin, Pinkus and Schocken (1993), Multilayer feedforward networks with a nonpolynomial activation function
        can approximate any function (ReLU and GELU included).
    Telgarsky (2016), Benefits of depth in neural networks, section 2 (the tent map).
"""

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["ridge_bump", "step_network", "tent", "xor_network"]


def xor_network(x: Float[Tensor, "*batch two"]) -> Float[Tensor, "*batch"]:
    """Return ReLU(x₁ + x₂) − 2 ReLU(x₁ + x₂ − 1), which is XOR: the limit is one layer, not the unit.

    Textbook: A11

    Example:
        >>> xor_network(torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]))
        tensor([0., 1., 1., 0.])
    """
    s = x.sum(-1)
    return torch.relu(s) - 2 * torch.relu(s - 1)


def ridge_bump(z: Float[Tensor, "*shape"], left: float, width: float, sharpness: float) -> Float[Tensor, "*shape"]:
    """Return σ(α (z − c)) − σ(α (z − c − δ)): near 1 on [c, c + δ], near 0 elsewhere; a step at each end as α → ∞.

    At the ends the error stays ½, however large α. In more dimensions, z = w·x, it is a strip and no box.

    Textbook: A16

    Example:
        >>> ridge_bump(torch.tensor([-1.0, 0.5, 2.0]), 0.0, 1.0, 100.0)
        tensor([0., 1., 0.])
    """
    return torch.sigmoid(sharpness * (z - left)) - torch.sigmoid(sharpness * (z - left - width))


def step_network(
    heights: Float[Tensor, " pieces"], low: float, high: float, sharpness: float, z: Float[Tensor, "*shape"]
) -> Float[Tensor, "*shape"]:
    """Return Σ_k f_k bump_k(z): a hidden layer of sigmoids that is a step function on [low, high].

    With heights f(midpoint) of a K-Lipschitz f, the error away from the jumps is at most K · width / 2, so that
    K (high − low) / (2 ε) pieces suffice for ε.

    Textbook: A14, A17

    Example:
        >>> step_network(torch.tensor([1.0, 5.0]), 0.0, 2.0, 200.0, torch.tensor([0.5, 1.5]))
        tensor([1., 5.])
    """
    width = (high - low) / len(heights)
    lefts = low + width * torch.arange(len(heights), dtype=z.dtype)
    bumps = torch.stack([ridge_bump(z, left.item(), width, sharpness) for left in lefts], -1)
    return bumps @ heights.to(z.dtype)


def tent(x: Float[Tensor, "*shape"], depth: int) -> Float[Tensor, "*shape"]:
    """Return the tent map T(x) = 2 ReLU(x) − 4 ReLU(x − ½) composed `depth` times: 2^depth linear pieces on [0, 1].

    It takes two units a layer; one hidden layer needs about as many units as pieces.

    Textbook: C-§3.3.3, C-§6.1.2a, B3

    Example:
        >>> tent(torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0]), 2)
        tensor([0., 1., 0., 1., 0.])
    """
    for _ in range(depth):
        x = 2 * torch.relu(x) - 4 * torch.relu(x - 0.5)
    return x
