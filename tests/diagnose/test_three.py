"""Three laws of every finding, on real trainings: the sick network shows it, the healthy twin shows nothing, and the
remedy takes it away."""

import copy
import functools
import itertools

import pytest
import torch
from tests.diagnose.networks import ROWS, Program, Row, train
from torch import nn

import rhobar as rb
from rhobar.record import Diagnosis

FALSE: dict[str, dict[str, str]] = {}
"""What rhobar gets wrong: law → row → reason. Each is expected to fail, and complains once it no longer does."""

pytestmark = pytest.mark.filterwarnings("ignore:Using a target size")  # broadcast-loss is what torch warns of


def over(rows, law: str):
    """One case a row, those that are known to fail marked."""
    reasons = FALSE.get(law, {})
    return [
        pytest.param(r, id=str(r), marks=[pytest.mark.xfail(strict=True, reason=reasons[str(r)])] * (str(r) in reasons))
        for r in rows
    ]


@functools.cache
def sick(row: Row) -> Diagnosis:
    return train(row.sick()).diagnosis()


def ids(diagnosis: Diagnosis) -> list[str]:
    return [f.id for f in diagnosis.findings]


AT_REST = [row for row in ROWS if row.at_rest]


@pytest.mark.parametrize("row", over(ROWS, "fires"))
def test_the_sick_network_shows_it(row: Row):
    diagnosis = sick(row)
    assert row.id in ids(diagnosis), diagnosis.headline
    causes = [f.id for f in diagnosis.causes if f.id not in row.beside]
    assert causes[:1] == [row.id] or row.id in [f.id for f in diagnosis.findings if f.kind == "symptom"]


@pytest.mark.parametrize("row", over(ROWS, "silent"))
def test_the_healthy_twin_shows_nothing(row: Row):
    diagnosis = train(row.healthy()).diagnosis()
    assert diagnosis.healthy, ids(diagnosis)
    assert row.id in diagnosis.checked


@pytest.mark.parametrize("row", over(ROWS, "remedy"))
def test_the_remedy_takes_it_away(row: Row):
    assert row.id in ids(sick(row))
    assert row.id not in ids(train(row.cure(row.sick())).diagnosis())


# At rest


def exam(p: Program) -> Diagnosis:
    return rb.diagnose(p.model, p.loss, list(itertools.islice(p.batches(), 4)))


@pytest.mark.parametrize("row", over(AT_REST, "exam fires"))
def test_an_exam_shows_what_is_wrong_at_rest(row: Row):
    assert row.id in ids(exam(row.sick()))


@pytest.mark.parametrize("row", over(AT_REST, "exam silent"))
def test_an_exam_of_the_cured_network_shows_nothing(row: Row):
    assert exam(row.cure(row.sick())).healthy


@pytest.mark.parametrize("row", over(AT_REST, "exam fires"))
def test_assert_healthy_names_finding_and_remedy(row: Row):
    p = row.sick()
    with pytest.raises(AssertionError) as error:
        rb.assert_healthy(p.model, p.loss, next(p.batches()))
    found = next(f for f in rb.diagnose(p.model, p.loss, [next(p.batches())]).findings if f.id == row.id)
    assert f"{row.id}: " in str(error.value)
    assert found.remedy.text in str(error.value)


@pytest.mark.parametrize("row", over(AT_REST, "exam silent"))
def test_assert_healthy_passes_the_cured_network(row: Row):
    p = row.cure(row.sick())
    rb.assert_healthy(p.model, p.loss, next(p.batches()))


def state(model: nn.Module) -> tuple:
    """All that an exam could leave behind."""
    hooks = [
        list(getattr(m, name)) for m in model.modules() for name in sorted(vars(m)) if name.endswith("_hooks")
    ]
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    modes = [m.training for m in model.modules()]
    grads = {name: None if p.grad is None else p.grad.clone() for name, p in model.named_parameters()}
    return {k: v.detach().clone() for k, v in tensors.items()}, grads, modes, hooks


def same(a: object, b: object) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("fails", [False, True])
def test_an_exam_leaves_everything_as_it_was(training: bool, fails: bool):
    torch.manual_seed(3)
    # Batch statistics, dropout and a hook: an exam of the model itself would move each of them.
    model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 4))
    model.train(training)
    handle = model[0].register_forward_hook(lambda *_: None)
    x, y = torch.randn(32, 8), torch.randint(4, (32,))
    nn.functional.cross_entropy(model(x), y).backward()
    before, random, identity = state(model), torch.get_rng_state(), [id(p) for p in model.parameters()]

    def loss(out, target):
        torch.rand(3)
        if fails:
            raise RuntimeError("refused")
        return nn.functional.cross_entropy(out, target)

    if fails:
        with pytest.raises(RuntimeError, match="refused"):
            rb.diagnose(model, loss, [(x, y)])
    else:
        rb.diagnose(model, loss, [(x, y)] * 3)
    after = state(model)
    assert all(same(a, b) for a, b in zip(before, after, strict=True))
    assert torch.equal(random, torch.get_rng_state())
    assert identity == [id(p) for p in model.parameters()]
    assert handle.id in model[0]._forward_hooks
