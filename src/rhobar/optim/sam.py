"""Sharpness-aware minimisation: the gradient is taken where the loss is worst nearby."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import overload

import torch
from torch import Tensor
from torch.optim.optimizer import Optimizer

from rhobar.optim.wrapper import Wrapper

__all__ = ["SAM"]


class SAM(Wrapper):
    """Step a base optimizer along the gradient at the worst point within ρ of the parameters.

        e = ρ g/‖g‖,          g = ∇L(θ)
        θ ← base step(θ; ∇L(θ + e))

    This descends max_{‖e‖≤ρ} L(θ + e) to first order in ρ, and so prefers flat minima. ‖g‖ is over all groups.
    With `adaptive`, e = ρ T²g/‖Tg‖ with T = |θ|, which does not change when a layer is scaled up and the next one
    down. A step costs two gradients. Where the base maximises, e points downhill.

    With a closure `step` does it all; otherwise, under a gradient scaler too (which takes no closures; the scale
    cancels in e):

        scaler.scale(loss(model(x), y)).backward()
        with optimizer.perturbed():
            optimizer.zero_grad()
            scaler.scale(loss(model(x), y)).backward()
        scaler.step(optimizer)

    A gradient of zero, or one with NaN or infinity, perturbs nothing: the second gradient is the first again, and
    what follows is the base's affair. Parameters without gradient stay.

    Args:
        base: Any torch optimizer that does not itself need a closure.
        rho: ρ ≥ 0, in units of the parameters; a group may have its own `sam_rho`.
        adaptive: Whether to measure ρ relative to each parameter's size; a group may have its own `sam_adaptive`.

    Raises:
        ValueError: If ρ is negative.

    Example:
        >>> theta = torch.nn.Parameter(torch.tensor([1.0]))
        >>> optimizer = SAM(torch.optim.SGD([theta], lr=0.5), rho=0.1)
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = (theta**2).sum() / 2
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure).item(), round(theta.item(), 4)
        (0.5, 0.45)

    References:
        Foret et al. (2021), Sharpness-aware minimization, equation 2 and algorithm 1.
        Kwon et al. (2021), ASAM, equation 7, for the adaptive form.
    Textbook: B65, A92
    """

    _second_gradient = False

    def __init__(self, base: Optimizer, *, rho: float = 0.05, adaptive: bool = False) -> None:
        super().__init__(base, {"sam_rho": rho, "sam_adaptive": adaptive})

    def _share_groups(self) -> None:
        super()._share_groups()
        for group in self.param_groups:
            if not group["sam_rho"] >= 0:
                raise ValueError(f"rho must be at least 0, got {group['sam_rho']}.")

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    def step(self, closure: Callable[[], Tensor | float] | None = None) -> Tensor | float | None:
        """Take both gradients by the closure, or step along the one taken inside `perturbed`.

        Args:
            closure: Clears the gradients, computes the loss, calls `backward` and returns the loss; called twice.

        Returns:
            The loss at θ, before the perturbation; None without a closure.

        Raises:
            RuntimeError: If there is neither a closure nor a gradient taken inside `perturbed`.
        """
        loss: Tensor | float | None = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
            with self.perturbed(), torch.enable_grad():
                closure()
        if not self._second_gradient:
            raise RuntimeError(
                "SAM steps along the gradient at the perturbed parameters, which was not taken; call step(closure), "
                "or compute the second gradient inside `with optimizer.perturbed():` first."
            )
        self._second_gradient = False
        self.base.step()
        return loss

    @contextmanager
    def perturbed(self) -> Iterator[None]:
        """Hold the parameters at θ + e while the context lasts, and put back θ exactly, whatever happens."""
        params, shifts = self._shifts()
        with torch.no_grad():
            kept = [p.clone(memory_format=torch.preserve_format) for p in params]
            if params:
                torch._foreach_add_(params, shifts)
        try:
            yield
            self._second_gradient = True
        finally:
            if params:
                with torch.no_grad():
                    torch._foreach_copy_(params, kept)

    @torch.no_grad()
    def _shifts(self) -> tuple[list[Tensor], list[Tensor]]:
        """Return the parameters that move, and e; none if the gradient's norm is zero or not finite.

        Raises:
            RuntimeError: If a gradient is sparse.
        """
        params, slopes, shifts = [], [], []
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                if p.grad.is_sparse:
                    raise RuntimeError("SAM needs dense gradients, got a sparse one; use sparse=False.")
                slope = p.abs() * p.grad if group["sam_adaptive"] else p.grad
                rho = -group["sam_rho"] if group.get("maximize", False) else group["sam_rho"]
                params.append(p)
                slopes.append(slope)
                shifts.append(rho * (p.abs() * slope if group["sam_adaptive"] else slope))
        norms = torch._foreach_norm(slopes) if slopes else ()
        norm = float(torch.stack([n.to(norms[0]) for n in norms]).norm()) if norms else 0.0  # one synchronisation
        if not 0 < norm < float("inf"):
            return [], []
        return params, list(torch._foreach_div(shifts, norm))
