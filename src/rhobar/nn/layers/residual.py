"""Residual connections: a block adds to its input instead of replacing it.

Textbook: C75, C79, C80, C-§8.1.1, B31[Prac].
"""

from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["Residual", "residual", "residual_backward"]


def residual(h: Float[Tensor, "..."], branch: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Add what a branch F made of h to h itself.

        h_{l+1} = h_l + F(h_l)

    If F = 0, the block is the identity. (The original ResNet takes a ReLU of the sum; this is the pre-activation
    form of 2016, whose identity is clean.)

    Textbook: C75, C79.

    Example:
        >>> import torch
        >>> residual(torch.tensor([1.0, 2.0]), torch.tensor([0.5, 0.0]))
        tensor([1.5000, 2.0000])

    Reference: He et al. (2016), Identity mappings in deep residual networks, eq. 3.
    """
    return h + branch


def residual_backward(delta: Float[Tensor, " n"], branch_jacobian: Float[Tensor, "n n"]) -> Float[Tensor, " n"]:
    """Pass a gradient back through a residual block: one share goes around the branch untouched.

        ∂L/∂h_l = (I + ∂F/∂h_l)ᵀ ∂L/∂h_{l+1}

    So the gradient survives where ∂F/∂h → 0. (The text's 1 is the identity matrix I.)

    Textbook: C80.

    Args:
        delta: ∂L/∂h_{l+1}.
        branch_jacobian: ∂F/∂h_l.

    Example:
        >>> import torch
        >>> residual_backward(torch.tensor([1.0, 2.0]), torch.zeros(2, 2))
        tensor([1., 2.])

    Reference: He et al. (2016), Identity mappings in deep residual networks, eq. 5.
    """
    return delta + branch_jacobian.T @ delta


class Residual(nn.Module):
    """h + scale · F(h), with the identity or a projection around the branch.

    Unscaled branches that keep the variance double it with each block at initialisation; a scale of 1/√L over
    L blocks keeps the total growth below e.

    Textbook: C75, C79, C-§8.1.1.

    Args:
        branch: F.
        shortcut: Around the branch; the identity if not given.
        scale: Factor of the branch.

    Example:
        >>> import torch
        >>> Residual(nn.Linear(3, 3))(torch.zeros(2, 3)).shape
        torch.Size([2, 3])

    Reference: He et al. (2016), Identity mappings in deep residual networks.
    """

    def __init__(self, branch: nn.Module, shortcut: nn.Module | None = None, *, scale: float = 1.0) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = nn.Identity() if shortcut is None else shortcut
        self.scale = scale

    def forward(self, h: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return shortcut(h) + scale · branch(h).

        Raises:
            ValueError: If branch and shortcut differ in shape: nothing is broadcast.
        """
        around, through = self.shortcut(h), self.branch(h)
        if around.shape != through.shape:
            raise ValueError(
                f"Branch and shortcut must agree in shape, got {tuple(through.shape)} and {tuple(around.shape)}; "
                "give a shortcut that projects, such as a 1 × 1 convolution of the same stride."
            )
        out: Tensor = around + (through if self.scale == 1.0 else self.scale * through)
        return out

    def extra_repr(self) -> str:
        """Show a scale other than one."""
        return "" if self.scale == 1.0 else f"scale={self.scale}"
