"""Every probe on nets of every kind: it measures or says why, and leaves the net alone."""

import math

import pytest
import torch
from tests.probes.curvature.nets import net
from torch import nn

from rhobar.probes.estimate import Estimate
from rhobar.probes.survey import PROBES, Heat, Plot, Subject, chosen, default_loss, survey

QUICK = [name for name in PROBES if name not in ("topology", "hessian")]
NETS = ["mlp", "attention", "lstm", "batch norm, eval", "tied"]


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("name", NETS)
def test_every_probe_measures_or_says_why(name):
    model, loss, batches = net(name)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    state = torch.get_rng_state()
    modes = [m.training for m in model.modules()]
    for outcome in survey(Subject(model, loss, batches), QUICK):
        assert (outcome.reading is None) == bool(outcome.reason) and "\n" not in outcome.reason
        if outcome.reading is None:
            assert outcome.name in ("dynamics", "statistics", "uncertainty", "information")
            continue
        assert outcome.reading.headline.endswith(".")
        for table in outcome.reading.tables:
            assert all(len(row) == len(table.columns) for row in table.rows)
        for figure in outcome.reading.figures:
            if isinstance(figure, Plot):
                assert all(len(c.x) == len(c.y) and len(c.stderr) in (0, len(c.x)) for c in figure.curves)
            else:
                assert isinstance(figure, Heat) and len(figure.values) == len(figure.rows)
        assert all(note.strip() and "\n" not in note for note in outcome.reading.notes)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert torch.equal(state, torch.get_rng_state()) and modes == [m.training for m in model.modules()]
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert all(p.grad is None for p in model.parameters())


def test_one_that_fails_does_not_stop_the_others():
    class Broken(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(2, 2))

        def forward(self, x):
            raise RuntimeError("out of order\nwith a second line")

    found = list(survey(Subject(Broken(), nn.MSELoss(), [(torch.ones(3, 2), torch.ones(3, 2))]), ["noise", "weights"]))
    assert [o.name for o in found] == ["noise", "weights"]
    assert found[0].reading is None and found[0].reason == "out of order"


def test_numbers_do_not_depend_on_the_company():
    model, loss, batches = net("mlp")
    alone = next(iter(survey(Subject(model, loss, batches), ["noise"]))).reading
    beside = list(survey(Subject(model, loss, batches), ["jacobian", "noise"]))[1].reading
    assert alone == beside


def test_names():
    assert chosen([]) == list(PROBES)
    with pytest.raises(ValueError, match="did you mean 'jacobian'"):
        chosen(["jacobain"])
    with pytest.raises(ValueError, match="there are statistics"):
        chosen(["qqqq"])


def test_only_so_many_samples_are_kept():
    batches = [(torch.ones(10, 2), torch.ones(10, 2)) for _ in range(50)]
    subject = Subject(nn.Linear(2, 2), default_loss, iter(batches), max_samples=35)
    assert len(subject.batches) == 4
    assert sum(len(y) for _, y in subject.some(25)) == 25
    with pytest.raises(ValueError, match="at least one batch"):
        Subject(nn.Linear(2, 2), default_loss, [])


def test_the_numbers_are_those_of_the_probes():
    from rhobar.probes.noise import gradient_noise

    model, loss, batches = net("mlp")
    reading = next(iter(survey(Subject(model, loss, batches), ["noise"]))).reading
    cells = {row[0]: row[1] for row in reading.tables[0].rows}
    noise = gradient_noise(model, loss, batches)
    assert cells["gradient variance tr Σ"] == Estimate(noise.variance, noise.variance_stderr)
    assert math.isclose(cells["gradient diversity"], noise.diversity)


@pytest.mark.parametrize("given", ["default", "without likelihood"])
def test_factors_beside_the_curvature(given):
    model, _, batches = net("layer norm")
    loss = {"default": default_loss, "without likelihood": lambda f, y: (f**4).mean()}[given]
    (outcome,) = survey(Subject(model, loss, batches), ["hessian"])
    assert not outcome.reason
    rows = [table.rows for table in outcome.reading.tables if "Kronecker" in table.title]
    assert [[row[0] for row in of] for of in rows] == (
        [] if given == "without likelihood" else [["0.weight", "3.weight"]]
    )
    assert any("Kronecker" in note for note in outcome.reading.notes)
