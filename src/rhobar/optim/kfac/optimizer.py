"""K-FAC: the natural gradient, with the Fisher matrix of each layer as a Kronecker product."""

import math
from collections.abc import Callable
from typing import Any, overload

import torch
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer, ParamsT

from rhobar.optim.kfac.block import Block, Factors, Seen
from rhobar.optim.kfac.capture import Capture
from rhobar.optim.kfac.layers import blocks_of
from rhobar.optim.likelihood import likelihood_of

__all__ = ["KFAC"]


def _itself(returned: object) -> object:
    return returned


class KFAC(Optimizer):
    """Precondition each layer's gradient by the inverse of its block of the true Fisher matrix.

        d = (F̂ + λI)⁻¹ g,   F̂ = A ⊗ G for each linear layer, convolution and embedding, 2 × 2 blocks for norms
        ν = min(1, √(κ / (η² Σ dᵀg))),   v ← βv + νd,   θ ← θ − η(v + wθ)

    F is the Fisher matrix of the mean loss under the model's own predictions, one target drawn for each. ν bounds
    the predicted divergence of a group's step by κ. Use it like any optimizer:

        optimizer = KFAC(model.parameters(), model, likelihood="categorical")
        for x, y in batches:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()

    Every `stats_every` steps a forward pass in training mode is followed by one more backward pass, without weight
    gradients, for the statistics; every `inverse_every` steps they are diagonalised, and at first whenever their
    number has doubled. A step multiplies each weight by its two eigenbases and back: beside a gradient that is little
    where batches are larger than layers are wide, and most of the time where they are smaller; `benchmarks/kfac.py`
    has numbers. The weights' gradients may be accumulated, clipped, or unscaled by a gradient scaler before `step`.

    A gradient that is not finite passes through to its layer's group, as in SGD; statistics that are not finite are
    left out. Parameters without gradient stay. It takes float32 and float64 parameters; autocast is welcome. In
    several processes each has statistics of its own batches: average the gradients and load equal states, or expect
    the replicas to drift apart.

    Args:
        params: Parameters of the model, or groups of them, in the layers of `BLOCKS`; see `split_parameters`.
        model: The network, whose forward pass is watched; it must be called itself, not only its parts.
        lr: η ≥ 0.
        likelihood: "categorical" for `F.cross_entropy`, "bernoulli" for `F.binary_cross_entropy_with_logits`,
            "gaussian" for `F.mse_loss`, each with its mean reduction.
        damping: λ > 0, in units of curvature.
        momentum: β in [0, 1).
        weight_decay: w ≥ 0, decoupled.
        max_kl: κ > 0, or None for ν = 1.
        stats_decay: Weight of the past in the running statistics, in [0, 1); their first batches count in full.
        stats_every: Steps between two updates of the statistics; as for `likelihood`, the first group's value holds.
        inverse_every: Steps between two diagonalisations.
        maximize: Whether to climb instead.
        pick: What the model returns ↦ the outputs, for models that return more.
        generator: Source of the sampled targets; its state is not part of `state_dict`.

    Raises:
        ValueError: If a setting is out of range or a parameter cannot be taken.

    Example:
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
        >>> optimizer = KFAC(model.parameters(), model)
        >>> x, y = torch.randn(16, 4), torch.randint(3, (16,))
        >>> nn.functional.cross_entropy(model(x), y).backward()
        >>> optimizer.step()

    References:
        Martens and Grosse (2015), Optimizing neural networks with Kronecker-factored approximate curvature.
        Ba, Grosse and Martens (2017), Distributed second-order optimization using Kronecker-factored approximations,
        section 5, for ν.
    Textbook: B21, B24, B25
    """

    def __init__(
        self,
        params: ParamsT,
        model: nn.Module,
        lr: float = 1e-2,
        *,
        likelihood: str = "categorical",
        damping: float = 1e-3,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        max_kl: float | None = 1e-3,
        stats_decay: float = 0.95,
        stats_every: int = 10,
        inverse_every: int = 100,
        maximize: bool = False,
        pick: Callable[[Any], object] = _itself,
        generator: torch.Generator | None = None,
    ) -> None:
        rates = {"lr": lr, "damping": damping, "momentum": momentum, "weight_decay": weight_decay, "max_kl": max_kl}
        rhythm = {"stats_decay": stats_decay, "stats_every": stats_every, "inverse_every": inverse_every}
        likelihood_of(likelihood)
        self.blocks: dict[str, Block] = {}
        self.model, self.pick, self.generator = model, pick, generator
        super().__init__(params, {**rates, **rhythm, "likelihood": likelihood, "maximize": maximize})
        self._watch()

    def _watch(self) -> None:
        layers = [(name, block.module) for name, block in self.blocks.items()]
        likelihood = likelihood_of(self.param_groups[0]["likelihood"])
        self.capture = Capture(
            self.model, layers, likelihood, self.pick, self._stats_are_due, self._receive, self.generator
        )

    def __getstate__(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in ("blocks", "model", "pick", "generator")}
        return {**super().__getstate__(), **own}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if not hasattr(self, "capture"):  # a copy, not a load_state_dict
            self._watch()

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters with settings of its own.

        Raises:
            ValueError: If a setting is out of range or a parameter cannot be taken.
        """
        if hasattr(self, "capture"):
            raise ValueError("K-FAC watches the layers it was constructed with; construct another one for new groups.")
        super().add_param_group(param_group)
        _check(self.param_groups[-1])
        self.blocks = blocks_of(self.model, [p for group in self.param_groups for p in group["params"]])

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
        """
        loss: Tensor | float | None = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        directions: dict[Tensor, Tensor] = {}
        groups = {p: group for group in self.param_groups for p in group["params"]}
        for name, block in self.blocks.items():
            if all(p.grad is None for p in block.params):
                continue
            grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in block.params]
            natural = self._precondition(name, block, grads, groups[block.params[0]])
            directions.update((p, d) for p, d in zip(block.params, natural, strict=True) if p.grad is not None)
        for group in self.param_groups:
            self._descend([p for p in group["params"] if p in directions], directions, group)
        return loss

    def _precondition(self, name: str, block: Block, grads: list[Tensor], group: dict[str, Any]) -> list[Tensor]:
        state = self.state[block.params[0]]
        if "factors" not in state:
            raise RuntimeError(
                f"K-FAC has no statistics of layer {name!r}: before step(), call the whole model in training mode, "
                "with gradients enabled and finite outputs."
            )
        steps, young = state.get("steps", 0), 2 * state.get("num_inverted", 0) <= state["num_stats"]
        if steps % group["inverse_every"] == 0 or (steps < group["inverse_every"] and young):
            state["inverse"], state["num_inverted"] = block.invert(state["factors"]), state["num_stats"]
        state["steps"] = steps + 1
        return block.precondition(state["inverse"], grads, float(group["damping"]))

    def _descend(self, params: list[Tensor], directions: dict[Tensor, Tensor], group: dict[str, Any]) -> None:
        if not params:
            return
        lr, beta, sign = float(group["lr"]), group["momentum"], -1.0 if group["maximize"] else 1.0
        d, grads = [directions[p] for p in params], [p.grad for p in params if p.grad is not None]
        if group["max_kl"] is not None:
            divergence = lr**2 * float(torch.stack([(a * b).sum() for a, b in zip(d, grads, strict=True)]).sum())
            if divergence > group["max_kl"]:
                torch._foreach_mul_(d, math.sqrt(group["max_kl"] / divergence))
        if beta:
            v = [self.state[p].setdefault("momentum_buffer", torch.zeros_like(p)) for p in params]
            torch._foreach_mul_(v, beta)
            torch._foreach_add_(v, d)
            d = v
        if group["weight_decay"]:
            torch._foreach_mul_(params, 1 - lr * group["weight_decay"])
        torch._foreach_add_(params, d, alpha=-sign * lr)

    def _stats_are_due(self) -> bool:
        owners = [self.state[block.params[0]] for block in self.blocks.values()]
        steps = max(state.get("steps", 0) for state in owners)
        lacking = any("factors" not in state for state in owners)
        return lacking or bool(steps % self.param_groups[0]["stats_every"] == 0)

    def _receive(self, calls: dict[str, list[Seen]], num_predictions: int) -> None:
        decay = self.param_groups[0]["stats_decay"]
        for name, seen in calls.items():
            new = self.blocks[name].factors(seen, num_predictions)
            if not all(bool(f.sum().isfinite()) for f in new.values()):  # a tenth of isfinite().all()
                continue
            state = self.state[self.blocks[name].params[0]]
            count = state["num_stats"] = state.get("num_stats", 0) + 1
            past: Factors = state.setdefault("factors", new)
            weight = max(1 - decay, 1 / count)
            for key, value in new.items():
                if value is not past[key]:
                    past[key].lerp_(value, weight)


def _check(group: dict[str, Any]) -> None:
    for name in ("lr", "weight_decay"):
        if not group[name] >= 0:
            raise ValueError(f"{name} must be at least 0, got {group[name]}.")
    if not group["damping"] > 0:
        raise ValueError(f"damping must be positive, got {group['damping']}: sampled blocks are often singular.")
    for name in ("momentum", "stats_decay"):
        if not 0 <= group[name] < 1:
            raise ValueError(f"{name} must be in [0, 1), got {group[name]}.")
    if min(group["stats_every"], group["inverse_every"]) < 1:
        raise ValueError("stats_every and inverse_every must be at least 1.")
    if group["max_kl"] is not None and not group["max_kl"] > 0:
        raise ValueError(f"max_kl must be positive or None, got {group['max_kl']}.")
    if any(p.dtype not in (torch.float32, torch.float64) for p in group["params"]):
        raise ValueError("K-FAC takes float32 and float64 parameters; for half precision keep them and use autocast.")
