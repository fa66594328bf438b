"""`rhobar runs`, `show`, `diff` and `export` on runs with hostile names, on killed ones and on what is no run."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.record.store.sources import HOSTILE, Counting, reading
from tests.record.store.test_run import Once
from typer.testing import CliRunner

from rhobar.cli.main import app
from rhobar.record import Diagnosis, Evidence, Finding, Record, Training
from rhobar.record.store import Batch, Run, Store
from rhobar.record.store.rows import reading_rows

ROOT = Path(__file__).parents[2]


def command(*words):
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def hostile(folder, seed=0):
    rows = {"trainings": [(0, HOSTILE[0] + HOSTILE[1], None, None, None)]}
    for table, made in reading_rows(0, 0.0, reading(0, seed=seed, names=HOSTILE)).items():
        rows[table] = made
    out = Store(folder, name=HOSTILE[1] + HOSTILE[4])
    out.start(Once(Batch(rows)))
    out.lose(HOSTILE[1], 3, HOSTILE[1])
    finding = Finding(
        HOSTILE[1], "cause", 1.0, 1.0, HOSTILE[1], where=tuple(HOSTILE), evidence=(Evidence(HOSTILE[1], 1.0),)
    )
    record = Record(HOSTILE[1], trainings=[Training(HOSTILE[1])], environment={HOSTILE[1]: HOSTILE[0]})
    out.finish(record)
    out.conclude(Diagnosis((finding,), (HOSTILE[1],), (), HOSTILE[1]))
    return folder


def printable(text):
    assert not set(text) & {chr(i) for i in (*range(9), *range(11, 32), 127, 0x202E)}, repr(text)
    return text


@pytest.mark.parametrize("words", [["runs", "."], ["show", "one"], ["diff", "one", "two"]])
def test_hostile_names_do_nothing_to_a_terminal(tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    hostile(tmp_path / "one"), hostile(tmp_path / "two", seed=1)
    code, text = command(*words)
    assert code == (words[0] == "diff")
    assert "x1b[31mred" in printable(text)
    assert "script" in text or words[0] == "runs"


def test_hostile_names_do_nothing_to_a_page(tmp_path):
    from rhobar.report.html import render_report

    run = Run(hostile(tmp_path / "one"))
    page = render_report(run.record, run.diagnosis)
    assert "<script>alert" not in page and "\x1b" not in page


def test_runs_lists_what_it_can_read_and_says_what_it_cannot(tmp_path):
    for name in ("b", "a"):
        out = Store(tmp_path / name, name=name)
        out.start(Counting())
        out.finish(Record(name))
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "run.db").write_bytes(b"nothing")
    code, text = command("runs", tmp_path)
    lines = text.splitlines()
    assert code == 0 and len(lines) == 3
    assert lines[0].startswith("unreadable: ") and "c/run.db" in lines[0].replace("\n", "")
    assert all("ended" in line and "0 → " in line for line in lines[1:])


def test_there_may_be_no_runs(tmp_path):
    assert command("runs", tmp_path) == (0, f"There are no runs in {tmp_path}; `rhobar run SCRIPT` makes one.\n")


@pytest.mark.parametrize("words", [["show", "x"], ["diff", "x", "x"], ["export", "x", "--to", "csv"]])
def test_what_is_no_run_is_refused(tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    code, text = command(*words)
    assert code == 2 and text == "rhobar: x must be a run store, but there is no such file.\n"


def test_a_run_does_not_differ_from_itself(tmp_path):
    out = Store(tmp_path, name="x")
    out.start(Counting())
    out.finish(Record("x"))
    assert command("diff", tmp_path, tmp_path) == (
        0,
        "The runs do not differ: the same settings, losses and readings.\n",
    )


def test_export_writes_tables_where_it_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hostile(tmp_path / ".rhobar" / "one")
    code, text = command("export", "one", "--to", "csv")
    assert (code, text) == (0, "10 tables in .rhobar/one/export-csv\n")
    command("export", "one", "--to", "parquet", "--out", tmp_path / "there")
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(tmp_path / "there" / "layers.parquet")
    assert table.column("layer").to_pylist() == Run(tmp_path / ".rhobar" / "one").columns("layers")["layer"]
    assert sorted(p.name for p in tmp_path.iterdir()) == [".rhobar", "there"]


SCRIPT = """
import sys, torch
from torch import nn
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
x = torch.randn(16, 4)
step = 0
while True:
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
    optimizer.step()
    step += 1
    if step % 50 == 0:
        print(step, flush=True)
"""


def test_a_killed_script_can_be_shown(tmp_path):
    """The whole way: `rhobar run`, kill -9, `rhobar runs` and `rhobar show`."""
    (tmp_path / "train.py").write_text(SCRIPT)
    program = [sys.executable, "-m", "rhobar", "run", "--out", "out", "train.py"]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(program, cwd=tmp_path, env=env, stdout=subprocess.PIPE) as process:
        while not _written(tmp_path / "out"):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    run = Run(tmp_path / "out")
    (training,) = run.trainings
    assert run.state == "broken off"
    assert training.readings[0].layers[0].name == "0" and len(training.readings[0].parameters) == 4
    assert training.optimizer.settings["lr"] == 0.01 and training.loss.kind == "mse"
    assert 0 <= len(training.losses) - len(training.rates) <= 1
    code, text = command("show", tmp_path / "out")
    assert code == 0 and "broken off" in text and "Layers at step" in text
    assert "broken off" in command("runs", tmp_path)[1]
    assert json.loads(json.dumps(run.facts))["name"] == "train.py"


def _written(folder):
    return (
        (folder / "run.db").exists() and (folder / "run.db").stat().st_size and Run(folder).columns("readings")["step"]
    )
