"""Batches kept for the exam after the run: inputs, targets and the loss call that joined them."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from rhobar.watch.forwards import Forward, tensors_in
from rhobar.watch.hooks import LossCall

__all__ = ["KeptBatch"]

MAX_ELEMENTS = 1 << 20


@dataclass
class KeptBatch:
    """One training batch that can be run again: loss(model(*args, **kwargs)) by the same functional loss."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    call: LossCall
    shape: tuple[int, ...]
    value: float
    size: int
    """Elements that are kept."""

    @classmethod
    def of(cls, forwards: list[Forward], loss: Tensor) -> "KeptBatch | None":
        """Keep the batch if one model's one output went into one functional loss whose value was the loss."""
        if len(forwards) != 1 or len(forwards[0].calls) != 1:
            return None
        forward, (_, call) = forwards[0], forwards[0].calls[0]
        output, prediction = forward.output, call.input
        if not isinstance(output, Tensor) or not isinstance(prediction, Tensor) or output.numel() != prediction.numel():
            return None
        if output.numel() == 0:
            return None
        if not isinstance(call.value, Tensor) or call.value.numel() != 1:
            return None
        tensors = tensors_in([*forward.args, *forward.kwargs.values(), call.target])
        size = sum(t.numel() for t in tensors)
        if size > MAX_ELEMENTS or not _plain(forward, call):
            return None
        copied = LossCall(call.function, (None, *(_copy(a) for a in call.args[1:])), _copied(call.kwargs), None)
        copied.kwargs.pop("input", None)
        args = tuple(_copy(a) for a in forward.args)
        return cls(args, _copied(forward.kwargs), copied, tuple(prediction.shape), float(call.value.detach()), size)

    def answers(self, model: nn.Module, kind: str) -> tuple[Tensor, Tensor] | None:
        """Predicted and right classes, one each per row; ``None`` if this is no classification of rows."""
        output = model(*self.args, **self.kwargs).reshape(self.shape)
        target = self.call.target if len(self.call.args) > 1 else self.call.kwargs.get("target")
        if not isinstance(target, Tensor) or target.shape[:1] != output.shape[:1]:
            return None
        if kind in ("cross_entropy", "nll") and output.ndim == 2 and target.ndim == 1:
            return output.argmax(1), target
        if kind in ("bce", "bce_with_logits") and output.numel() == output.shape[0]:
            limit = 0.5 if kind == "bce" else 0.0
            return (output.reshape(-1) > limit).long(), target.reshape(-1).round().long()
        return None

    def loss(self, model: nn.Module) -> Tensor:
        """Run the batch again."""
        output = model(*self.args, **self.kwargs)
        value: Tensor = self.call.function(output.reshape(self.shape), *self.call.args[1:], **self.call.kwargs)
        return value


def _plain(forward: Forward, call: LossCall) -> bool:
    """The loss was computed on the output itself: same memory, or the same numbers in another shape."""
    prediction, output = call.input, forward.output
    return bool(torch.equal(prediction.detach().reshape(-1), output.detach().reshape(-1)))


def _copy(value: Any) -> Any:  # noqa: ANN401
    return value.detach().clone() if isinstance(value, Tensor) else value


def _copied(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {key: _copy(value) for key, value in kwargs.items()}
