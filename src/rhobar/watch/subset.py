"""Can the network memorise one batch? What it cannot say of a few rows it cannot say of more.

From the weights as the training left them, in eval mode, Adam takes its steps on one batch alone, at two rates a
factor of ten apart; if that does not do, again from weights drawn anew. The lowest loss counts.

Reference: Goodfellow, Bengio, Courville (2016), Deep learning, section 11.5: fit a tiny data set.
"""

import math
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from rhobar.record import SubsetFit, Training
from rhobar.watch.exam_state import KeptBatch, copy_of
from rhobar.watch.left import leaves

__all__ = ["fit_subset"]

STEPS, RATES = 300, (1e-2, 1e-3)
SECONDS = 1.5
FEWEST = 20
"""Backward passes of a training worth the question: an exam of a model at rest takes fewer."""
MOST_ROWS = 2048
LEFT = 0.2
"""Of the constant answer's loss: a training that ended lower needs no such test."""


def fit_subset(model: nn.Module, batches: list[KeptBatch], training: Training) -> SubsetFit | None:
    """Train a copy on the smallest kept batch alone; ``None`` if there is no reason to, or too little time."""
    probe = training.labels
    if len(training.losses) < FEWEST or not leaves(training, LEFT) or probe is None or not probe.informative:
        return None
    batch = min(batches, key=lambda b: b.shape[0] if b.shape else MOST_ROWS + 1)
    rows = batch.shape[0] if batch.shape else 0
    if not 8 <= rows <= MOST_ROWS:
        return None
    best = math.inf
    for start in (copy_of, _fresh):
        ends = [_descend(start(model), batch.loss, rate) for rate in RATES]
        if any(end is None for end in ends):
            return None
        best = min(best, *(end for end in ends if end is not None))
        if not leaves(training, LEFT, loss=best):
            break
    return SubsetFit(rows, STEPS, best)


def _fresh(model: nn.Module) -> nn.Module:
    """A copy with weights as its layers draw them: dead units and weights blown up are no want of capacity."""
    twin = copy_of(model)
    torch.manual_seed(0)
    for module in twin.modules():
        if callable(reset := getattr(module, "reset_parameters", None)):
            reset()
    return twin


def _descend(net: nn.Module, loss: Callable[[nn.Module], Tensor], rate: float) -> float | None:
    """The lowest loss on the way; ``None`` if time ran out before half of it."""
    net.eval()
    parameters = [p for p in net.parameters() if p.requires_grad]
    if not parameters:
        return None
    optimizer, best, started = torch.optim.Adam(parameters, lr=rate), math.inf, time.perf_counter()
    for step in range(STEPS):
        value = loss(net)
        best = min(best, float(value.detach()))
        if time.perf_counter() - started > SECONDS / len(RATES):
            return best if 2 * step >= STEPS else None
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return best
