"""Run programs through ``rhobar run`` and compare what it says with what is true of them.

    python -m tests.corpus [FOLDER …] [--match TEXT] [--jobs N]

prints one line a program and the scores: false alarms on healthy programs, first cause right, in the first three.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import jaxtyping

HERE = Path(__file__).parent


def warm_up() -> None:
    """Import once what nearly every program imports, with one thread, so that forks are cheap and safe."""
    import sklearn.datasets
    import torch
    import torch._dynamo  # noqa: F401  (else the first optimizer step of each child imports it, for over a second)

    import rhobar.watch.watcher  # noqa: F401

    torch.set_num_threads(1)
    assert sklearn


@dataclass(frozen=True)
class Program:
    """A script and what is true of it: nothing (healthy) or one of several equally right answers."""

    path: Path
    expected: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"


@dataclass(frozen=True)
class Verdict:
    """What rhobar said."""

    program: Program
    causes: tuple[str, ...]
    symptoms: tuple[str, ...]
    headline: str
    error: str = ""
    trials: tuple[str, ...] = ()
    """What became of remedies that were tried: ``finding: verdict``, or ``finding: not tried (reason)``."""

    @property
    def ranked(self) -> tuple[str, ...]:
        return self.causes + self.symptoms

    @property
    def first_right(self) -> bool:
        return bool(self.ranked) and self.ranked[0] in self.program.expected

    @property
    def among_three(self) -> bool:
        return any(f in self.program.expected for f in self.ranked[:3])


def programs(folders: list[Path]) -> Iterator[Program]:
    """Find programs: the first line says ``# healthy…`` or ``# fault: id [or id …]``."""
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            first = path.read_text(encoding="utf-8").split("\n", 1)[0]
            if first.startswith("# healthy"):
                yield Program(path, ())
            elif first.startswith("# fault:"):
                yield Program(path, tuple(first.removeprefix("# fault:").replace(" or ", " ").split()))


def judge(
    program: Program, *, timeout: float = 120.0, options: tuple[str, ...] = (), keep: Path | None = None
) -> Verdict:
    """Run one program in a fork of this process, where torch is imported already; `keep` gets its record."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "d.json"
        child = os.fork()
        if child == 0:
            _run_in_child(program, folder, out, options)
        deadline = time.monotonic() + timeout
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return Verdict(program, (), (), "", "timeout")
            time.sleep(0.02)
        if not out.exists():
            return Verdict(program, (), (), "", "no diagnosis: " + (Path(folder) / "err").read_text()[-400:])
        said = json.loads(out.read_text(encoding="utf-8"))
        if keep is not None:
            shutil.copy(Path(folder) / "record.json", keep / f"{'__'.join(program.path.parts[-3:])}.json")
    by_kind = {kind: tuple(f["id"] for f in said["findings"] if f["kind"] == kind) for kind in ("cause", "symptom")}
    broken = [n for n in said["not_checked"] if "the check failed" in n["reason"]]
    return Verdict(
        program,
        by_kind["cause"],
        by_kind["symptom"],
        said["headline"],
        "; ".join(f"{n['id']}: {n['reason']}" for n in broken),
        tuple(f"{f['id']}: {f['trial']['verdict']}" for f in said["findings"] if f["trial"])
        + tuple(f"{n['id']}: not tried ({n['reason']})" for n in said["not_tried"]),
    )


def _run_in_child(program: Program, folder: str, out: Path, options: tuple[str, ...]) -> NoReturn:
    """What the ``rhobar run`` command does, with the program's own output put aside."""
    try:
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(Path(folder) / name, os.O_WRONLY | os.O_CREAT), number)
        os.chdir(folder)
        # Under pytest, warnings are errors and annotations are checked; a user's interpreter does neither.
        warnings.resetwarnings()
        jaxtyping.config.update("jaxtyping_disable", True)
        from rhobar.cli.main import app

        app(["run", "--quiet", *options, "--out", folder, "--json", str(out), str(program.path.resolve())])
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def main() -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    warm_up()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, default=[HERE / "healthy", HERE / "programs"])
    parser.add_argument("--match", default="")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--wrong", action="store_true", help="print the wrong ones only")
    parser.add_argument("--confirm", action="store_true", help="try the remedies")
    parser.add_argument("--keep", type=Path, help="an existing folder for the records")
    options = parser.parse_args()
    run_options = ("--confirm", "--confirm-seconds", "15") if options.confirm else ()
    chosen = [p for p in programs([f.resolve() for f in options.folders]) if options.match in str(p.path)]
    verdicts = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for verdict in pool.map(lambda program: judge(program, options=run_options, keep=options.keep), chosen):
            verdicts.append(verdict)
            healthy = not verdict.program.expected
            right = not verdict.ranked if healthy else verdict.first_right
            if not options.wrong or not right or verdict.error:
                mark = "ok " if right else ("3rd" if not healthy and verdict.among_three else "BAD")
                print(
                    f"{mark} {verdict.program.name:52} causes={','.join(verdict.causes)} symptoms={','.join(verdict.symptoms)} {verdict.error}",
                    flush=True,
                )
                for line in verdict.trials:
                    print(f"      {line}", flush=True)
    sick = [v for v in verdicts if v.program.expected]
    well = [v for v in verdicts if not v.program.expected]
    print(f"healthy {len(well)}: false alarms {sum(bool(v.ranked) for v in well)}")
    print(
        f"faulty {len(sick)}: first right {sum(v.first_right for v in sick)}, among three {sum(v.among_three for v in sick)}, silent {sum(not v.ranked for v in sick)}"
    )


if __name__ == "__main__":
    main()
