"""Laws of every experiment: its claim holds, its negative control fails, its links lead somewhere, its file is short."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

from rhobar.diagnose import findings
from rhobar.diagnose.rule import RULES
from rhobar.experiments import Experiment, Setting, experiments, shown_by

assert findings
EXPERIMENTS = list(experiments().values())
every = pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.name)


@every
def test_the_claim_holds_and_shows_a_picture(experiment: Experiment):
    result = experiment.run(Setting())
    assert result.checks
    assert result.holds, [(c.says, c.predicted, c.measured, c.test) for c in result.checks if not c.holds]
    assert result.figures


@every
def test_with_its_assumption_broken_the_claim_fails(experiment: Experiment):
    assert not experiment.run(Setting(broken=True)).holds


@pytest.mark.slow
@every
@pytest.mark.parametrize("seed", range(1, 6))
def test_the_verdict_is_no_luck(experiment: Experiment, seed: int):
    result = experiment.run(Setting(seed=seed))
    assert result.holds, [(c.says, c.predicted, c.measured, c.test) for c in result.checks if not c.holds]


@every
def test_its_links_lead_somewhere(experiment: Experiment):
    source = Path(inspect.getfile(inspect.unwrap(experiment.run)))
    assert source.stem.replace("_", "-") == experiment.name
    assert len(source.read_text().splitlines()) <= 150
    assert experiment.claim.endswith(".") and experiment.source and experiment.control
    assert all(re.fullmatch(r"[ABC]\d+|C-§[\d.]+[a-z]?", i) for i in experiment.textbook)
    assert set(experiment.findings) <= set(RULES)
    assert experiment.formulas
    code = source.read_text().partition("EXPERIMENT = ")[0]
    for name in experiment.formulas:
        package, function = name.rsplit(".", 1)
        assert callable(getattr(importlib.import_module(package), function)), name
        assert re.search(rf"\b{function}\b", code), f"{name} is named, and not used"


@every
def test_it_has_a_larger_form_or_says_why_not(experiment: Experiment):
    code = Path(inspect.getfile(inspect.unwrap(experiment.run))).read_text()
    assert bool(re.search(r"\bsetting\.(size|full)\b", code)) != bool(experiment.exact)


def test_every_finding_points_to_an_experiment_that_shows_its_mechanism():
    assert [finding for finding in RULES if not shown_by(finding)] == []


@pytest.mark.parametrize("experiment", EXPERIMENTS[:3], ids=lambda e: e.name)
def test_a_run_can_be_repeated(experiment: Experiment):
    assert experiment.run(Setting()) == experiment.run(Setting())
