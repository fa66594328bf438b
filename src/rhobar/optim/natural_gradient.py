"""The natural gradient: steepest descent in the space of distributions, by the true Fisher information and CG."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import Optimizer, ParamsT

from rhobar.linalg.conjugate_gradient import conjugate_gradient
from rhobar.linalg.flatten import flatten, unflatten
from rhobar.linalg.products import differentiable_twice
from rhobar.optim.curvature import fisher
from rhobar.optim.likelihood import likelihood_of

__all__ = ["NaturalGradient"]


class NaturalGradient(Optimizer):
    """Step along the gradient in the metric of the model's own predictions.

        θ ← θ − η (F + λI)⁻¹ g,   F = Jᵀ S J,   S = (1/n) E_{y~p(y|f)}[∇_f log p ∇_f log pᵀ]

    F is the true Fisher information: the labels in it are the model's, which `likelihood` says how to draw; here
    the expectation is exact. To first order, and without damping, the step does not depend on how the function is
    parametrised. F is never formed: CG takes products, each of 1.3 to 2.9 gradients.

    With `max_kl` the step is cut to ½ sᵀFs ≤ max_kl, the mean Kullback–Leibler divergence to second order.

    The closure returns (loss, outputs) *without* calling `backward`: the mean loss and the outputs f that it was
    computed from. It is called once. A gradient scaler takes no closures; autocast to bfloat16 works.

    A loss, gradient or product that is not finite leaves the parameters as they are. Parameters that the outputs do
    not depend on, or that need no gradient, stay.

    Args:
        params: Parameters, or groups of them, on one device and of one dtype.
        lr: η ≥ 0; a group may have its own.
        likelihood: "categorical" for `F.cross_entropy`, "bernoulli" for `F.binary_cross_entropy_with_logits`,
            "gaussian" for `F.mse_loss`, each with its mean reduction.
        damping: λ ≥ 0, in units of curvature.
        max_kl: Bound on the divergence of a step, in nats per prediction; None for none.
        max_cg_steps: Bound on the products of a step.
        tol: CG stops at a relative residual of this.
        maximize: Whether to maximise the loss instead.

    Raises:
        ValueError: If a setting is out of range.

    Example:
        >>> model = torch.nn.Linear(2, 1, bias=False, dtype=torch.float64)
        >>> x, y = torch.tensor([[1.0, 0.0], [0.0, 9.0]]).double(), torch.tensor([[1.0], [9.0]]).double()
        >>> optimizer = NaturalGradient(model.parameters(), lr=1.0, likelihood="gaussian", damping=0.0)
        >>> def closure():
        ...     outputs = model(x)
        ...     return torch.nn.functional.mse_loss(outputs, y), outputs
        >>> _ = optimizer.step(closure)
        >>> [round(w, 6) for w in model.weight.flatten().tolist()]
        [1.0, 1.0]

    References:
        Amari (1998), Natural gradient works efficiently in learning.
        Martens (2020), New insights and perspectives on the natural gradient method.
    Textbook: B21, B24
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-1,
        *,
        likelihood: str = "categorical",
        damping: float = 1e-3,
        max_kl: float | None = None,
        max_cg_steps: int = 50,
        tol: float = 1e-5,
        maximize: bool = False,
    ) -> None:
        if max_cg_steps < 1 or not tol >= 0:
            raise ValueError(f"max_cg_steps must be at least 1 and tol at least 0, got {max_cg_steps} and {tol}.")
        if max_kl is not None and not max_kl > 0:
            raise ValueError(f"max_kl must be positive or None, got {max_kl}.")
        likelihood_of(likelihood)
        whole = {"likelihood": likelihood, "damping": damping, "max_kl": max_kl, "max_cg_steps": max_cg_steps}
        # There is one Fisher matrix for all parameters: the first group's values of `whole` hold for all.
        super().__init__(params, {"lr": lr, **whole, "tol": tol, "maximize": maximize})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters with a rate of its own.

        Raises:
            ValueError: If a setting is out of range, or the damping is another than the first group's.
        """
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        for name in ("lr", "damping"):
            if not group[name] >= 0:
                raise ValueError(f"{name} must be at least 0, got {group[name]}.")
        if group["damping"] != self.param_groups[0]["damping"]:
            raise ValueError("damping must be the same in all groups: there is one Fisher matrix for all of them.")

    def step(self, closure: Callable[[], tuple[Tensor, Tensor]]) -> Tensor:  # type: ignore[override]
        """Take one step.

        Args:
            closure: Computes and returns the mean loss and the outputs, with their graph; does not call `backward`.

        Returns:
            The loss before the step, detached.
        """
        params = [p for group in self.param_groups for p in group["params"] if p.requires_grad]
        whole = self.param_groups[0]
        sign = -1.0 if whole["maximize"] else 1.0
        with differentiable_twice():
            loss, outputs = closure()
            F = fisher(outputs, params, likelihood_of(whole["likelihood"]))
            slopes = torch.autograd.grad(loss, params, retain_graph=True, allow_unused=True, materialize_grads=True)
        g = sign * flatten(slopes)
        damping, max_kl = float(whole["damping"]), whole["max_kl"]
        found = conjugate_gradient(F, g, max_steps=whole["max_cg_steps"], tol=whole["tol"], shift=damping)
        if found.stop == "not-finite" or not math.isfinite(float(loss.detach())):
            return loss.detach()
        with torch.no_grad():
            rates = {id(p): float(group["lr"]) for group in self.param_groups for p in group["params"]}
            steps = torch._foreach_mul(unflatten(found.x, params), [-rates[id(p)] for p in params])
            if max_kl is not None:
                s = flatten(steps)
                divergence = float(s @ (F @ s)) / 2
                torch._foreach_mul_(steps, min(1.0, math.sqrt(max_kl / max(divergence, 1e-300))))
            torch._foreach_add_(params, steps)
        return loss.detach()
