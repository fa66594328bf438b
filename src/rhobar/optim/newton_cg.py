"""Newton's method without a Hessian: products, conjugate gradients, and a region in which the model is trusted."""

import math
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.optim.optimizer import Optimizer, ParamsT

from rhobar.linalg import LinearOperator
from rhobar.linalg.conjugate_gradient import conjugate_gradient
from rhobar.linalg.flatten import flatten, unflatten
from rhobar.linalg.products import differentiable_twice
from rhobar.optim.curvature import gradient_and_hessian

__all__ = ["NewtonCG"]


class NewtonCG(Optimizer):
    """Minimise the quadratic model inside a region that widens or narrows as the model proves true.

        s ≈ argmin_{‖D⁻¹s‖ ≤ Δ} gᵀs + ½sᵀHs,    ρ = (L(θ) − L(θ + s)) / (model's decrease)
        accept s if ρ > 10⁻⁴;   Δ ← ¼‖D⁻¹s‖ if ρ < ¼,   2Δ if ρ > ¾ and s touches the boundary

    Near a minimum it takes Newton's step −H⁻¹g and converges faster than linearly; where curvature is negative it
    goes downhill along it, so that a saddle does not attract it. The loss never rises, up to rounding: changes
    within the last digits of L count as predicted. D is diagonal and holds each group's rate: `lr` scales how far
    the group may move in one step, not the Newton step inside the region, and 0 freezes the group. A step costs one
    gradient, one product (1.4 to 2.8 gradients) per CG step, and one forward pass.

    The closure returns the loss *without* calling `backward`: the graph is needed for the products. It is called
    twice and must give the same loss for the same parameters: no dropout, no new batch in between. It is made for
    losses without noise; a gradient scaler takes no closures, autocast to bfloat16 works.

    A loss or gradient that is not finite leaves the parameters as they are; a trial that is not finite is rejected
    and Δ is quartered. Parameters that the loss does not use, or that need no gradient, stay.

    Args:
        params: Parameters, or groups of them, on one device and of one dtype.
        lr: Scale of the trust region in the group's parameters.
        radius: Δ at the start, in units of the parameters over lr.
        max_radius: Bound on Δ.
        max_cg_steps: Bound on the products of a step.
        forcing: CG stops at a residual of min(forcing, √‖g‖)·‖g‖.
        maximize: Whether to maximise the loss instead.

    Raises:
        ValueError: If a setting is out of range.

    Example:
        >>> theta = torch.nn.Parameter(torch.tensor([-1.2, 1.0], dtype=torch.float64))
        >>> optimizer = NewtonCG([theta])
        >>> rosenbrock = lambda: 100 * (theta[1] - theta[0] ** 2) ** 2 + (1 - theta[0]) ** 2
        >>> for _ in range(40):
        ...     _ = optimizer.step(rosenbrock)
        >>> [round(x, 6) for x in theta.tolist()]
        [1.0, 1.0]

    References:
        Nocedal and Wright (2006), Numerical optimization, algorithms 4.1 and 7.2.
        Martens (2010), Deep learning via Hessian-free optimization.
    Textbook: B21, B22
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1.0,
        *,
        radius: float = 1.0,
        max_radius: float = 100.0,
        max_cg_steps: int = 50,
        forcing: float = 0.5,
        maximize: bool = False,
    ) -> None:
        if not 0 < radius <= max_radius:
            raise ValueError(f"radius must be in (0, max_radius], got {radius} with max_radius {max_radius}.")
        if max_cg_steps < 1 or not 0 <= forcing < 1:
            raise ValueError(
                f"max_cg_steps must be at least 1 and forcing in [0, 1), got {max_cg_steps} and {forcing}."
            )
        whole = {"max_radius": max_radius, "max_cg_steps": max_cg_steps, "forcing": forcing, "maximize": maximize}
        super().__init__(params, {"lr": lr, **whole})  # the first group's values of `whole` hold for all
        self.state[self.param_groups[0]["params"][0]]["radius"] = radius

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters with a rate of its own.

        Raises:
            ValueError: If the rate is negative.
        """
        super().add_param_group(param_group)
        if not self.param_groups[-1]["lr"] >= 0:
            raise ValueError(f"lr must be at least 0, got {self.param_groups[-1]['lr']}.")

    @property
    def radius(self) -> float:
        """Δ, the radius of the trust region."""
        return float(self.state[self.param_groups[0]["params"][0]]["radius"])

    def step(self, closure: Callable[[], Tensor]) -> Tensor:  # type: ignore[override]
        """Take one step, or none if the model proves wrong.

        Args:
            closure: Computes and returns the loss, with its graph; does not call `backward`.

        Returns:
            The loss before the step, detached.
        """
        params = [p for group in self.param_groups for p in group["params"] if p.requires_grad]
        sign = -1.0 if self.param_groups[0]["maximize"] else 1.0
        with differentiable_twice():
            loss = closure()
            g, H = gradient_and_hessian(sign * loss, params)
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):  # the same attention in the trial
            self._try_step(params, sign * float(loss.detach()), g, H, lambda: sign * float(closure()))
        return loss.detach()

    def _try_step(
        self,
        params: list[Tensor],
        loss: float,
        g: Float[Tensor, " n"],
        H: LinearOperator,
        evaluate: Callable[[], float],
    ) -> None:
        D, whole = self._scales(params), self.param_groups[0]
        Dg = D * g
        scale = float(torch.linalg.vector_norm(Dg))
        if not (math.isfinite(loss) and math.isfinite(scale)) or scale == 0:
            return
        DHD = LinearOperator(lambda v: D * (H @ (D * v)), lambda v: D * (H @ (D * v)), H.shape, H.dtype, H.device)
        tol = min(whole["forcing"], math.sqrt(scale))
        found = conjugate_gradient(DHD, -Dg, max_steps=whole["max_cg_steps"], tol=tol, radius=self.radius)
        if not found.decrease > 0:
            return
        kept = [p.clone(memory_format=torch.preserve_format) for p in params]
        torch._foreach_add_(params, unflatten(D * found.x, params))
        rounding = 10 * torch.finfo(D.dtype).eps * abs(loss)
        ratio = (loss - evaluate() + rounding) / (found.decrease + rounding)
        if not ratio > 1e-4:
            torch._foreach_copy_(params, kept)
        self._resize(ratio, float(torch.linalg.vector_norm(found.x)), found.stop)

    def _resize(self, ratio: float, length: float, stop: str) -> None:
        state = self.state[self.param_groups[0]["params"][0]]
        if not ratio >= 0.25:
            state["radius"] = 0.25 * length
        elif ratio > 0.75 and stop in ("boundary", "negative-curvature"):
            state["radius"] = min(2 * state["radius"], self.param_groups[0]["max_radius"])

    def _scales(self, params: list[Tensor]) -> Float[Tensor, " n"]:
        rates = {id(p): float(group["lr"]) for group in self.param_groups for p in group["params"]}
        return flatten([torch.full_like(p, rates[id(p)]) for p in params])
