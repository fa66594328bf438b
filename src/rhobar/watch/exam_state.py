"""Batches kept for the exam after the run: inputs, targets and the loss that joined them."""

import copy
import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from rhobar.watch.forwards import Forward, address, first_tensor, tensors_in
from rhobar.watch.hooks import LossCall
from rhobar.watch.naming import wrapped_as

__all__ = ["KeptBatch", "Lent", "communicates", "copy_of", "lent"]

MAX_ELEMENTS = 1 << 20
MAX_OUTPUTS = 16
"""Tensors of a model's output that are looked at."""


@dataclass
class KeptBatch:
    """One training batch that can be run again.

    Either the loss was called on an output of the model, loss(model(*args, **kwargs)[place]), or the model returned
    it, model(*args, **kwargs)[loss_place], as nets do that take their labels along.

    Attributes:
        place: Which of the output's tensors is the prediction; ``None`` if it is not among them.
        loss_place: Which of them is the loss; ``None`` if the loss was called outside.
        call: The call of a functional loss; its first argument is left out.
        shape: Shape in which the loss received the prediction.
        value: The loss as it was.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    call: LossCall | None
    place: int | None
    loss_place: int | None
    shape: tuple[int, ...]
    value: float
    size: int
    """Elements that are kept."""

    @property
    def rows(self) -> int:
        """Samples in it."""
        x = first_tensor(self.args, self.kwargs)
        return int(x.shape[0]) if x is not None and x.ndim else 1

    @classmethod
    def borrowed(cls, forwards: list[Forward]) -> "KeptBatch | None":
        """The batch itself, not a copy, where that takes no look: one output that went into one functional loss."""
        parts = lent(forwards[0]) if len(forwards) == 1 else None
        return None if parts is None else cls.of_parts(*parts)

    @classmethod
    def of_parts(cls, forward: Any, call: Any, shape: torch.Size) -> "KeptBatch":  # noqa: ANN401
        """The batch that `lent` took apart."""
        function, given, settings = call
        args, kwargs = forward
        made = LossCall(function, (None, *given), settings, None)
        return cls(args, kwargs, made, 0, None, tuple(shape), math.nan, 0)

    @classmethod
    def of(cls, forwards: list[Forward], loss: Tensor, handmade: LossCall | None = None) -> "KeptBatch | None":
        """Keep the batch if one model's one output is the loss or went into one functional loss that was it.

        Args:
            forwards: The passes that made the loss.
            loss: The loss.
            handmade: A functional call of the same value, if the loss was spelled out or reduced by hand.
        """
        if len(forwards) != 1:
            return None
        forward = forwards[0]
        outputs = tensors_in(forward.output)[:MAX_OUTPUTS]
        call = forward.calls[0][1] if len(forward.calls) == 1 else None
        if not forward.calls or (call is not None and call.value.numel() > 1):
            call = handmade  # losses one by one were reduced by hand
        loss_place = _loss_place(outputs, loss)
        place = None if call is None else _place(outputs, call.input)
        value = outputs[loss_place] if loss_place is not None else None if call is None else call.value
        if not isinstance(value, Tensor) or value.numel() != 1 or (loss_place is None and place is None):
            return None
        tensors = tensors_in([*forward.args, *forward.kwargs.values(), None if call is None else call.target])
        size = sum(t.numel() for t in tensors)
        if size > MAX_ELEMENTS:
            return None
        shape = tuple(call.input.shape) if call is not None and place is not None else ()
        args, kwargs = _copy(forward.args), _copy(forward.kwargs)
        return cls(args, kwargs, _without_input(call), place, loss_place, shape, float(value.detach()), size)

    def answers(self, model: nn.Module, kind: str) -> tuple[Tensor, Tensor] | None:
        """Predicted and right classes, one each per row; ``None`` if this is no classification of rows."""
        if self.place is None or self.call is None:
            return None
        output, target = self.predict(model), self.call.target
        if not isinstance(target, Tensor) or target.shape[:1] != output.shape[:1]:
            return None
        if kind in ("cross_entropy", "nll") and output.ndim == 2 and target.ndim == 1:
            return output.argmax(1), target
        if kind in ("bce", "bce_with_logits") and output.numel() == output.shape[0]:
            limit = 0.5 if kind == "bce" else 0.0
            return (output.reshape(-1) > limit).long(), target.reshape(-1).round().long()
        return None

    def loss(self, model: nn.Module) -> Tensor:
        """Run the batch again; see `predict` and `judge` for what it needs."""
        if self.loss_place is not None:
            return tensors_in(model(*self.args, **self.kwargs))[self.loss_place]
        return self.judge(self.predict(model))

    def predict(self, model: nn.Module) -> Tensor:
        """The prediction that the loss was called on.

        Raises:
            RuntimeError: If there is none.
        """
        if self.place is None:
            raise RuntimeError("a kept batch holds a loss, or a prediction and the call of a loss; this one has none.")
        return tensors_in(model(*self.args, **self.kwargs))[self.place].reshape(self.shape)

    def judge(self, prediction: Tensor) -> Tensor:
        """The loss of a prediction.

        Raises:
            RuntimeError: If no call of a loss was kept.
        """
        if self.call is None:
            raise RuntimeError("a kept batch holds a loss, or a prediction and the call of a loss; this one has none.")
        value: Tensor = self.call.function(prediction, *self.call.args[1:], **self.call.kwargs)
        return value


Lent = tuple[Any, Any, torch.Size]
"""Arguments of a model; a loss function and its arguments without the first; the shape of that one."""


def lent(forward: Forward) -> Lent | None:
    """What is needed to run a pass and its loss again, and nothing that its graph hangs on: for next to no time.

    Returns:
        The parts; ``None`` unless the model's one output went into one functional loss as it was.
    """
    if len(forward.calls) != 1:
        return None
    call = forward.calls[0][1]
    if not call.args or call.args[0] is not forward.output:
        return None
    made = (call.function, call.args[1:], call.kwargs)
    return (forward.args, forward.kwargs), made, forward.output.shape


def _loss_place(outputs: list[Tensor], loss: Tensor) -> int | None:
    """The output that is the loss, or the loss but for a factor."""
    nodes = [loss.grad_fn] if loss.grad_fn is not None else []
    nodes += [node for parent in nodes for node, _ in parent.next_functions if node is not None]
    for i, output in enumerate(outputs):
        if output.numel() == 1 and output.grad_fn is not None and output.grad_fn in nodes:
            return i
    return None


def _place(outputs: list[Tensor], prediction: object) -> int | None:
    """The output on which the loss was computed: the same numbers, perhaps in another shape."""
    if not isinstance(prediction, Tensor) or prediction.numel() == 0:
        return None
    wanted = prediction.detach().reshape(-1)
    for i, output in enumerate(outputs):
        same = output.numel() == wanted.numel() and output.dtype == wanted.dtype and not output.is_nested
        # In one place, or equal; NaN equals nothing.
        if same and (address(output) == address(prediction) or torch.equal(output.detach().reshape(-1), wanted)):
            return i
    return None


def _without_input(call: LossCall | None) -> LossCall | None:
    """A copy of the call that holds no prediction and no value."""
    if call is None:
        return None
    kwargs = {key: _copy(value) for key, value in call.kwargs.items() if key not in ("input", "input1")}
    return LossCall(call.function, (None, *(_copy(a) for a in call.args[1:])), kwargs, None)


def _copy(value: Any) -> Any:  # noqa: ANN401
    """Copies of the tensors inside plain containers; everything else as it is."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if type(value) in (list, tuple):
        return type(value)(_copy(item) for item in value)
    if type(value) is dict:
        return {key: _copy(item) for key, item in value.items()}
    return value


def communicates(model: nn.Module) -> bool:
    """Whether a pass of the model talks to other ranks, which would wait for each other in vain."""
    layers = any(isinstance(m, nn.SyncBatchNorm) or hasattr(m, "_get_fsdp_state") for m in model.modules())
    return layers or any(type(p).__name__ == "DTensor" for p in model.parameters())


def copy_of(model: nn.Module) -> nn.Module:
    """A deep copy of what is inside all wrappers, without the program's hooks: their side effects must not be repeated.

    What compiles or replicates a model is no part of its mathematics, and replicas talk to each other.
    """
    while name := wrapped_as(model):
        model = getattr(model, name)
    twin = copy.deepcopy(model)
    for module in twin.modules():
        for name in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"):
            getattr(module, name).clear()
    return twin
