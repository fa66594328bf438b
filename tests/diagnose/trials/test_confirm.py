"""The law of a trial: the remedy of a true cause helps in a rerun, and costs the training nothing."""

import copy

import pytest
import torch
from tests.diagnose.networks import Program, classifier, deep, dropped, stack
from tests.diagnose.test_three import ROWS
from torch import nn
from torch.optim import SGD

import rhobar as rb
from rhobar.diagnose.remedies import REMEDIES
from rhobar.record import Diagnosis, Finding, from_json, to_json

pytestmark = pytest.mark.filterwarnings("ignore:Using a target size")  # torch's own word on broadcast-loss

SICK = {str(row): row for row in ROWS if (row.causes or (row.id,))[0] in REMEDIES}
"""The networks of `test_three` whose first cause has a remedy that can be run."""
UNCLEAR = {
    "eval-mode-training": "dropout hardly matters within 48 steps, where the outcome is measured without it",
    "accumulating-gradients": "48 steps are too few for the momentum to do harm",
}
NOT_RERUN = {
    "two passes": "not exactly one forward pass",
    "many terms": "several terms",
    "LBFGS": "LBFGS",
    "few steps": "fewer than 20",
}


def watched(program: Program) -> rb.watch:
    torch.manual_seed(0)
    optimizer, batches = program.built(), program.batches()
    with rb.watch(program.model, optimizer, budget=None, confirm=True) as run:
        for _ in range(program.num_steps):
            x, y = next(batches)
            program.model.train(program.train_mode)
            loss = program.loss(program.model(x), y)
            act = {"zero_grad": optimizer.zero_grad, "backward": loss.backward, "step": optimizer.step}
            for name in program.loop:
                act[name]()
    return run


def found(diagnosis: Diagnosis, id: str) -> Finding:
    return next(f for f in diagnosis.findings if f.id == id)


ALWAYS = ("double-softmax", "learning-rate-too-high", "unscaled-targets", "broadcast-loss", "nonfinite-data")


@pytest.mark.parametrize("name", [n if n in ALWAYS else pytest.param(n, marks=pytest.mark.slow) for n in SICK])
def test_the_remedy_of_a_true_cause_helps(name: str) -> None:
    id = (SICK[name].causes or (SICK[name].id,))[0]
    run = watched(SICK[name].sick())
    unsure, sure = run.diagnosis(), run.diagnosis(confirm=True)
    trial = found(sure, id).trial
    assert trial is not None, sure.not_tried
    if name not in UNCLEAR:
        assert trial.verdict == "helps" and trial.gain > 0, trial
        assert found(sure, id).confidence > found(unsure, id).confidence
    again = from_json(Diagnosis, to_json(sure))
    assert [f.trial for f in again.findings] == [f.trial for f in sure.findings]


@pytest.mark.slow
def test_a_remedy_that_does_not_help_loses_its_rank() -> None:
    run = watched(classifier(loop=("backward", "step"), rate=1e-2, num_steps=120))
    judged = run.diagnosis(confirm=True)
    for finding in judged.causes:
        if finding.trial is not None and finding.trial.verdict == "does not help":
            assert finding.confidence < 0.5
    assert judged.causes[0].id == "accumulating-gradients"


def test_a_healthy_training_is_not_run_again() -> None:
    diagnosis = watched(classifier()).diagnosis(confirm=True)
    assert diagnosis.healthy and diagnosis.not_tried == ()


@pytest.mark.parametrize("confirm", [False, True])
def test_keeping_the_beginning_changes_nothing(confirm: bool) -> None:
    def weights(watching: bool) -> list[torch.Tensor]:
        program = dropped(num_steps=24)
        torch.manual_seed(0)
        optimizer, batches = program.built(), program.batches()
        run = rb.watch(program.model, optimizer, confirm=confirm) if watching else None
        if run:
            run.start()
        program.model.train()
        for _ in range(program.num_steps):
            x, y = next(batches)
            optimizer.zero_grad()
            program.loss(program.model(x), y).backward()
            optimizer.step()
        if run:
            run.stop()
            before, hooks = torch.get_rng_state(), copy.copy(program.model[0]._forward_hooks)
            run.diagnosis(confirm=confirm)
            assert torch.equal(before, torch.get_rng_state()) and hooks == program.model[0]._forward_hooks
        return [p.detach().clone() for p in program.model.parameters()]

    assert all(map(torch.equal, weights(True), weights(False)))


def test_the_unchanged_steps_follow_the_training() -> None:
    from rhobar.diagnose.trials.case import Case
    from rhobar.diagnose.trials.replay import replay

    run = watched(deep(nn.Tanh, num_steps=40))
    training = run.record.trainings[0]
    beginning = run.beginning(training)
    assert beginning is not None
    again = replay(Case.watched(*beginning, training), steps=40, seed=0)
    assert again.losses == pytest.approx(training.losses[:40], rel=1e-4)


def _optimizer(kind: str, model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.LBFGS(model.parameters()) if kind == "LBFGS" else SGD(model.parameters(), lr=0.1)


@pytest.mark.parametrize("kind", NOT_RERUN)
def test_what_cannot_be_run_again_is_said(kind: str) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(stack(8, 16, 4), nn.Softmax(1))
    optimizer = _optimizer(kind, model)
    x, y = torch.randn(32, 8), torch.randint(4, (32,))
    with rb.watch(model, optimizer, budget=None, confirm=True) as run:
        for _ in range(8 if kind == "few steps" else 40):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            if kind == "two passes":
                loss = loss + nn.functional.cross_entropy(model(x + 1), y)
            if kind == "many terms":
                loss = loss + 1e-4 * sum(p.square().sum() for p in model.parameters())
            loss.backward()
            if kind == "LBFGS":
                optimizer.step(lambda loss=loss: loss)
            else:
                optimizer.step()
    diagnosis = run.diagnosis(confirm=True)
    assert diagnosis.causes, "the case must be sick"
    assert all(f.trial is None for f in diagnosis.findings)
    assert any(NOT_RERUN[kind] in item.reason for item in diagnosis.not_tried), diagnosis.not_tried


def test_time_is_kept() -> None:
    run = watched(classifier(optimizer=SGD, rate=4.0))
    diagnosis = run.diagnosis(confirm=True, confirm_seconds=1e-3)
    assert not any(f.trial for f in diagnosis.findings)
    assert "would take" in diagnosis.not_tried[0].reason


def test_trials_wait_for_the_end_of_the_watch() -> None:
    run = rb.watch(confirm=True).start()
    with pytest.raises(RuntimeError, match="after the training"):
        run.diagnosis(confirm=True)
    run.stop()
    assert run.diagnosis(confirm=True).healthy


class TestAtRest:
    """`rb.diagnose(..., confirm=True)`."""

    def batches(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        program = classifier()
        return list(zip(program.x.split(32), program.y.split(32), strict=True))

    def test_a_true_cause_is_confirmed_and_the_model_untouched(self) -> None:
        torch.manual_seed(0)
        model = nn.Sequential(stack(8, 32, 4), nn.Softmax(1))
        before = copy.deepcopy(model.state_dict())
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        diagnosis = rb.diagnose(model, nn.CrossEntropyLoss(), self.batches(), optimizer, confirm=True)
        trial = found(diagnosis, "double-softmax").trial
        assert trial is not None and trial.verdict == "helps"
        assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
        assert not optimizer.state and all(p.grad is None for p in model.parameters())

    def test_an_optimizer_is_needed(self) -> None:
        with pytest.raises(ValueError, match="must come with the optimizer"):
            rb.diagnose(stack(8, 4), nn.CrossEntropyLoss(), self.batches(), confirm=True)

    def test_batches_of_another_form_are_named(self) -> None:
        model = nn.Sequential(stack(8, 32, 4), nn.Softmax(1))
        batches = [{"x": x, "y": y} for x, y in self.batches()]

        def loss(net: nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
            return nn.functional.cross_entropy(net(batch["x"]), batch["y"])

        optimizer = torch.optim.Adam(model.parameters())
        diagnosis = rb.diagnose(model, loss, batches, optimizer, confirm=True)
        assert [item.id for item in diagnosis.not_tried] == ["double-softmax"]
        assert "pairs" in diagnosis.not_tried[0].reason
