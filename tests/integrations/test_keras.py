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
}))
"""


WEIGHTS = "print(json.dumps([float(v.value.detach().double().sum()) for v in model.variables]))\n"
NESTED = """
inputs = keras.Input((20,))
encoder = keras.Sequential([keras.layers.Dense(32), keras.layers.BatchNormalization(), keras.layers.ReLU()], name="encoder")
model = keras.Model(inputs, keras.layers.Dense(3, name="head")(keras.layers.Dropout(0.1)(encoder(inputs))))
rate = keras.optimizers.schedules.ExponentialDecay(0.1, 100, 0.9)
model.compile(
    keras.optimizers.SGD(rate, momentum=0.9, gradient_accumulation_steps=2),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
callback = RhobarCallback()
model.fit(x.numpy(), y.numpy(), epochs=20, validation_split=0.2, callbacks=[callback])
"""


def said(*codes: str, folder: Path) -> list:
    """What the codes print as JSON, one after the other in one process."""
    lines = [f"exec({json.dumps(code)}, {{}})" for code in codes]
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
    return [json.loads(line) for line in run.stdout.splitlines() if line.startswith(("{", "["))]


def seeded(code: str) -> str:
    seed = "import json, keras\nkeras.utils.set_random_seed(0)\n"
    return seed + code


def test_the_example_is_found_the_mended_one_silent_and_its_weights_are_as_unwatched(tmp_path: Path) -> None:
    sick = seeded(example("Keras 3"))
    mended = sick.replace("from_logits=True", "from_logits=False")
    bare = mended.replace("callbacks=[callback]", "callbacks=[]").split("print(callback")[0]
    assert len({sick, mended, bare}) == 3
    examples = "import doctest, rhobar.integrations.keras as m\nprint(list(doctest.testmod(m)))"
    codes = (sick + TELL, mended + TELL + WEIGHTS, bare + WEIGHTS, examples)
    found, silent, watched, unwatched, (failed, tried) = said(*codes, folder=tmp_path)
    assert watched == unwatched and not failed and tried
    assert found["found"] == ["double-softmax"] and silent["found"] == []
    assert found["where"] == ["dense_1"] and found["layers"] == ["dense", "dense_1"]
    assert [name for name, *_ in found["parameters"]] == [
        "dense.bias",
        "dense.kernel",
        "dense_1.bias",
        "dense_1.kernel",
    ]
    assert all(held and moved and kind == "Dense" for _, kind, held, moved in found["parameters"])
    kind, settings = found["optimizer"]
    assert kind == "Adam" and settings["eps"] == 1e-7 and settings["lr"] == pytest.approx(0.01)
    assert found["steps"] == [100, 100] and found["trainings"] == 1 and found["loss"] == "cross_entropy"
    assert [loss for _, loss, _ in found["evaluations"]] == pytest.approx(found["history"])
    assert all(rows == 77 and not training for rows, _, training in found["evaluations"])
    assert found["exam"] and not found["left"]
    assert "no-optimizer-step" in silent["checked"] and any("dropout" in what for what in silent["unseen"])


@pytest.mark.slow
def test_nested_models_schedules_and_accumulated_gradients_are_seen_as_they_are(tmp_path: Path) -> None:
    code = seeded(example("Keras 3").split("model = keras")[0] + NESTED + TELL)
    (seen,) = said(code, folder=tmp_path)
    assert seen["found"] == [] and seen["steps"] == [100, 200]
    assert seen["layers"] == ["encoder.dense", "head"] or seen["layers"] == ["dense", "head"]
    kind, settings = seen["optimizer"]
    assert kind == "SGD" and settings["momentum"] == 0.9 and settings["lr"] == pytest.approx(0.1 * 0.9**2, rel=0.01)
    assert {module for _, module, *_ in seen["parameters"]} == {"Dense", "BatchNormalization"}
