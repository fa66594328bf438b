"""Lookahead around any optimizer: fast weights explore, slow weights follow."""

from collections.abc import Callable
from typing import Any, overload

import torch
from torch import Tensor
from torch.optim.optimizer import Optimizer

from rhobar.optim.wrapper import Wrapper

__all__ = ["Lookahead"]


class Lookahead(Wrapper):
    """Let a base optimizer take k steps, then move from their start only part of the way to their end.

        θ ← base step(θ);   after every k steps:  φ ← φ + α(θ − φ),  θ ← φ

    The base's state (momentum, moments) is kept across the move. Slow weights cost one copy of the parameters and
    one multiply-add every k steps. Between two moves the parameters are the fast weights θ; evaluate after a move,
    or call `to_slow`. Gradients that are sparse, None or not finite are the base's affair; what is not finite in θ
    reaches φ at the next move.

    Args:
        base: Any torch optimizer, with its own groups, schedulers, closures and gradient scalers.
        k: Base steps between two moves, at least 1; a group may have its own `lookahead_k`.
        alpha: α in (0, 1]; a group may have its own `lookahead_alpha`.

    Raises:
        ValueError: If k or α is out of range.

    Example:
        >>> theta = torch.nn.Parameter(torch.zeros(1))
        >>> optimizer = Lookahead(torch.optim.SGD([theta], lr=1.0), k=2, alpha=0.5)
        >>> for _ in range(2):
        ...     theta.grad = torch.ones(1)
        ...     optimizer.step()
        >>> theta.item()
        -1.0

    Reference: Zhang et al. (2019), Lookahead optimizer: k steps forward, 1 step back, algorithm 1.
    Textbook: C-§5.5.2
    """

    def __init__(self, base: Optimizer, *, k: int = 5, alpha: float = 0.5) -> None:
        super().__init__(base, {"lookahead_k": k, "lookahead_alpha": alpha, "lookahead_steps": 0})

    def _share_groups(self) -> None:
        super()._share_groups()
        for group in self.param_groups:
            k, alpha = group["lookahead_k"], group["lookahead_alpha"]
            if not (isinstance(k, int) and k >= 1):
                raise ValueError(f"k must be a whole number of at least 1, got {k}.")
            if not 0 < alpha <= 1:
                raise ValueError(f"alpha must be in (0, 1], got {alpha}; 1 is the base optimizer itself.")

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    def step(self, closure: Callable[[], Tensor | float] | None = None) -> Tensor | float | None:
        """Take one step of the base, and move the slow weights if it was the k-th.

        Args:
            closure: Handed to the base, which decides whether it needs one.

        Returns:
            What the base returns.
        """
        self._remember_slow()
        loss: Tensor | float | None = self.base.step() if closure is None else self.base.step(closure)  # type: ignore[arg-type]
        for group in self.param_groups:
            group["lookahead_steps"] += 1
            if group["lookahead_steps"] % group["lookahead_k"] == 0:
                self._move(group)
        return loss

    @torch.no_grad()
    def to_slow(self) -> None:
        """Set the parameters to the slow weights and begin a new round of fast steps."""
        for group in self.param_groups:
            for p in group["params"]:
                if "slow" in self.state[p]:
                    p.copy_(self.state[p]["slow"])
            group["lookahead_steps"] = 0

    @torch.no_grad()
    def _remember_slow(self) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                if "slow" not in self.state[p]:
                    self.state[p]["slow"] = p.clone(memory_format=torch.preserve_format)

    @torch.no_grad()
    def _move(self, group: dict[str, Any]) -> None:
        fast = [p for p in group["params"] if p.numel()]
        if not fast:
            return
        slow = [self.state[p]["slow"] for p in fast]
        torch._foreach_lerp_(slow, fast, group["lookahead_alpha"])
        torch._foreach_copy_(fast, slow)
