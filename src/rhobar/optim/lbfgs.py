"""L-BFGS by torch, with the line search without which it is not safe."""

from torch.optim import LBFGS
from torch.optim.optimizer import ParamsT

__all__ = ["lbfgs"]


def lbfgs(
    params: ParamsT, *, max_iter: int = 20, history_size: int = 10, tolerance_grad: float = 1e-7, lr: float = 1.0
) -> LBFGS:
    """Return torch's limited-memory BFGS with a strong Wolfe line search.

        θ ← θ − t H g,   where H obeys the secant equation H y = s for the last s = Δθ, y = Δg

    H is never formed: two passes over the last pairs (s, y) apply it. The line search finds t such that the loss
    falls enough and the slope flattens enough, which keeps H positive definite. torch's own default takes the fixed
    step `lr` instead and can diverge. On a quadratic of d dimensions with exact line search it needs at most d + 1
    steps.

    It is made for losses without noise: whole data sets, or one batch per call of `step`. `step` needs a closure
    that clears the gradients, calls `backward` and returns the loss; it takes up to `max_iter` iterations, each with
    one or more closure calls. All parameters form one group.

    Args:
        params: Parameters, in one group.
        max_iter: Iterations per call of `step`, at least 1.
        history_size: Pairs (s, y) kept, at least 1; memory is twice this many copies of the parameters.
        tolerance_grad: Stop once the largest |g| is below.
        lr: The first t that the line search tries; 1 is the quasi-Newton step.

    Raises:
        ValueError: If a count is below 1 or the rate is not positive.

    Example:
        >>> import torch
        >>> theta = torch.nn.Parameter(torch.tensor([3.0, -2.0]))
        >>> optimizer = lbfgs([theta])
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = (theta**2 * torch.tensor([1.0, 10.0])).sum()
        ...     loss.backward()
        ...     return loss
        >>> _ = optimizer.step(closure)
        >>> bool(closure() < 1e-9)
        True

    Reference: Nocedal and Wright (2006), Numerical optimization, algorithms 7.4, 7.5 and 3.5.
    Textbook: B23
    """
    if min(max_iter, history_size) < 1:
        raise ValueError(f"max_iter and history_size must be at least 1, got {max_iter} and {history_size}.")
    if not lr > 0:
        raise ValueError(f"lr must be positive, got {lr}; 1 is the quasi-Newton step.")
    return LBFGS(
        params,
        lr=lr,
        max_iter=max_iter,
        history_size=history_size,
        tolerance_grad=tolerance_grad,
        line_search_fn="strong_wolfe",
    )
