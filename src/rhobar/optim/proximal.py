"""Proximal gradient descent for the L1 penalty: exact zeros, at the threshold the theory names."""

from collections.abc import Callable
from typing import Any, overload

import torch
from jaxtyping import Float
from torch import Tensor
from torch.optim.optimizer import Optimizer, ParamsT

__all__ = ["ProximalL1", "soft_threshold"]


def soft_threshold(x: Float[Tensor, "*shape"], threshold: float) -> Float[Tensor, "*shape"]:
    """Return argmin_z ½(z − x)² + τ|z| = x − clip(x, −τ, τ), elementwise.

    Args:
        x: Any shape.
        threshold: τ ≥ 0, in units of x.

    Example:
        >>> soft_threshold(torch.tensor([3.0, -0.5, -2.0]), 1.0)
        tensor([ 2.,  0., -1.])
    """
    return x - x.clamp(-threshold, threshold)


class ProximalL1(Optimizer):
    """Minimise L(θ) + λ‖θ‖₁ by gradient steps on L and exact steps on the penalty.

        θ ← S_{ηλ}( θ − η(g + wθ) + β(θ − θ_previous) ),   S_τ(x) = x − clip(x, −τ, τ)

    Where it comes to rest, g = −λ sign θ for θ ≠ 0 and |g| ≤ λ for θ = 0: with an orthonormal design and ½ squared
    loss that is the least-squares solution with λ as soft threshold. Adding λ sign θ to the gradient instead never
    gives an exact zero. The prior is Laplace's with scale 1/λ for the summed negative log-likelihood; for a mean
    over N samples divide λ by N. Exclude biases and norms by a group with `l1=0`.

    Momentum is inertia in θ itself (iPiano), so that the point of rest does not depend on β; without penalty the
    iterates are those of `torch.optim.SGD` with momentum at a constant rate. Parameters without gradient stay, and
    are not shrunk. A NaN in a gradient reaches that element alone, and stays.

    Args:
        params: Parameters, or groups of them.
        lr: η > 0.
        l1: λ ≥ 0, in units of loss per parameter.
        momentum: β in [0, 1).
        weight_decay: w ≥ 0, a penalty ½w‖θ‖² inside the gradient (elastic net).
        maximize: Whether to maximise L − λ‖θ‖₁ instead.

    Raises:
        ValueError: If a setting is out of range.

    Example:
        >>> theta = torch.nn.Parameter(torch.tensor([1.0, 0.3]))
        >>> optimizer = ProximalL1([theta], lr=1.0, l1=0.5)
        >>> theta.grad = torch.zeros(2)
        >>> optimizer.step()
        >>> theta.tolist()
        [0.5, 0.0]

    References:
        Beck and Teboulle (2009), A fast iterative shrinkage-thresholding algorithm, equation 3.2 (ISTA).
        Ochs et al. (2014), iPiano, algorithm 2, for the momentum.
    Textbook: A85, A86, A87
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-2,
        *,
        l1: float = 1e-4,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        defaults = {"lr": lr, "l1": l1, "momentum": momentum, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters with settings of its own.

        Raises:
            ValueError: If a setting is out of range.
        """
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        for name in ("lr", "l1", "weight_decay"):
            if not group[name] >= 0:
                raise ValueError(f"{name} must be at least 0, got {group[name]}.")
        if not 0 <= group["momentum"] < 1:
            raise ValueError(f"momentum must be in [0, 1), got {group['momentum']}; at 1 it never comes to rest.")

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor | float] | None = None) -> Tensor | float | None:
        """Take one step.

        Args:
            closure: Clears the gradients, computes the loss, calls `backward` and returns the loss.

        Returns:
            The closure's loss, if there is one.

        Raises:
            RuntimeError: If a gradient is sparse.
        """
        loss: Tensor | float | None = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            if any(p.grad.is_sparse for p in params):
                raise RuntimeError("ProximalL1 needs dense gradients, got a sparse one; use sparse=False.")
            if params:
                self._descend(params, group)
        return loss

    def _descend(self, params: list[Tensor], group: dict[str, Any]) -> None:
        lr, beta, sign = float(group["lr"]), group["momentum"], -1.0 if group["maximize"] else 1.0
        grads = [p.grad for p in params if p.grad is not None]
        moved = torch._foreach_mul(params, 1 - lr * group["weight_decay"])
        torch._foreach_add_(moved, grads, alpha=-sign * lr)
        if beta:
            previous = [self.state[p].setdefault("previous", p.clone()) for p in params]
            torch._foreach_add_(moved, torch._foreach_sub(params, previous), alpha=beta)
            torch._foreach_copy_(previous, params)
        if group["l1"]:
            threshold = lr * group["l1"]
            clipped = torch._foreach_clamp_max(torch._foreach_clamp_min(moved, -threshold), threshold)
            torch._foreach_sub_(moved, clipped)
        torch._foreach_copy_(params, list(moved))
