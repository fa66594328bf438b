"""Stochastic depth: in training, whole residual branches are dropped at random.

Textbook: A91[§5.2].
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

__all__ = ["StochasticDepth", "stochastic_depth", "survival_rates"]


def stochastic_depth(
    branch: Float[Tensor, "batch ..."], keep: Bool[Tensor, " batch"], p: float
) -> Float[Tensor, "batch ..."]:
    """Drop the branch of some samples, and scale the others so that the mean stays.

        y_i = b_i F(h_i) / (1 − p),   b_i ~ Bernoulli(1 − p), one a sample;   E y_i = F(h_i)

    p is the rate of dropping. (The paper does not divide in training but multiplies by 1 − p afterwards.)

    Textbook: A91.

    Args:
        branch: F(h), the residual branch's output.
        keep: b.
        p: Rate of dropping, below 1.

    Example:
        >>> stochastic_depth(torch.ones(2, 1), torch.tensor([True, False]), p=0.5).flatten()
        tensor([2., 0.])

    Reference: Huang et al. (2016), Deep networks with stochastic depth, eq. 2 and 5.
    """
    b = keep.view(-1, *[1] * (branch.ndim - 1))
    return torch.where(b, branch / (1 - p), 0)


def survival_rates(num_blocks: int, last: float) -> list[float]:
    """Let the rate of survival fall linearly with depth, since early blocks are read by all later ones.

        1 − p_l = 1 − (l / L)(1 − p_L)

    Args:
        num_blocks: L.
        last: Rate of survival 1 − p_L of the last block.

    Raises:
        ValueError: If there is no block or the rate is not in (0, 1].

    Example:
        >>> survival_rates(4, last=0.5)
        [0.875, 0.75, 0.625, 0.5]

    Reference: Huang et al. (2016), Deep networks with stochastic depth, eq. 4.
    """
    if num_blocks < 1:
        raise ValueError(f"num_blocks must be at least 1, got {num_blocks}.")
    if not 0 < last <= 1:
        raise ValueError(f"last must be a rate of survival in (0, 1], got {last}; a branch never kept never learns.")
    return [1 - block / num_blocks * (1 - last) for block in range(1, num_blocks + 1)]


class StochasticDepth(nn.Module):
    """Drop a residual branch, sample by sample, in training; the identity in evaluation.

    Put it at the end of the branch, before the sum. Like ``nn.Dropout`` it draws from torch's global generator.

    Textbook: A91.

    Args:
        p: Rate of dropping, in [0, 1).

    Raises:
        ValueError: If the rate is not in [0, 1).

    Example:
        >>> StochasticDepth(0.5).eval()(torch.ones(2, 3)).unique()
        tensor([1.])

    Reference: Huang et al. (2016), Deep networks with stochastic depth.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"p must be a rate of dropping in [0, 1), got {p}; a branch never kept is never trained.")
        self.p = p

    def forward(self, branch: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch ..."]:
        """Return the branch, dropped and scaled in training."""
        if not self.training or self.p == 0:
            return branch
        keep = torch.rand(len(branch), device=branch.device) >= self.p
        return stochastic_depth(branch, keep, self.p)

    def extra_repr(self) -> str:
        """Show the rate."""
        return f"p={self.p}"
