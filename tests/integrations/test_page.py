"""Every example of docs/integrations.md runs as it stands: what is sick in it is found, and mended it is silent.

The frameworks take seconds to import: one test for each, which imports it where it runs.
"""

import doctest
import importlib
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.integrations.page import example

pytestmark = pytest.mark.filterwarnings("ignore")  # the frameworks' own

SOFTMAX = (", nn.Softmax(1)", "")


@dataclass(frozen=True)
class Row:
    """A framework's example, what is wrong with it, and the change that mends it."""

    heading: str
    module: str
    cause: str
    mend: tuple[str, str]
    end: str = "diagnosis, record = callback.diagnosis, callback.run.record\n"


ROWS = [
    Row("Lightning", "lightning", "double-softmax", SOFTMAX),
    Row(
        "Hugging Face transformers",
        "transformers",
        "learning-rate-too-high",
        ("learning_rate=0.3", "learning_rate=3e-3"),
    ),
    Row(
        "Accelerate",
        "accelerate",
        "accumulating-gradients",
        ("optimizer.step()\n", "optimizer.step()\n                optimizer.zero_grad()\n"),
        "diagnosis, record = run.diagnosis(), run.record\n",
    ),
]


def ids(diagnosis) -> list[str]:
    return [f.id for f in diagnosis.findings if f.kind != "note"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.heading)
def test_the_sick_example_is_found_and_the_mended_one_silent(row: Row, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    code = example(row.heading) + row.end
    assert code.count(row.mend[0]) == 1
    for text, wanted in ((code, row.cause), (code.replace(*row.mend), None)):
        names: dict = {}
        exec(compile(text, "example", "exec"), names)
        assert ids(names["diagnosis"])[:1] == ([wanted] if wanted else []), names["diagnosis"].headline
        record = names["record"]
        assert len(record.trainings) == 1 and not record.unseen
        assert names["diagnosis"].headline[:40] in capsys.readouterr().err.replace("\n", " ")
    tried = doctest.testmod(importlib.import_module(f"rhobar.integrations.{row.module}"))
    assert tried.attempted > 0 and tried.failed == 0


MANUAL = """
class Classifier(Classifier):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch):
        loss = super().training_step(batch)
        if self.trainer.training:
            optimizer = self.optimizers()
            optimizer.zero_grad()
            self.manual_backward(loss)
            optimizer.step()
        return loss


callback = """
VARIANTS = [
    ("Lightning", "\ncallback = ", MANUAL, SOFTMAX, "double-softmax"),
    (
        "Hugging Face transformers",
        "report_to=[])",
        "report_to=[], gradient_accumulation_steps=2, eval_strategy='epoch'), eval_dataset=examples[:64]",
        ("learning_rate=0.3", "learning_rate=3e-3"),
        "learning-rate-too-high",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("heading", "usual", "variant", "mend", "cause"), VARIANTS, ids=[v[0] for v in VARIANTS])
def test_manual_steps_accumulation_and_evaluations_change_nothing(
    heading: str, usual: str, variant: str, mend: tuple[str, str], cause: str, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code = example(heading)
    assert code.count(usual) == 1
    code = code.replace(usual, variant)
    for text, wanted in ((code, cause), (code.replace(*mend), None)):
        names: dict = {}
        exec(compile(text, "example", "exec"), names)
        callback = names["callback"]
        (training,) = callback.run.record.trainings
        assert ids(callback.diagnosis)[:1] == ([wanted] if wanted else []), callback.diagnosis.headline
        assert len(training.evaluations) == (10 if heading == "Lightning" else 4)
        assert training.backwards_per_step == (1 if heading == "Lightning" else 2)
