"""Accuracy as scripts compute it: ``output.argmax(1) == y`` gives the labels of an evaluation away.

Where an evaluation computes no loss, its labels are found by this comparison, and the loss that was trained on is
computed for it.
"""

from typing import Any

import torch
from torch import Tensor

from rhobar.watch.forwards import tensors_in
from rhobar.watch.hooks import LossCall

__all__ = ["compared_labels", "evaluation_call"]


def compared_labels(output: Any, a: Any, b: Any) -> tuple[Tensor, Tensor] | None:  # noqa: ANN401
    """(logits, labels) if one side of a comparison holds the largest entries' positions of a model's output.

    Args:
        output: What the model returned, rows × classes.
        a: One side of ``==``.
        b: The other.
    """
    if not isinstance(a, Tensor) or not isinstance(b, Tensor) or a.numel() != b.numel():
        return None
    if a.is_floating_point() or b.is_floating_point() or a.dtype == torch.bool or b.dtype == torch.bool:
        return None
    logits = next((t for t in tensors_in(output)[:4] if t.ndim == 2 and t.is_floating_point()), None)
    if logits is None or logits.shape[0] != a.numel() or logits.shape[1] < 2:
        return None
    said = logits.argmax(1)
    for mine, other in ((a, b), (b, a)):
        if torch.equal(mine.reshape(-1).to(said.dtype), said):
            return logits, other.reshape(-1).long()
    return None


def evaluation_call(call: LossCall, logits: Tensor, labels: Tensor) -> LossCall | None:
    """The training's own functional loss of an evaluation's logits and labels; ``None`` if it takes no labels."""
    if call.function.__name__ not in ("cross_entropy", "nll_loss") or int(labels.max()) >= logits.shape[1]:
        return None
    kwargs = {key: value for key, value in call.kwargs.items() if key not in ("input", "target", "reduction")}
    return LossCall(call.function, (logits, labels), kwargs, call.function(logits, labels, **kwargs))
