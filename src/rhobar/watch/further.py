"""Where would the training have gone? Its own optimizer goes on with a copy, and rows kept apart say what that brings.

Of the distinct rows of the kept batches one in four is kept apart; on the others the copy takes as many steps again as
the training took, a hundred at least, with the optimizer's state and settings as they are at the end. A schedule that
has come to its end is taken back to its peak: what it left undone shows at a rate that still moves.

Rows kept apart were trained on before: a network that knew them by heart loses them again, so the gain is underrated
where the training was long.
"""

import copy
import math
import statistics
import time

import torch
from torch import nn
from torch.optim.optimizer import Optimizer

from rhobar.record import FurtherFit, Training
from rhobar.watch.exam_state import KeptBatch, copy_of
from rhobar.watch.left import leaves
from rhobar.watch.pooling import divided
from rhobar.watch.rebuilding import rebuilt
from rhobar.watch.start import GroupStart

__all__ = ["go_on"]

FEWEST, LEAST = 4, 100
"""Backward passes of a training worth the question; steps to take at least."""
LEFT = 0.1
"""Of the constant answer's loss: a training that ended lower left less than would be told."""
ENDED = 0.1
"""Rate at the end over the peak, below which a schedule counts as at its end."""
FEW_ROWS = 12
MANY_ROWS = 256
"""Rows of a step at most: the mean gradient of so many points where that of all rows does, for less."""
SECONDS = 1.5
FEWEST_STEPS = 10
"""Steps that say something: what fewer steps than the training took have brought is underrated."""


def go_on(model: nn.Module, optimizer: Optimizer, batches: list[KeptBatch], training: Training) -> FurtherFit | None:
    """Take further steps with a copy; ``None`` if there is no reason to, or the rows cannot be dealt anew."""
    several = training.loss is None or training.loss.num_terms > 1
    if len(training.losses) < FEWEST or not leaves(training, LEFT) or several or "LBFGS" in type(optimizer).__name__:
        return None
    if 2 * training.uncleared_steps > training.num_steps or training.clipped > 0.5:
        return None  # gradients that these steps would not imitate
    try:
        learned, judged = divided(batches, most=MANY_ROWS)
    except ValueError:
        return None
    if sum(batch.rows for batch in judged) < FEW_ROWS or not learned:
        return None
    twin = copy_of(model)
    if (follower := _follower(optimizer, model, twin)) is None:
        return None
    factor = _set_rates(follower, training.rates)
    before = _losses(twin, judged)
    steps = _descend(twin, follower, learned, training)
    after = _losses(twin, judged)
    gains = [a - b for a, b in zip(before, after, strict=True)]
    if not steps or not all(map(math.isfinite, gains)):
        return None
    sizes = [batch.rows for batch in judged]
    stderr = statistics.stdev(gains) / math.sqrt(len(gains)) if len(gains) > 1 else math.inf
    return FurtherFit(steps, sum(sizes), _mean(before, sizes), _mean(after, sizes), stderr, factor)


def _follower(optimizer: Optimizer, model: nn.Module, twin: nn.Module) -> Optimizer | None:
    """The optimizer with its state, for the copy; ``None`` if the parameters of the two do not pair up.

    They pair up in their order: the copy is of what is inside all wrappers, where names are others.
    """
    own, mirror = list(model.parameters()), dict(twin.named_parameters())
    if [p.shape for p in own] != [p.shape for p in mirror.values()]:
        return None
    names = {id(p): name for p, name in zip(own, mirror, strict=True)}
    groups = [
        GroupStart(
            {key: value for key, value in group.items() if key != "params"},
            tuple(names[id(p)] for p in group["params"] if id(p) in names),
        )
        for group in optimizer.param_groups
    ]
    follower = rebuilt(optimizer, groups, twin)
    for p in own:
        if (state := optimizer.state.get(p)) is not None:
            follower.state[mirror[names[id(p)]]] = copy.deepcopy(state)
    return follower if follower.param_groups else None


def _set_rates(optimizer: Optimizer, rates: list[float]) -> float:
    """Rates as at the last step, or at the peak if the schedule had ended; returns what they were multiplied by.

    A scheduler that is stepped once more after the last step leaves another rate behind, 0 perhaps.
    """
    if not rates:
        return 1.0
    peak, last = max(rates), rates[-1]
    wanted = peak if last < ENDED * peak else last
    now = float(optimizer.param_groups[0]["lr"])
    for group in optimizer.param_groups:
        group["lr"] = float(group["lr"]) * wanted / now if now > 0 else wanted
    return wanted / last if last > 0 else math.inf


def _descend(twin: nn.Module, optimizer: Optimizer, batches: list[KeptBatch], training: Training) -> int:
    """Steps taken before time ran out; none if they were too few to say anything."""
    wanted, each = max(training.num_steps, LEAST), max(1, round(training.backwards_per_step))
    twin.train(training.modes.eval_steps * 2 <= training.modes.steps)
    generator, queue = torch.Generator().manual_seed(0), list[int]()
    torch.manual_seed(0)
    started = time.process_time()
    for step in range(wanted):
        if time.process_time() - started > SECONDS:
            return step if step >= FEWEST_STEPS else 0
        optimizer.zero_grad()
        for _ in range(each):
            queue = queue or torch.randperm(len(batches), generator=generator).tolist()
            (batches[queue.pop()].loss(twin).mean() / each).backward()
        optimizer.step()
    return wanted


def _losses(twin: nn.Module, batches: list[KeptBatch]) -> list[float]:
    twin.eval()
    with torch.no_grad():
        return [float(batch.loss(twin).mean()) for batch in batches]


def _mean(losses: list[float], sizes: list[int]) -> float:
    return sum(loss * n for loss, n in zip(losses, sizes, strict=True)) / sum(sizes)
