"""`rb.diagnose`: the active exam of a model at rest, before, during or after its training.

The exam runs on a deep copy: forward and backward passes over a few batches with everything read, and no step taken.
The model, its gradients, buffers, hooks and mode and all random number generators are as before.
"""

import copy
import itertools
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer

from rhobar.diagnose.ranking import conclude, judge
from rhobar.diagnose.trials.rest import resting_case, tried_at_rest
from rhobar.record import Diagnosis
from rhobar.watch.quiet import kept_rng
from rhobar.watch.watcher import Watcher

__all__ = ["assert_healthy", "complaint", "diagnose"]

MAX_BATCHES = 8


def diagnose(
    model: nn.Module,
    loss: Callable[..., Tensor],
    batches: Iterable[Any],
    optimizer: Optimizer | None = None,
    *,
    confirm: bool = False,
    confirm_seconds: float = 30.0,
) -> Diagnosis:
    """Examine a model at rest.

    Args:
        model: The network.
        loss: ``loss(model(inputs), targets)`` for batches that are pairs, else ``loss(model, batch)``.
        batches: Training batches; at most 8 are used.
        optimizer: Its optimizer, to check which parameters it holds.
        confirm: Put the remedies of the leading causes to the test: train copies on these batches for a few dozen
            steps, with and without them. Needs the optimizer.
        confirm_seconds: Most time that this may take.

    Returns:
        The ranked findings; ``.healthy`` if there are none.

    Raises:
        TypeError: If `model` is not a module or the loss does not return a tensor.
        ValueError: If there is no batch, or remedies are to be tried without an optimizer.

    Example:
        >>> import torch, rhobar as rb
        >>> model = torch.nn.Sequential(
        ...     torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3), torch.nn.Softmax(1)
        ... )
        >>> x, y = torch.randn(32, 4), torch.randint(3, (32,))
        >>> [f.id for f in rb.diagnose(model, torch.nn.CrossEntropyLoss(), [(x, y)]).causes]
        ['double-softmax']
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}.")
    if confirm and optimizer is None:
        raise ValueError("confirm=True must come with the optimizer, got None; pass optimizer=torch.optim.Adam(...).")
    chosen = list(itertools.islice(batches, MAX_BATCHES))
    if not chosen:
        raise ValueError("batches must hold at least one batch, got none; pass a list such as [(inputs, targets)].")
    memo: dict[int, Any] = {}
    twin = copy.deepcopy(model, memo)
    held = _held(optimizer, memo)
    watcher = Watcher(twin, budget=None, name=type(model).__name__)
    refused: Exception | None = None
    with kept_rng(), torch.enable_grad(), watcher:
        watcher.observer.hold(held or [])
        for batch in chosen:
            try:
                value = _loss(twin, loss, batch)
            except Exception as error:  # a loss that refuses its targets is evidence; anything else is raised below
                refused = error
                watcher.fail(type(error).__name__, str(error))
                break
            if not isinstance(value, Tensor):
                raise TypeError(f"the loss must return a tensor, got {type(value).__name__}.")
            twin.zero_grad(set_to_none=True)
            (value.mean() if value.numel() > 1 else value).backward()
    judged = judge(watcher.record, at_rest=True)
    diagnosis = conclude(watcher.record, judged, judged.findings)
    if confirm and optimizer is not None and refused is None:
        case = resting_case(model, loss, chosen, optimizer, watcher.record)
        diagnosis = tried_at_rest(case, watcher.record, judged, seconds=confirm_seconds)
    if refused is not None and not diagnosis.causes:
        raise refused
    return diagnosis


def _held(optimizer: Optimizer | None, memo: dict[int, Any]) -> list[Tensor] | None:
    """The copies of the parameters that the optimizer holds."""
    if optimizer is None:
        return None
    held = [p for group in optimizer.param_groups for p in group["params"]]
    return [memo[id(p)] for p in held if id(p) in memo]


def _loss(model: nn.Module, loss: Callable[..., Tensor], batch: Any) -> Tensor:  # noqa: ANN401
    if isinstance(batch, tuple | list) and len(batch) == 2:
        inputs, targets = batch
        outputs = model(*inputs) if isinstance(inputs, tuple) else model(inputs)
        return loss(outputs, targets)
    return loss(model, batch)


def assert_healthy(
    model: nn.Module,
    loss: Callable[..., Tensor],
    batch: Any,  # noqa: ANN401
    optimizer: Optimizer | None = None,
) -> None:
    """Fail a test whose model is sick.

    Args:
        model: The network.
        loss: As for `diagnose`.
        batch: One training batch.
        optimizer: Its optimizer.

    Raises:
        AssertionError: If there is a cause or a symptom; the message names it, its numbers and its remedy.

    Example:
        >>> import torch, rhobar as rb
        >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
        >>> rb.assert_healthy(model, torch.nn.CrossEntropyLoss(), (torch.randn(32, 4), torch.randint(3, (32,))))
    """
    sick = complaint(type(model).__name__, diagnose(model, loss, [batch], optimizer))
    if sick:
        raise AssertionError(sick)


def complaint(name: str, diagnosis: Diagnosis) -> str:
    """What a test says of causes and symptoms: one a line, each with its numbers and its remedy; nothing if healthy."""
    lines = [f"{f.id}: {f.summary} {f.remedy.text}".rstrip() for f in diagnosis.findings if f.kind != "note"]
    return f"{name} is not healthy:\n  " + "\n  ".join(lines) if lines else ""
