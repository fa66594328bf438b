"""Keras 3 in a process of its own, whose backend must be chosen before it is imported."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.integrations.page import example

ROOT = Path(__file__).resolve().parents[2]
TELL = """
import json
import sys

training = callback.run.record.trainings
print(json.dumps({
    "found": [f.id for f in callback.diagnosis.findings if f.kind != "note"],
    "checked": callback.diagnosis.checked,
    "where": [name for f in callback.diagnosis.findings for name in f.where],
    "unseen": [u.what for u in callback.run.record.unseen],
    "trainings": len(training),
    "steps": [training[0].num_steps, len(training[0].losses)],
    "optimizer": [training[0].optimizer.kind, training[0].optimizer.settings],
    "loss": training[0].loss.kind,
    "layers": [layer.name for layer in training[0].readings[0].layers],
    "parameters": sorted([p.name, p.module, p.held, p.moved] for p in training[0].parameters),
    "evaluations": [[e.num_rows, e.loss, e.training_mode] for e in training[0].evaluations],
    "history": model.history.history["val_loss"],
    "exam": training[0].rate is not None,
    "left": "apply" in vars(model.optimizer),
    "weights": [float(v.value.detach().double().sum()) for v in model.variables],
}), file=sys.stdout)
"""


def said(code: str, *variants: tuple[str, str], folder: Path) -> list[dict]:
    """What is seen of the code and of its variants, one after the other in one process."""
    lines = [f"exec({json.dumps(text)}, {{}})" for text in (code, *(code.replace(*v) for v in variants))]
    environment = {**os.environ, "KERAS_BACKEND": "torch", "PYTHONPATH": str(ROOT / "src")}
    run = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]


def test_the_example_is_found_the_mended_one_silent_and_weights_are_as_unwatched(tmp_path: Path) -> None:
    code = example("Keras 3").replace("import keras\n", "import keras\nkeras.utils.set_random_seed(0)\n", 1) + TELL
    start = "callbacks=[callback])\n"
    unwatched = (
        start,
        "callbacks=[])\nprint(json.dumps([float(v.value.detach().double().sum()) for v in model.variables]))\nraise SystemExit\n",
    )
    code = "import json\n" + code
    sick, mended = said(code, ("from_logits=True", "from_logits=False"), folder=tmp_path)
    assert sick["found"] == ["double-softmax"] and mended["found"] == []
    assert sick["where"] == ["dense_1"] and sick["layers"] == ["dense", "dense_1"]
    assert all(held and moved and kind == "Dense" for _, kind, held, moved in sick["parameters"])
    assert [name for name, *_ in sick["parameters"]] == ["dense.bias", "dense.kernel", "dense_1.bias", "dense_1.kernel"]
    kind, settings = sick["optimizer"]
    assert kind == "Adam" and settings["eps"] == 1e-7 and settings["lr"] == pytest.approx(0.01)
    assert sick["steps"] == [100, 100] and sick["trainings"] == 1 and sick["loss"] == "cross_entropy"
    assert [loss for _, loss, _ in sick["evaluations"]] == pytest.approx(sick["history"])
    assert all(rows == 77 and not training for rows, _, training in sick["evaluations"])
    assert sick["exam"] and not sick["left"]
    assert "no-optimizer-step" in mended["checked"] and any("dropout" in what for what in mended["unseen"])
    assert unwatched[0] in code
