"""Watching a forward pass: each layer's input, and the gradient of a sampled loss at its output.

The gradient is taken when the forward pass ends, by one backward pass for a target drawn from the model's own
prediction. The graph is kept for the user's own backward, who notices nothing: no parameter's `.grad` is touched.
"""

import weakref
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge
from torch.utils.hooks import RemovableHandle

from rhobar.optim.kfac.block import Seen
from rhobar.optim.likelihood import Likelihood

__all__ = ["Capture"]


class _Hook:
    """A forward hook that stays behind when the model is copied or pickled: a copy has no optimizer."""

    def __init__(self, call: Callable[..., None]) -> None:
        self.call = call

    def __call__(self, *args: object) -> None:
        self.call(*args)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[()]]:
        return _Unwatched, ()


class _Unwatched:
    """What a copied model has in the place of a hook."""

    def __call__(self, *_: object) -> None:
        pass


class Capture:
    """Hooks on a model and some of its layers; they take themselves off once the optimizer is gone.

    Args:
        model: The network; its outputs, as `pick` selects them, are the natural parameters of the likelihood.
        layers: Name and module of each layer to watch.
        likelihood: From which targets are drawn.
        pick: What the model returns ↦ the outputs.
        due: The optimizer's method that says at the start of a forward pass whether to watch it; held weakly.
        receive: Its method that takes the calls by layer name and the number of predictions; held weakly.
        generator: Source of the targets.
    """

    def __init__(
        self,
        model: nn.Module,
        layers: Iterable[tuple[str, nn.Module]],
        likelihood: Likelihood,
        pick: Callable[[Any], object],
        due: Callable[[], bool],
        receive: Callable[[dict[str, list[Seen]], int], None],
        generator: torch.Generator | None,
    ) -> None:
        self.likelihood, self.pick, self.generator = likelihood, pick, generator
        self._due, self._receive = weakref.WeakMethod(due), weakref.WeakMethod(receive)
        self._calls: list[tuple[str, Tensor, GradientEdge]] | None = None
        self._handles: list[RemovableHandle] = [
            model.register_forward_pre_hook(_Hook(self._begin)),
            *(module.register_forward_hook(_Hook(self._layer_hook(name))) for name, module in layers),
            model.register_forward_hook(_Hook(self._end), always_call=True),
        ]

    def remove(self) -> None:
        """Take the hooks off."""
        for handle in self._handles:
            handle.remove()

    def _begin(self, model: nn.Module, _args: object) -> None:
        due = self._due()
        if due is None:
            self.remove()
            return
        self._calls = [] if model.training and torch.is_grad_enabled() and due() else None

    def _layer_hook(self, name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def hook(_module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if self._calls is not None and output.requires_grad:
                # An edge, not the tensor: an in-place activation would turn the tensor into its own output.
                self._calls.append((name, inputs[0].detach(), get_gradient_edge(output)))

        return hook

    def _end(self, _model: nn.Module, _args: object, returned: object) -> None:
        calls, self._calls = self._calls, None
        if not calls or returned is None:  # None: an exception is passing through
            return
        outputs = self.pick(returned)
        if not (isinstance(outputs, Tensor) and outputs.is_floating_point()):
            raise TypeError(
                f"K-FAC needs the model's outputs as one floating tensor, got {type(outputs).__name__}; "
                "say by `pick` where in the returned value they are."
            )
        if not (outputs.requires_grad and bool(outputs.isfinite().all())):
            return
        with torch.autocast(outputs.device.type, enabled=False):
            outputs = outputs.double() if outputs.dtype == torch.float64 else outputs.float()
            loss = self.likelihood.sampled_loss(outputs, generator=self.generator)
        edges = [edge for _, _, edge in calls]
        deltas = torch.autograd.grad(loss, edges, retain_graph=True, allow_unused=True)
        seen: dict[str, list[Seen]] = {}
        for (name, x, _), delta in zip(calls, deltas, strict=True):
            if delta is not None:
                floating = x.to(outputs.dtype) if x.is_floating_point() else x
                seen.setdefault(name, []).append(Seen(floating, delta.to(outputs.dtype)))
        receive = self._receive()
        if receive is not None:
            with torch.no_grad(), torch.autocast(outputs.device.type, enabled=False):
                receive(seen, self.likelihood.num_predictions(outputs))
