"""A writer that is killed at any moment leaves a sound file with everything that it had said was written."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.record.store.sources import loss_at, reading

from rhobar.record.store import Run, StoreError, find_runs

ROOT = Path(__file__).parents[3]


def killed_after(folder, seconds):
    """Kill a writer; returns how many losses it had said were written."""
    program = [sys.executable, "-m", "tests.record.store.writer_program", str(folder), "0.002"]
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    with subprocess.Popen(program, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE) as process:
        process.stdout.readline()  # it writes
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split(b"\n")
    said = [int(line) for line in rest[:-1] if line]
    return max(said, default=0)


def check(folder, said):
    run = Run(folder)
    assert run.state == "broken off"
    (training,) = run.trainings
    assert len(training.losses) >= said
    assert training.losses == [loss_at(i) for i in range(len(training.losses))]
    # Readings and losses are written in one transaction: as many of these as of those.
    assert len(training.readings) == len(training.losses) / 50 > 0
    assert repr(training.readings[-1]) == repr(reading(len(training.readings), seed=len(training.readings)))
    with sqlite3.connect(run.path) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(i, marks=pytest.mark.slow) for i in range(3, 100))])
def test_a_killed_writer_loses_nothing_that_was_written(tmp_path, seed):
    check(tmp_path, killed_after(tmp_path, random.Random(seed).uniform(0, 0.1)))


@pytest.mark.parametrize("size", [0, 1, 100, 4096])
def test_a_file_without_its_tables_is_said_to_hold_nothing(tmp_path, size):
    """A writer that is killed between making its file and its tables."""
    (tmp_path / "run.db").write_bytes(b"")
    if size == 4096:
        with sqlite3.connect(tmp_path / "run.db") as db:
            db.execute("PRAGMA journal_mode = WAL")
        db.close()
    elif size:
        (tmp_path / "run.db").write_bytes(b"\0" * size)
    (found,) = find_runs(tmp_path)
    assert isinstance(found, StoreError)
    with pytest.raises(StoreError, match=r"hold|read"):
        Run(tmp_path)
