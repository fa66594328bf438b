"""Run the first steps of a training again and measure where they lead."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from rhobar.diagnose.trials.case import Case
from rhobar.watch.exam_state import KeptBatch
from rhobar.watch.pooling import pooled
from rhobar.watch.rebuilding import rebuilt

__all__ = ["Outcome", "accuracy", "descend", "replay", "score", "scores"]


@dataclass(frozen=True)
class Outcome:
    """Where the steps led.

    Attributes:
        losses: The program's own loss on each batch, before its step.
        loss: The program's own loss over the judged batches at the end, in eval mode; infinite if it is not finite.
        accuracy: Share of right answers there; ``None`` if the program is no classification of rows.
    """

    losses: tuple[float, ...]
    loss: float
    accuracy: float | None = None


def replay(case: Case, *, steps: int, seed: int) -> Outcome:
    """Take `steps` optimizer steps with a copy of the case, and say where they led; arguments as for `descend`."""
    trained, losses = descend(case, steps=steps, seed=seed)
    finite = bool(losses) and math.isfinite(losses[-1])
    return Outcome(losses, score(trained) if finite else math.inf, accuracy(trained))


def descend(
    case: Case, *, steps: int, seed: int, look: Callable[[Case], object] | None = None
) -> tuple[Case, tuple[float, ...]]:
    """Take `steps` optimizer steps with a copy of the case, or fewer if a loss is not finite.

    Args:
        case: What to run; it stays as it is.
        steps: Optimizer steps.
        seed: 0 takes the batches in their own order; any other in an order of its own. It also seeds dropout.
        look: Called with the copy after every round through the batches, the model in eval mode without gradients.

    Returns:
        The copy, trained, and the program's own loss on each batch before its step.
    """
    case = case.clone()
    optimizer = rebuilt(case.template, case.groups, case.model)
    rates = [float(group["lr"]) for group in optimizer.param_groups if "lr" in group]
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    queue, losses = _Queue(case, generator, in_order=seed == 0), []
    case.model.zero_grad(set_to_none=True)
    for step in range(steps):
        for _ in range(case.loop.per_step):
            value = case.loss(queue.next()).mean()
            losses.append(float(value.detach()))
            if not math.isfinite(losses[-1]):
                return case, tuple(losses)
            (value * case.loop.scale).backward()
        if case.loop.clip is not None:
            nn.utils.clip_grad_norm_(case.model.parameters(), case.loop.clip)
        if case.loop.rates and len(rates) == len(optimizer.param_groups):
            factor = case.loop.rates[min(step, len(case.loop.rates) - 1)]
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
        optimizer.step()
        if case.loop.clear:
            case.model.zero_grad(set_to_none=True)
        if look is not None and not queue.waiting:
            _look(case, look)
    return case, tuple(losses)


def _look(case: Case, look: Callable[[Case], object]) -> None:
    modes = [(module, module.training) for module in case.model.modules()]
    case.model.eval()
    with torch.no_grad():
        look(case)
    for module, training in modes:
        module.training = training


def score(case: Case) -> float:
    """The program's own loss over the judged batches, in eval mode; infinite if it is not finite."""
    values = scores(case)
    end = sum(values) / len(values)
    return end if math.isfinite(end) else math.inf


def scores(case: Case) -> tuple[float, ...]:
    """The program's own loss on each judged batch, in eval mode."""
    case.model.eval()
    with torch.no_grad():
        return tuple(float(case.own_loss(batch).mean()) for batch in case.judged)


class _Queue:
    """Batches without end: an order for each round through them."""

    def __init__(self, case: Case, generator: torch.Generator, *, in_order: bool) -> None:
        self.case, self.generator, self.in_order = case, generator, in_order
        self.waiting: list[KeptBatch] = []

    def next(self) -> KeptBatch:
        if not self.waiting:
            batches = self.case.batches
            if self.case.loop.shuffled:
                batches = pooled(batches + ([] if self.case.held_out else self.case.judged), self.generator)
            order = range(len(batches))
            if not self.in_order:
                order = torch.randperm(len(batches), generator=self.generator).tolist()  # type: ignore[assignment]
            self.waiting = [batches[i] for i in order][::-1]
        return self.waiting.pop()


def accuracy(case: Case) -> float | None:
    """Share of right answers over the judged batches."""
    right, total = 0.0, 0
    case.model.eval()
    with torch.no_grad():
        for batch in case.judged:
            hits = answered(case, batch)
            if hits is None:
                return None
            right, total = right + float(hits.double().sum()), total + hits.numel()
    return right / total if total else None


def answered(case: Case, batch: KeptBatch) -> torch.Tensor | None:
    """Whether each row of the batch is answered rightly; ``None`` if its targets are no classes."""
    target = batch.call.target if batch.call is not None else None
    facts = case.training.targets
    if batch.place is None or not isinstance(target, torch.Tensor) or facts is None:
        return None
    kind = case.training.loss.kind if case.training.loss else ""
    prediction = case.predict(batch)
    if prediction.shape[:1] != target.shape[:1] or prediction.ndim < 1:
        return None
    flat = prediction.reshape(prediction.shape[0], -1)
    if facts.one_hot and target.ndim == 2 and flat.shape == target.shape:
        return flat.argmax(1) == target.argmax(1)
    if target.numel() != target.shape[0]:
        return None
    labels = target.reshape(-1)
    if kind in ("cross_entropy", "nll") and flat.shape[1] > 1 and prediction.ndim == 2:
        return flat.argmax(1) == labels
    if facts.integral and 1 < len(facts.distinct) <= 2 and flat.shape[1] == 1:
        low, high = facts.distinct[0], facts.distinct[-1]
        logits = kind == "bce_with_logits" or case.criterion is not None
        limit = 0.0 if logits else (low + high) / 2
        return (flat.reshape(-1) > limit) == (labels > (low + high) / 2)
    return None
