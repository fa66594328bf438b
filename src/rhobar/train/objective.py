"""What one batch costs: the convention by which a loss, a model and a batch meet."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Objective", "first_tensor", "is_pair", "on_device", "rows_of"]

Objective = Callable[..., Tensor]
"""``loss(model(inputs), targets)`` for batches that are pairs, else ``loss(model, batch)``; metrics alike."""


def is_pair(batch: Any) -> bool:  # noqa: ANN401 (whatever a loader hands out)
    """Return whether a batch is inputs and targets."""
    return isinstance(batch, tuple | list) and len(batch) == 2


def answer(model: nn.Module, inputs: Any) -> Any:  # noqa: ANN401
    """Call a model with its inputs; several come as a tuple, named ones as a mapping."""
    if isinstance(inputs, Mapping):
        return model(**inputs)
    return model(*inputs) if isinstance(inputs, tuple) else model(inputs)


def costs(
    model: nn.Module,
    objectives: Mapping[str, Objective],
    batch: Any,  # noqa: ANN401
) -> dict[str, Tensor]:
    """Return what each of several losses or metrics says of one batch, from one pass through the model."""
    if is_pair(batch):
        outputs = answer(model, batch[0])
        return {name: objective(outputs, batch[1]) for name, objective in objectives.items()}
    return {name: objective(model, batch) for name, objective in objectives.items()}


def first_tensor(batch: Any) -> Tensor | None:  # noqa: ANN401
    """Return the first tensor in nested tuples, lists and mappings."""
    if isinstance(batch, Tensor):
        return batch
    parts = batch.values() if isinstance(batch, Mapping) else batch if isinstance(batch, tuple | list) else ()
    return next((found for part in parts if (found := first_tensor(part)) is not None), None)


def rows_of(batch: Any) -> int:  # noqa: ANN401
    """Return the samples of a batch: the length of its first tensor.

    Raises:
        TypeError: If there is no tensor with an axis in it.
    """
    tensor = first_tensor(batch)
    if tensor is None or tensor.ndim == 0:
        raise TypeError(
            f"a batch must hold tensors whose first axis counts the samples, got {type(batch).__name__}; "
            "let the loader stack its samples."
        )
    return len(tensor)


def on_device(batch: Any, device: torch.device) -> Any:  # noqa: ANN401
    """Return the batch with every tensor on a device; the same object if all are there."""
    if isinstance(batch, Tensor):
        return batch if batch.device == device else batch.to(device, non_blocking=True)
    if isinstance(batch, Mapping):
        return {key: on_device(part, device) for key, part in batch.items()}
    if isinstance(batch, tuple | list):
        parts = [on_device(part, device) for part in batch]
        if all(new is old for new, old in zip(parts, batch, strict=True)):
            return batch
        return type(batch)(*parts) if hasattr(batch, "_fields") else type(batch)(parts)
    return batch
