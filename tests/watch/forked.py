"""Run many scripts, alone and under ``rhobar run``, each in a fork of one process that has imported torch.

Jobs come as lines of JSON on the standard input, ``{"script", "folder", "watched", "break"}``; for each the answer is one line
with exit code, stdout and stderr.
"""

import importlib
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path

EARLY = (
    "torch._dynamo",
    "rhobar.cli.main",
    "rhobar.diagnose.findings",
    "rhobar.diagnose.live",
    "rhobar.report.html",
    "rhobar.report.json_report",
    "rhobar.report.terminal",
)


def warm_up() -> None:
    """Import once what every fork would: torch's first optimizer alone brings 800 modules, and takes 1.6 s over it."""
    import torch

    for name in EARLY:
        importlib.import_module(name)
    torch.set_num_threads(1)


def run(job: dict) -> dict:
    folder = Path(job["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    child = os.fork()
    if child == 0:
        code = 99
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.chdir(folder)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            for number, name in ((1, "stdout"), (2, "stderr")):
                os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), number)
            code = execute(job)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    deadline = time.monotonic() + 240  # a busy machine gives a twentieth of a core
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return {"code": "timeout", "stdout": "", "stderr": ""}
        time.sleep(0.01)
    texts = {name: (folder / name).read_text(encoding="utf-8", errors="replace") for name in ("stdout", "stderr")}
    return {"code": os.waitstatus_to_exitcode(ended[1]), **texts}


WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND
CHANGES = ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "sqlite3.connect")


def tell_what_is_touched() -> None:
    """Note in the file ``touched`` what is written, renamed, removed or connected to from here on, line by line."""
    told = os.open("touched", os.O_WRONLY | os.O_CREAT)

    def note(event: str, details: tuple) -> None:
        sent = event in ("socket.connect", "socket.getaddrinfo", "socket.sendto")
        written = event == "open" and isinstance(details[2], int) and details[2] & WRITES
        if sent or ((written or event in CHANGES) and isinstance(details[0], str | bytes | os.PathLike)):
            path = "" if sent else os.fsdecode(details[0]).removeprefix("file:").partition("?")[0]
            if path != ":memory:":
                os.write(told, f"{event}\t{os.path.realpath(path) if path else ''}\n".encode(errors="replace"))

    sys.addaudithook(note)


def execute(job: dict) -> int:
    tell_what_is_touched()
    if job.get("break"):
        broken(job["break"])
    try:
        if job["watched"]:
            from rhobar.cli.main import app

            app(["run", "--quiet", "--out", "out", job["script"]])
        else:
            from rhobar.watch.launch import run_script

            run_script(job["script"], [], on_end=lambda ending: None).leave()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0
    return 0


def broken(place: str) -> None:
    """Make a function of rhobar raise: ``module:name``."""

    def fails(*args: object, **kwargs: object) -> None:
        raise RuntimeError("injected")

    module, _, name = place.partition(":")
    owner = importlib.import_module(module)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    setattr(owner, last, fails)


if __name__ == "__main__":
    warm_up()
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
