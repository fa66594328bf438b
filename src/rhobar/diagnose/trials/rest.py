"""Trials for a model at rest: its batches take the place of a training's first ones."""

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer

from rhobar.diagnose.ranking import Judged, conclude
from rhobar.diagnose.rule import unchecked
from rhobar.diagnose.trials.case import Case, NotReplayable
from rhobar.diagnose.trials.confirm import leading, learn, try_remedies
from rhobar.record import Diagnosis, Record, Training
from rhobar.watch.exam_state import KeptBatch, copy_of
from rhobar.watch.forwards import tensors_in
from rhobar.watch.hooks import LossCall
from rhobar.watch.quiet import unheard
from rhobar.watch.start import Start

__all__ = ["kept_batches", "made_case", "resting_case", "tried_at_rest"]


def resting_case(
    model: nn.Module, loss: Callable[..., Tensor], batches: Sequence[Any], optimizer: Optimizer, record: Record
) -> Case | str:
    """The case of a model, a loss and batches; in words, why there is none.

    Only batches that are pairs of inputs and targets can be run with one part of them changed.
    """
    training = record.trainings[0] if record.trainings else Training(type(model).__name__)
    try:
        kept = kept_batches(model, loss, batches)
        return made_case(model, optimizer, kept, kept, training)
    except NotReplayable as reason:
        return str(reason)


def kept_batches(model: nn.Module, loss: Callable[..., Tensor], batches: Sequence[Any]) -> list[KeptBatch]:
    """Pairs of inputs and targets as batches that can be run with one part of them changed.

    Raises:
        NotReplayable: If a batch is no such pair, or the model's answer is no tensor.
    """
    twin, kept = copy_of(model), []
    with unheard(), torch.no_grad():
        for batch in batches:
            if not (isinstance(batch, tuple | list) and len(batch) == 2 and isinstance(batch[1], Tensor)):
                raise NotReplayable("its batches are not pairs of inputs and a target tensor")
            inputs = batch[0] if isinstance(batch[0], tuple) else (batch[0],)
            output = twin(*inputs)
            if not isinstance(output, Tensor):
                raise NotReplayable("the model returns something else than one tensor")
            call = LossCall(loss, (None, batch[1]), {}, None)
            size = sum(t.numel() for t in tensors_in([*inputs, batch[1]]))
            kept.append(KeptBatch(tuple(inputs), {}, call, 0, None, tuple(output.shape), 0.0, size))
    return kept


def made_case(
    model: nn.Module, optimizer: Optimizer, batches: list[KeptBatch], judged: list[KeptBatch], training: Training
) -> Case:
    """The case of a model and an optimizer that have not taken a step."""
    start = Start.of(model)
    start.batches = batches
    start.stepped(model, optimizer)
    return Case.of(start, model, training, judged=judged)


def tried_at_rest(case: Case | str, record: Record, judged: Judged, *, seconds: float) -> Diagnosis:
    """Rank the findings by what their remedies do to the case."""
    started = time.perf_counter()
    causes = leading(judged)
    if isinstance(case, str):
        untried = tuple(unchecked(f.id, case) for f in causes)
        return dataclasses.replace(conclude(record, judged, judged.findings), not_tried=untried)
    trials, reasons = try_remedies(case, causes, seconds=seconds)
    diagnosis = conclude(record, judged, [learn(f, trials.get(f.id)) for f in judged.findings])
    return dataclasses.replace(diagnosis, not_tried=tuple(reasons), trial_seconds=time.perf_counter() - started)
