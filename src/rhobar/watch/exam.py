"""After the run: what only a second look at the kept batches can tell.

Works on a copy of the model, with the program's output, hooks and random numbers out of reach: whether the labels can
be predicted at all, the loss along one more step, and the loss in train mode beside the loss in eval mode.
"""

import dataclasses
import math
import statistics
import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.optimizer import Optimizer

from rhobar.probes.labels import label_score, ordinal_share
from rhobar.probes.rate import FACTORS, preconditioned, rate_line
from rhobar.record import Answers, LabelProbe, RateProbe, SplitProbe, Training
from rhobar.watch.exam_state import KeptBatch, communicates, copy_of
from rhobar.watch.further import go_on
from rhobar.watch.parallel import representations
from rhobar.watch.quiet import unheard
from rhobar.watch.split_rows import distance
from rhobar.watch.subset import fit_subset
from rhobar.watch.tracker import Tracker

__all__ = ["examine"]

MAX_PARAMETERS = 20_000_000
CLASS_LOSSES = ("cross_entropy", "nll", "bce", "bce_with_logits")
SECONDS = 3.0
BATCHES = 6
"""Kept batches that one loss is averaged over."""


def examine(tracker: Tracker, training: Training) -> list[str]:
    """Complete `training`; returns what could not be done, in words."""
    missing: list[str] = []
    training.labels = _labels(tracker, training)
    training.splits = tuple(_splits(tracker))
    with unheard():
        try:
            reason = _second_look(tracker, training)
        except Exception as error:
            reason = f"the kept batches could not be run again ({error})"
    if reason:
        missing.append(reason)
    return missing


def _labels(tracker: Tracker, training: Training) -> LabelProbe | None:
    """Probe the pairs of inputs and targets that were kept."""
    pairs, facts = tracker.pairs.stacked(), training.targets
    if pairs is None or facts is None or facts.constant_batches:
        return None
    x, y = pairs
    if x.shape[0] < 60 or y.shape[1] > 64:
        return None
    kind = training.loss.kind if training.loss else ""
    whole = facts.integral and 1 < len(facts.distinct) <= 50 and y.shape[1] == 1
    classes = facts.one_hot or (whole and kind in CLASS_LOSSES)
    if classes and facts.one_hot:
        y = y.argmax(1, keepdim=True).double()
    generator = torch.Generator().manual_seed(0)
    found = label_score(x, y, classes=classes, generator=generator)
    if found is None:
        return None
    ordinal = ordinal_share(x, y[:, 0], generator=generator) if whole or facts.one_hot else None
    num_classes = int(torch.unique(y[:, 0]).numel()) if classes else None
    return LabelProbe(**dataclasses.asdict(found), ordinal=ordinal, num_classes=num_classes)


def _splits(tracker: Tracker) -> Iterator[SplitProbe]:
    """Tell the rows of every place of evaluation from those trained on, as many of one side as of the other."""
    trained = tracker.splits.training.rows()
    for source, spread in tracker.splits.evaluated.items():
        rows = spread.rows()
        if trained is None or rows is None or trained.shape[1] != rows.shape[1]:
            continue
        rows = torch.unique(rows, dim=0)
        n = min(len(trained), len(rows))
        generator = torch.Generator().manual_seed(0)
        both = [side[torch.randperm(len(side), generator=generator)[:n]] for side in (trained, rows)]
        side = torch.arange(2).repeat_interleave(n)[:, None].double()
        found = label_score(torch.cat(both), side, classes=True, generator=generator)
        if found is not None:
            yield SplitProbe(source, found.score, found.stderr, found.num_rows, distance(trained, rows))


def _second_look(tracker: Tracker, training: Training) -> str:
    models = [m for ref in tracker.models.values() if (m := ref()) is not None]
    if not tracker.kept:
        return "no batch could be run again: the loss is not one functional loss of one model's output"
    if len(models) != 1:
        return "several models took part in one loss"
    model = models[0]
    if sum(p.numel() for p in model.parameters()) > MAX_PARAMETERS:
        return f"the model has more than {MAX_PARAMETERS:,} parameters"
    if communicates(model):
        return "the model's layers talk to other ranks"
    if training.nonfinite is not None:
        return "the training held non-finite values"
    twin = copy_of(model)
    twin.train()
    kept = list(tracker.kept)[-BATCHES:]
    batches = kept[-_affordable(twin, kept[-1]) :]

    def loss(net: nn.Module) -> Tensor:
        torch.manual_seed(0)
        return torch.stack([batch.loss(net) for batch in batches]).mean()

    with torch.no_grad():
        twin.eval()
        eval_loss = float(loss(twin))
        training.answers = _answers(tracker, training, twin)
        batch_loss = _with_batch_statistics(twin, loss)
        twin.train()
        train_loss = float(loss(twin))
    training.modes = dataclasses.replace(
        training.modes, train_loss=train_loss, eval_loss=eval_loss, batch_loss=batch_loss
    )
    training.subset = fit_subset(model, list(tracker.kept), training)
    if len(optimizers := _optimizers(tracker)) == 1:
        training.further = go_on(model, optimizers[0], list(tracker.kept), training)
    training.representations = representations(
        twin, batches[-1], _layer_names(tracker, model, twin), train=training.modes.has_batch_norm
    )
    return _rate(tracker, training, model, twin, loss)


def _layer_names(tracker: Tracker, model: nn.Module, twin: nn.Module) -> Callable[[Tensor], str]:
    """Names for the weights of a copy: those of the originals, paired up by their order."""
    names = {id(copy): tracker.layer_name(own) for own, copy in zip(model.parameters(), twin.parameters(), strict=True)}
    return lambda weight: names.get(id(weight), "a layer")


def _optimizers(tracker: Tracker) -> list[Optimizer]:
    return [o for ref, _ in tracker.optimizers.values() if (o := ref()) is not None]


def _with_batch_statistics(twin: nn.Module, loss: Callable[[nn.Module], Tensor]) -> float | None:
    """The loss in eval mode, but for batch normalisations that use their batch's own mean and variance."""
    norms = [m for m in twin.modules() if isinstance(m, _BatchNorm) and m.running_mean is not None]
    running = [(norm.running_mean, norm.running_var) for norm in norms]
    for norm in norms:
        norm.running_mean = norm.running_var = None  # then torch takes the batch's, in either mode
    value = float(loss(twin)) if norms else None
    for norm, (mean, variance) in zip(norms, running, strict=True):
        norm.running_mean, norm.running_var = mean, variance
    return value


def _affordable(model: nn.Module, batch: KeptBatch) -> int:
    """How many batches a line of losses may average over within SECONDS, one at least."""
    wall, cpu = time.perf_counter(), time.process_time()
    with torch.no_grad():
        batch.loss(model)
    # The smaller of both: a busy machine stretches the one, several threads the other.
    took = min(time.perf_counter() - wall, time.process_time() - cpu)
    return max(1, min(BATCHES, int(SECONDS / max(took * (len(FACTORS) + 4), 1e-9))))


def _answers(tracker: Tracker, training: Training, twin: nn.Module) -> Answers | None:
    """Right answers over all kept batches, and over those of the rarer classes."""
    kind = training.loss.kind if training.loss else ""
    pairs = [pair for batch in tracker.kept if (pair := batch.answers(twin, kind)) is not None]
    if not pairs:
        return None
    said, right = torch.cat([a for a, _ in pairs]), torch.cat([b for _, b in pairs])
    values, counts = torch.unique(right, return_counts=True)
    rare = right != values[counts.argmax()]
    hits = (said == right).double()
    return Answers(
        accuracy=float(hits.mean()),
        num_rows=int(right.numel()),
        rare_recall=float(hits[rare].mean()) if bool(rare.any()) else 0.0,
        num_rare=int(rare.sum()),
    )


def _rate(tracker: Tracker, training: Training, model: nn.Module, twin: nn.Module, loss) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001
    optimizers = _optimizers(tracker)
    rates = [r for r in tracker.rates if r > 0 and math.isfinite(r)]
    if len(optimizers) != 1 or not rates:
        return "not exactly one optimizer with a positive rate"
    twin.train(model.training or training.modes.eval_steps < training.modes.steps)
    own = [p for p in model.parameters() if p.requires_grad]
    parameters = [p for p in twin.parameters() if p.requires_grad]
    value = loss(twin)
    gradients = torch.autograd.grad(value, parameters, allow_unused=True)
    filled = [torch.zeros_like(p) if g is None else g.detach() for p, g in zip(parameters, gradients, strict=True)]
    directions = preconditioned(optimizers[0], own, filled)
    if directions is None:
        return f"the update of {type(optimizers[0]).__name__} is not known"
    losses = rate_line(twin, loss, directions, statistics.median(rates))
    training.rate = RateProbe(FACTORS, tuple(losses), float(value.detach()))
    return ""
