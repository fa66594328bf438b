"""Each export is read back by the tool that it was made for: every loss, rate and layer, and names that do no harm."""

import importlib.util
import math
import sys
import time

import pytest
from tests.record.store.sources import HOSTILE, loss_at, reading
from tests.record.store.test_run import Once

from rhobar.record import Diagnosis, Finding, OptimizerFacts, Record, to_json
from rhobar.record.store import Batch, Run, Series, Store
from rhobar.record.store.rows import reading_rows
from rhobar.record.store.scalars import scalars, summary

LOSSES = [*(loss_at(i) for i in range(40)), math.inf, math.nan]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "first"
    rows = {"trainings": [(0, "<script>net", to_json(OptimizerFacts("SGD", {"lr": 0.1})), None, None)]}
    for step in (0, 7):
        for table, made in reading_rows(0, 0.0, reading(step, seed=step, names=("fc", *HOSTILE))).items():
            rows.setdefault(table, []).extend(made)
    out = Store(folder, name="train.py")
    out.start(Once(Batch(rows, [Series("losses", 0, 0, LOSSES), Series("rates", 0, 0, [0.1] * 40)])))
    out.finish(Record("train.py", environment={"torch": "2.13"}))
    out.conclude(Diagnosis((Finding("overfitting", "symptom", 1.0, 1.0, ""),), (), (), "<b>No cause."))
    return Run(folder)


def test_scalars_are_finite_tags_over_steps(run):
    found = scalars(run)
    assert [step for step, _ in found] == list(range(42))
    assert repr([values["loss"] for _, values in found]) == repr(LOSSES)
    tags = {tag for _, values in found for tag in values}
    assert all(set(tag) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%-_./ ~") for tag in tags)
    assert any(tag.startswith("layers/fc/") for tag in tags) and any("%3Cscript%3E" in tag for tag in tags)
    assert not any(part in ("", ".", "..") for tag in tags for part in tag.split("/"))
    assert summary(run)["optimizer.lr"] == 0.1 and summary(run)["symptoms"] == "overfitting"


def test_tensorboard_reads_what_was_exported(run, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from rhobar.integrations.tensorboard import export

    assert export(run, tmp_path / "tb") == f"tensorboard --logdir {tmp_path / 'tb'}"
    events = EventAccumulator(str(tmp_path / "tb"), size_guidance={"scalars": 0}).Reload()
    read = [(e.step, e.value) for e in events.Scalars("loss")]
    assert [step for step, _ in read] == list(range(42))
    assert [value for _, value in read[:40]] == pytest.approx(LOSSES[:40], rel=1e-6)
    assert read[40][1] == math.inf and math.isnan(read[41][1])
    text = events.Tensors("run/text_summary")[0].tensor_proto.string_val[0].decode()
    assert "overfitting" in text and "&lt;script&gt;net" in text and "<" not in text
    assert [p.name for p in tmp_path.iterdir()] == ["tb"]


def level_log(data):
    """The records of a W&B file: LevelDB's log format, after a header of seven bytes."""
    place, record = 7, b""
    while place + 7 <= len(data):
        if 32768 - place % 32768 < 7:  # too short for a head: the block's end is filled up
            place += 32768 - place % 32768
            continue
        length, kind = int.from_bytes(data[place + 4 : place + 6], "little"), data[place + 6]
        record += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # whole, or last part
            yield record
            record = b""


def test_wandb_reads_what_was_exported(run, tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    from rhobar.integrations.wandb import export

    monkeypatch.chdir(tmp_path)
    export(run, tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    (path,) = (tmp_path / "out" / "wandb").glob("offline-run-*/run-*.wandb")
    end = time.monotonic() + 60
    while len(losses := _wandb_losses(path)) < 42 and time.monotonic() < end:
        time.sleep(0.05)  # wandb's own process writes
    assert repr(losses) == repr(LOSSES)


def _wandb_losses(path):
    from wandb.proto import wandb_internal_pb2

    losses = []
    for data in level_log(path.read_bytes()):
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        losses += [item.value_json for item in record.history.item if "loss" in (item.key, *item.nested_key)]
    return [float(text) for text in losses]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning")
def test_mlflow_reads_what_was_exported(run, tmp_path, monkeypatch):
    pytest.importorskip("mlflow")
    from mlflow import MlflowClient

    from rhobar.integrations.mlflow import export

    monkeypatch.chdir(tmp_path)
    said = export(run, tmp_path / "out")
    export(run, tmp_path / "out")  # added to what is there
    assert {p.name for p in tmp_path.iterdir()} == {"out"}
    client = MlflowClient(tracking_uri=said.split()[-1])
    first, second = client.search_runs([client.get_experiment_by_name("rhobar").experiment_id])
    assert first.info.run_name == second.info.run_name == "first" and first.info.status == "FINISHED"
    losses = sorted((m.step, m.value) for m in client.get_metric_history(first.info.run_id, "loss"))
    assert [value for _, value in losses[:40]] == LOSSES[:40]
    assert first.data.params["optimizer.lr"] == "0.1" and first.data.tags["rhobar.symptoms"] == "overfitting"


def test_trackio_reads_what_was_exported(run, tmp_path, monkeypatch):
    if importlib.util.find_spec("trackio") is None or importlib.util.find_spec("gradio_client") is None:
        pytest.skip("needs trackio and what it depends on")
    from rhobar.integrations.trackio import export

    monkeypatch.chdir(tmp_path)
    export(run, tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    from trackio import sqlite_storage

    monkeypatch.setattr(sqlite_storage, "TRACKIO_DIR", tmp_path / "out")
    logs = sqlite_storage.SQLiteStorage.get_logs("rhobar", "first")
    assert [log["loss"] for log in sorted(logs, key=lambda log: log["step"])][:40] == LOSSES[:40]
    assert sqlite_storage.SQLiteStorage.get_run_config("rhobar", "first")["optimizer.lr"] == 0.1


@pytest.mark.parametrize("name", ["tensorboard", "wandb", "mlflow", "trackio"])
def test_an_export_without_its_tool_names_the_extra(run, tmp_path, monkeypatch, name):
    for module in [m for m in sys.modules if m.split(".")[0] == name] + [name, "torch.utils.tensorboard"]:
        monkeypatch.setitem(sys.modules, module, None)
    export = importlib.import_module(f"rhobar.integrations.{name}").export
    with pytest.raises(ImportError, match=rf"This needs {name}; install the extra: pip install 'rhobar\[export\]'"):
        export(run, tmp_path)
