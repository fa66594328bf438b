"""Faults that cost a part of what could be learned: on hand-made records, each sick one fires, each neighbour is silent."""

from dataclasses import replace

import pytest
from tests.diagnose import records as r

from rhobar.record import (
    Answers,
    Evaluation,
    Finding,
    FurtherFit,
    InputFacts,
    LabelProbe,
    LossFacts,
    ModeFacts,
    OptimizerFacts,
    ParameterFacts,
    SplitProbe,
    SubsetFit,
    TargetFacts,
)

PROBE = LabelProbe(0.95, 0.1, 0.01, 1000, "ridge regression")
CHANCE = LabelProbe(0.105, 0.1, 0.01, 1000, "ridge regression")
HALF = r.falling(end=1.0)
REAL = TargetFacts(1000, (32, 1), "float32", -3.0, 3.0, 0.0, 1.0, constant_loss=1.0, batch_spread=0.9)
REGRESSION = {"loss": LossFacts("mse", output_shape=(32, 1), target_shape=(32, 1)), "losses": r.falling(1.0, 0.05)}
GOOD_PROBE = LabelProbe(0.95, 0.0, 0.01, 1000, "ridge regression")


def looks(*losses, rows=100, overlap=0.0, mode=False, source="12"):
    return [Evaluation(40 * (i + 1), 4, rows, x, None, mode, overlap, source) for i, x in enumerate(losses)]


def split(score):
    return (SplitProbe("12", score, 0.02, 400),)


def sgd(**settings):
    return OptimizerFacts("SGD", {"lr": 0.1, **settings}, num_steps=400)


def clipped(**changes):
    applied = [replace(x, gradient_norm=1.0, applied_norm=0.01) for x in r.readings()]
    return r.training(losses=HALF, labels=PROBE, clipped=1.0, readings=applied, optimizer=sgd(), **changes)


def dropped(p, train, evaluated, **changes):
    return r.training(modes=ModeFacts(True, False, p, 400, train_loss=train, eval_loss=evaluated), **changes)


def normed(train, evaluated, **changes):
    """`train`: the loss with each batch's own statistics."""
    return r.training(modes=ModeFacts(False, True, steps=400, eval_loss=evaluated, batch_loss=train, **changes))


def further(before, after, **changes):
    return r.training(further=FurtherFit(400, 100, before, after, 0.02, changes.pop("factor", 1.0)), **changes)


def penalised(data, penalties=1, accuracy=0.5):
    """A loss that ends at 1, of which `data` is about the data."""
    loss = LossFacts("cross_entropy", output_shape=(32, 10), num_terms=2, num_penalties=penalties)
    modes = ModeFacts(steps=400, train_loss=data, eval_loss=data)
    return r.training(losses=HALF, loss=loss, modes=modes, labels=PROBE, answers=Answers(accuracy, 1000, 0.5, 900))


def bare(**changes):
    """Two leaves that `torch.autograd.grad` was asked about, and no module, no optimizer, no rows."""
    leaves = [ParameterFacts(f"tensor{i}", (8, 8), moved=False, held=False, has_gradient=False) for i in range(2)]
    fields = {"optimizer": None, "num_steps": 0, "batch_sizes": (), "epoch_length": None, "parameters": tuple(leaves)}
    return r.training(losses=r.flat(), **(fields | changes))


CONSTANT_HALF = InputFacts(1000, 4, mean=(0.0, 0.0, 0.0, 1.0), std=(0.0, 0.0, 0.0, 1.0), shape=(32, 4))
RAMP = [1e-3 * (t + 1) / 400 for t in range(400)]

SICK = {
    "shift by the loss": ("train-validation-shift", r.training(splits=split(0.9), evaluations=looks(0.6, 0.9))),
    "shift above a constant": ("train-validation-shift", r.training(splits=split(0.75), evaluations=looks(9.0))),
    "whole clip, half learned": ("clipping-always-active", clipped()),
    "dropout behind a probe": ("excessive-dropout", dropped(0.7, 0.9, 0.6, labels=PROBE)),
    "dropout, stuck, probe at chance": ("excessive-dropout", dropped(0.9, 2.4, 2.3, losses=r.flat(), labels=CHANCE)),
    "running statistics": ("degenerate-batch-norm", normed(0.2, 0.9)),
    "running statistics and dropout": ("degenerate-batch-norm", normed(0.2, 0.9, max_dropout=0.5)),
    "further steps bring much": ("too-few-epochs", further(0.9, 0.4)),
    "further steps after a schedule": ("too-few-epochs", further(
        0.9, 0.4, factor=50.0, rates=[1e-3 * (1 - t / 401) for t in range(400)])),
    "a schedule that died": ("unstable-optimizer-setting", further(
        0.9, 0.4, factor=1e6, rates=[1e-3 * 0.9**t for t in range(400)])),
    "all rows in a batch": ("batch-size-misfit", further(
        0.9, 0.4, batch_sizes=(1000,), num_rows_distinct=1000, epoch_length=1)),
    "a penalty above the data": ("excessive-regularization", penalised(0.3)),
    "answers worse than a probe": ("too-little-capacity", r.training(
        losses=HALF, labels=replace(PROBE, score=0.4), answers=Answers(0.2, 1000, 0.2, 900),
        subset=SubsetFit(50, 300, 1.5))),
    "rows far away, no look scored": ("train-validation-shift", r.training(
        splits=(SplitProbe("12", 1.0, 0.0, 400, 300.0),), evaluations=looks(None))),
    "no look scored": ("train-mode-evaluation", r.training(
        modes=ModeFacts(True, False, 0.3, 400), evaluations=looks(None, None, None, mode=True))),
    "cannot memorise": ("too-little-capacity", r.training(
        losses=HALF, labels=PROBE, subset=SubsetFit(32, 300, 0.9))),
    "the next look": ("too-few-epochs", r.training(evaluations=looks(1.5, 0.7))),
    "nine steps, all falling": ("too-few-epochs", r.training(losses=[2.3 - 0.1 * t for t in range(9)])),
    "a warm-up without end": ("unstable-optimizer-setting", r.training(losses=r.falling(end=1.8), rates=RAMP)),
    "sorted by target": ("unshuffled-batches", r.training(
        **REGRESSION, targets=REAL, labels=GOOD_PROBE, modes=ModeFacts(False, True, steps=400, eval_loss=0.5))),
    "features that say nothing": ("constant-features", r.training(
        losses=r.flat(), labels=CHANCE, inputs=CONSTANT_HALF)),
    "part of the training rows": ("train-validation-overlap", r.training(
        num_rows_distinct=1000, evaluations=looks(0.2, 0.2, 0.2, rows=300, overlap=1.0))),
    "bare tensors": ("no-optimizer-step", bare()),
}  # fmt: skip

WELL = {
    "splits alike": ("train-validation-shift", r.training(splits=split(0.52), evaluations=looks(0.6, 0.9))),
    "splits apart, scored alike": ("train-validation-shift", r.training(splits=split(0.9), evaluations=looks(0.12))),
    "whole clip, learned": ("clipping-always-active", replace(clipped(), losses=r.falling())),
    "dropout ahead of a probe": ("excessive-dropout", dropped(0.7, 0.3, 0.1, labels=PROBE)),
    "little dropout": ("excessive-dropout", dropped(0.4, 0.9, 0.6, labels=PROBE)),
    "running statistics of the data": ("degenerate-batch-norm", normed(0.3, 0.2)),
    "a dropout beside the norm": ("degenerate-batch-norm", normed(0.85, 0.9, max_dropout=0.5, train_loss=2.0)),
    "further steps bring little": ("too-few-epochs", further(0.9, 0.8)),
    "further steps of a loss that rises": ("too-few-epochs", further(0.9, 0.4, losses=r.falling(0.9, 1.5))),
    "a schedule that died when all was done": ("unstable-optimizer-setting", further(
        0.9, 0.8, factor=1e6, rates=[1e-3 * 0.9**t for t in range(400)])),
    "all rows in a batch, converged": ("batch-size-misfit", further(
        0.9, 0.85, batch_sizes=(1000,), num_rows_distinct=1000, epoch_length=1)),
    "small batches cut short": ("batch-size-misfit", further(0.9, 0.4, num_rows_distinct=1000)),
    "a penalty below the data": ("excessive-regularization", penalised(0.6)),
    "a penalty, and all answers right": ("excessive-regularization", penalised(0.3, accuracy=0.95)),
    "another task's loss": ("excessive-regularization", penalised(0.3, penalties=0)),
    "answers as good as a probe's": ("too-little-capacity", r.training(
        losses=HALF, labels=replace(PROBE, score=0.4), answers=Answers(0.38, 1000, 0.3, 900),
        subset=SubsetFit(50, 300, 1.5))),
    "rows apart but not far, no look scored": ("train-validation-shift", r.training(
        splits=(SplitProbe("12", 1.0, 0.0, 400, 3.0),), evaluations=looks(None))),
    "memorises": ("too-little-capacity", r.training(losses=HALF, labels=PROBE, subset=SubsetFit(32, 300, 0.01))),
    "the next look brings nothing": ("too-few-epochs", r.training(evaluations=looks(0.8, 0.7))),
    "past the best look": ("too-few-epochs", r.training(evaluations=looks(0.3, 1.5, 0.7))),
    "nine steps, one up": ("too-few-epochs", r.training(losses=[*(2.3 - 0.1 * t for t in range(8)), 2.25])),
    "a warm-up that ended": ("unstable-optimizer-setting", r.training(
        losses=r.falling(end=1.8), rates=[min(x, 5e-4) for x in RAMP])),
    "a range test": ("unstable-optimizer-setting", r.training(
        losses=r.falling(end=1.8), rates=[1e-6 * 1.02**t for t in range(400)])),
    "shuffled targets": ("unshuffled-batches", r.training(
        **REGRESSION, targets=replace(REAL, batch_spread=0.04), labels=GOOD_PROBE,
        modes=ModeFacts(False, True, steps=400, eval_loss=0.5))),
    "sorted without harm": ("unshuffled-batches", r.training(
        **REGRESSION, targets=REAL, labels=GOOD_PROBE, modes=ModeFacts(False, True, steps=400, eval_loss=0.05))),
    "all of the training rows": ("train-validation-overlap", r.training(
        num_rows_distinct=300, evaluations=looks(0.2, 0.2, 0.2, rows=300, overlap=1.0))),
    "training rows beside others": ("train-validation-overlap", r.training(
        num_rows_distinct=1000,
        evaluations=[*looks(0.2, 0.2, 0.2, rows=300, overlap=1.0), *looks(0.3, 0.3, rows=200, source="14")])),
    "bare tensors that move": ("no-optimizer-step", bare(
        parameters=(ParameterFacts("tensor", (8, 8), moved=True, held=False, has_gradient=False),) * 2)),
    "one bare leaf": ("no-optimizer-step", bare(
        parameters=(ParameterFacts("image", (8, 8), moved=False, held=False, has_gradient=False),))),
}  # fmt: skip


@pytest.mark.parametrize(("id", "case"), SICK.values(), ids=SICK)
def test_sick_fires(id, case):
    assert isinstance(r.judge(id, case), Finding)


@pytest.mark.parametrize(("id", "case"), WELL.values(), ids=WELL)
def test_its_neighbour_is_silent(id, case):
    assert not isinstance(r.judge(id, case), Finding)


@pytest.mark.parametrize("steps", range(1, 45))
def test_no_check_fails_for_want_of_steps(steps):
    from rhobar.diagnose.rule import RULES

    case = r.training(losses=[2.3 - 0.04 * t for t in range(steps)], evaluations=looks(1.5, 0.7), labels=PROBE)
    for rule in RULES.values():
        rule.judge(case, r.record(case))
