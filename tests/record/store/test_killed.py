"""A writer that is killed at any moment leaves a sound file with everything that it had said was written."""

import os
import random
import signal
import sqlite3
import time

import pytest
from tests.record.store.sources import Counting, loss_at, reading

from rhobar.record.store import Run, StoreError, find_runs, store

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


class Telling(Counting):
    """Says into a pipe how many losses are surely in the file."""

    def __init__(self, pipe: int) -> None:
        super().__init__(pace=50, readings=True)
        self.pipe = pipe

    def written(self):
        super().written()
        os.write(self.pipe, b"%d\n" % self.kept)


def write(folder, pipe):
    """Write a run until the process is killed."""
    signal.alarm(120)  # nobody waits for a writer that cannot write
    store.INTERVAL = 0.002
    running = store.Store(folder, name="killed")
    running.start(Telling(pipe))
    running._thread.join()


def killed_after(folder, seconds):
    """Kill a writer, a fork of this process; returns how many losses it had said were written."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        try:
            write(folder, writer)
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        pipe.readline()  # it writes
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        rest = pipe.read().split(b"\n")
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


@pytest.mark.parametrize("part", range(10))
def test_a_killed_writer_loses_nothing_that_was_written(tmp_path, part):
    """A hundred kills in all."""
    for seed in range(10 * part, 10 * part + 10):
        folder = tmp_path / str(seed)
        folder.mkdir()
        check(folder, killed_after(folder, random.Random(seed).uniform(0, 0.1)))


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
