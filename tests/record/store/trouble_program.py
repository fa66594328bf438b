"""Writes a run onto a small file system that fills up, or that cannot be written to; runs in a name space of its own.

    unshare -Urm python trouble_program.py full|readonly|filesize FOLDER

Prints what the store said as JSON.
"""

import contextlib
import json
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from tests.record.store.sources import Counting, loss_at

from rhobar.record import Record
from rhobar.record.store import Run, Store, StoreError, store

store.INTERVAL, store.SLOWEST = 0.01, 0.02


def until(true):
    end = time.monotonic() + 60
    while not true() and time.monotonic() < end:
        time.sleep(0.005)
    assert true()


def kept(folder):
    try:
        (training,) = Run(folder).trainings
    except (StoreError, ValueError):
        return 0
    assert training.losses == [loss_at(i) for i in range(len(training.losses))]
    return len(training.losses)


def full(folder):
    """The disk is full after a while; later there is room again."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(folder)], check=True)
    ballast = folder / "ballast"
    ballast.write_bytes(b"\0" * 900_000)
    source, out = Counting(pace=500), Store(folder / "run", name="full")
    out.start(source)
    until(lambda: out.complaints)
    during = {"complaints": out.complaints, "kept": kept(folder / "run"), "written": source.kept}
    calls = source.calls
    until(lambda: source.calls > calls + 3)  # it goes on trying
    source.pace = 0
    ballast.unlink()
    until(lambda: not out.complaints)
    out.finish(Record("full"))
    return {"during": during, "after": out.complaints, "kept": kept(folder / "run"), "steps": source.steps}


def full_to_the_end(folder):
    """The disk is full and stays so."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)], check=True)
    source, out = Counting(pace=500), Store(folder / "run", name="full")
    out.start(source)
    until(lambda: out.complaints)
    out.finish(Record("full"))
    return {"after": out.complaints, "kept": kept(folder / "run"), "written": source.kept, "steps": source.steps}


def readonly(folder):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True)
    whole = Store(folder / "whole", name="whole")
    whole.start(Counting())
    whole.finish(Record("whole"))
    torn = Store(folder / "torn", name="torn")
    source = Counting()
    torn.start(source)
    until(lambda: source.kept)
    with contextlib.closing(sqlite3.connect(torn.path)) as reader:  # so that the writer leaves its log behind
        reader.execute("SELECT * FROM losses").fetchone()
        before = source.kept
        until(lambda: source.kept > before)
        torn.stop()
        shutil.copytree(folder / "torn", folder / "copy")
    (folder / "copy" / "run.db-shm").unlink()
    assert (folder / "copy" / "run.db-wal").stat().st_size
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    torn.start()
    refused = Store(folder / "refused", name="refused")
    refused.start(Counting())
    calls = source.calls
    until(lambda: source.calls > calls + 3)
    refused.finish(Record("refused"))
    return {
        "refused": refused.complaints,
        "torn": torn.complaints,
        "whole": kept(folder / "whole"),
        "kept": kept(folder / "copy"),
        "written": source.kept,
    }


def filesize(folder):
    """No file may grow beyond a limit, as under a quota."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, resource.RLIM_INFINITY))
    source, out = Counting(pace=500), Store(folder / "run", name="full")
    out.start(source)
    until(lambda: out.complaints)
    during = {"complaints": out.complaints, "kept": kept(folder / "run"), "written": source.kept}
    source.pace = 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    until(lambda: not out.complaints)
    out.finish(Record("full"))
    return {"during": during, "after": out.complaints, "kept": kept(folder / "run"), "steps": source.steps}


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](Path(sys.argv[2]))))
