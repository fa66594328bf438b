"""Adam's fused kernel on the CPU, for trainings that left the choice open: one pass over the memory instead of ten."""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.optim.optimizer import Optimizer

from rhobar.optim.wrapper import Wrapper

__all__ = ["fuse", "lay_out_"]


def fuse(optimizer: Optimizer) -> bool:
    """Switch an Adam or AdamW to torch's fused kernel, if its maker left that open and the kernel can.

    Left open means that ``fused`` and ``foreach`` are None, as they are unless given. The kernel can where all
    parameters lie whole on the CPU, in single or double precision, and where the state was not counted in another
    type. It takes the same update, which single precision rounds differently.

    Args:
        optimizer: Any optimizer; one inside a `Lookahead` or `SAM` counts, and a class derived from Adam does not.

    Returns:
        Whether its groups were switched.

    Example:
        >>> optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(2))])
        >>> fuse(optimizer), optimizer.param_groups[0]["fused"]
        (True, True)
        >>> fuse(torch.optim.Adam([torch.nn.Parameter(torch.zeros(2))], fused=False))
        False
    """
    base = optimizer
    while isinstance(base, Wrapper):
        base = base.base
    groups = base.param_groups
    wanted = type(base) in (torch.optim.Adam, torch.optim.AdamW) and all(
        group["fused"] is None and group["foreach"] is None and not group["differentiable"] and not group["capturable"]
        for group in groups
    )
    if not wanted or not all(_fits(p) for group in groups for p in group["params"]):
        return False
    if any(state["step"].dtype != torch.float32 for state in base.state.values() if "step" in state):
        return False
    for group in groups:
        group["fused"] = True
    return True


def _fits(p: Tensor) -> bool:
    """Whether the kernel reads a parameter as it lies."""
    return p.device.type == "cpu" and p.dtype in (torch.float32, torch.float64) and p.is_contiguous()


def lay_out_(params: Iterable[Tensor]) -> None:
    """Lay gradients out in memory as their parameters are, which autograd does and a hook of the user's may not.

    torch's fused kernel on the CPU takes the numbers in the order in which they lie: a transposed gradient would give
    each weight the step of another.

    Example:
        >>> p = torch.nn.Parameter(torch.zeros(2, 3))
        >>> p.grad = torch.ones(3, 2).t()
        >>> lay_out_([p])
        >>> p.grad.stride()
        (3, 1)
    """
    for p in params:
        if p.grad is not None and p.grad.stride() != p.stride():
            p.grad = torch.empty_like(p).copy_(p.grad)
