"""Whatever becomes of disk, clock and file, the training goes on, and what the store lost is said."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.record.store.sources import Counting, loss_at, reading
from tests.record.store.trouble_program import kept, until

from rhobar.record import Record
from rhobar.record.store import Run, Store, new_folder, store
from rhobar.record.store.files import new_file, store_files

ROOT = Path(__file__).parents[3]
NAMESPACE = (
    subprocess.run(["unshare", "-Urm", "true"], capture_output=True, check=False).returncode == 0
    if sys.platform == "linux"
    else False
)
own_mounts = pytest.mark.skipif(not NAMESPACE, reason="mounting needs user name spaces")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(store, "INTERVAL", 0.01)
    monkeypatch.setattr(store, "SLOWEST", 0.02)


def troubled(what, folder, *before):
    program = [*before, sys.executable, "-m", "tests.record.store.trouble_program", what, str(folder)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    done = subprocess.run(program, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.mark.parametrize("what", [pytest.param("full", marks=own_mounts), "filesize"])
def test_a_full_disk_is_said_and_made_up_for_when_there_is_room(tmp_path, what):
    said = troubled(what, tmp_path, *(["unshare", "-Urm"] if what == "full" else []))
    ((_, reason),) = said["during"]["complaints"]
    assert "full" in reason or "disk I/O error" in reason
    assert 0 < said["during"]["written"] <= said["during"]["kept"] < said["steps"]
    assert said["after"] == [] and said["kept"] == said["steps"]


@own_mounts
def test_a_disk_that_stays_full_costs_the_end_and_nothing_else(tmp_path):
    said = troubled("full_to_the_end", tmp_path, "unshare", "-Urm")
    ((what, reason),) = said["after"]
    assert what == "the latest part of the run" and "full" in reason
    assert 0 < said["written"] <= said["kept"] < said["steps"]


@own_mounts
def test_a_folder_that_cannot_be_written_to_is_said_and_can_be_read(tmp_path):
    said = troubled("readonly", tmp_path, "unshare", "-Urm")
    ((_, reason),) = said["refused"]
    assert "Read-only" in reason
    assert said["torn"] and said["whole"] > 0
    assert said["kept"] >= said["written"] > 0  # read through a copy, although the writer left it unfinished


def test_no_folder_can_be_made_below_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    out = Store(tmp_path / "file" / "run", name="x")
    out.start(Counting())
    out.finish(Record("x"))
    assert out.complaints == [("the latest part of the run", "Not a directory")]


def started(folder, source):
    out = Store(folder, name="x")
    out.start(source)
    until(lambda: source.kept)
    return out


def removed(path):
    path.unlink()


def emptied(path):
    path.write_bytes(b"")


def halved(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scribbled(path):
    path.write_bytes(os.urandom(path.stat().st_size))


def replaced(path):
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE losses (mine)")
    db.close()


@pytest.mark.parametrize("harm", [removed, emptied, halved, scribbled, replaced])
def test_a_file_that_is_harmed_is_left_and_what_is_in_memory_is_written_to_another(tmp_path, harm):
    source = Counting(pace=100)
    out = started(tmp_path, source)
    out.stop()
    first = out.path
    harm(first)
    out.start()
    until(lambda: out.path != first or harm is removed)
    until(lambda: not out.complaints or out.complaints[-1][0] != "the latest part of the run")
    out.finish(Record("x"))
    (training,) = Run(tmp_path).trainings
    assert training.losses == [loss_at(i) for i in range(source.steps)]
    (said,) = Run(tmp_path).lost
    assert said.startswith("3 readings were lost: the file was ")
    assert harm is removed or (first.exists() and out.path == tmp_path / "run-2.db")


def test_two_writers_in_one_folder_have_a_file_each(tmp_path):
    sources = [Counting(pace) for pace in (7, 11)]
    stores = [Store(tmp_path, name=str(i)) for i in range(2)]
    for out, source in zip(stores, sources, strict=True):
        out.start(source)
    until(lambda: all(source.kept > 100 for source in sources))
    for out in stores:
        out.finish(Record("x"))
    assert [path.name for path in store_files(tmp_path)] == ["run.db", "run-2.db"]
    for i, (path, source) in enumerate(zip(store_files(tmp_path), sources, strict=True)):
        run = Run(path)
        assert run.facts["name"] == str(i) and run.trainings[0].losses == [loss_at(k) for k in range(source.steps)]


@pytest.mark.parametrize(
    ("there", "new"),
    [
        ([], "run.db"),
        (["run.db"], "run-2.db"),
        (["run-2.db"], "run-3.db"),  # the latest run has the highest number
        (["run.db-wal"], "run-2.db"),  # the log of a file that was removed is not taken for the new one's
        (["run-x.db", "running.db"], "run.db"),
    ],
)
def test_a_new_file_comes_after_those_that_are_there(tmp_path, there, new):
    for name in there:
        (tmp_path / name).write_bytes(b"")
    assert new_file(tmp_path).name == new


def test_writers_that_look_at_the_same_time_have_a_file_each(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))  # none of them sees another's file
    assert [new_file(tmp_path).name for _ in range(3)] == ["run.db", "run-2.db", "run-3.db"]


def test_another_process_that_holds_the_file_delays_and_loses_nothing(tmp_path):
    source = Counting()
    out = started(tmp_path, source)
    with sqlite3.connect(out.path, isolation_level=None) as db:
        while not _begun(db):
            time.sleep(0.001)
        before = source.kept
        until(lambda: out.complaints)
        assert "locked" in out.complaints[0][1]
        assert source.kept == before
        assert kept(tmp_path) >= before  # readable all the while
        db.execute("ROLLBACK")
    db.close()
    until(lambda: not out.complaints)
    out.finish(Record("x"))
    assert kept(tmp_path) == source.steps


def _begun(db):
    try:
        db.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True


def test_a_clock_that_jumps_moves_nothing(tmp_path, monkeypatch):
    source = Counting(readings=True)
    out = started(tmp_path, source)
    real = time.time
    for jump in (-1e9, 1e9, -3600):
        monkeypatch.setattr(time, "time", lambda jump=jump: real() + jump)
        calls = source.calls
        until(lambda calls=calls: source.calls > calls + 1)
    out.finish(Record("x"))
    assert out.complaints == [] and 0 <= out.seconds < 600
    assert kept(tmp_path) == source.steps


def test_runs_that_begin_in_the_same_second_have_a_folder_each(tmp_path):
    names = [new_folder(tmp_path / ".rhobar", "train-20260101-000000").name for _ in range(3)]
    assert names == ["train-20260101-000000", "train-20260101-000000-2", "train-20260101-000000-3"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_inherits_no_writer_and_the_parent_goes_on(tmp_path):
    source = Counting(pace=10)
    out = started(tmp_path, source)
    for _ in range(20):
        child = os.fork()
        if child == 0:
            alone = not out.running
            out.start()
            out.finish(Record("child"))
            os._exit(0 if alone and not out.running else 1)
        assert not out.running
        out.start()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert Run(tmp_path).state == "running"  # the child did not write that it had ended
    out.finish(Record("parent"))
    assert kept(tmp_path) == source.steps
    assert Run(tmp_path).record.name == "parent"


def test_readings_that_come_too_fast_are_counted(tmp_path, monkeypatch):
    from rhobar.watch import feed
    from rhobar.watch.schedule import Clock

    monkeypatch.setattr(feed, "MOST", 40)
    out = Store(tmp_path, name="x")
    waiting = feed.Feed(out, Clock(), [], lambda tracker: "")
    sink = waiting.sink(0)
    for step in range(10):
        sink(reading(step, seed=step))
    out.start(waiting)
    out.stop()
    (said,) = Run(tmp_path).lost
    written = len(Run(tmp_path).columns("readings")["step"])
    assert said == f"{10 - written} readings were lost: they came faster than the disk took them."
    assert 1 < written < 10
