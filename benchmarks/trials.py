"""How often a remedy helps when its cause is true, and when it is not: the likelihood ratios of `diagnose.trials`.

    python benchmarks/trials.py FOLDER … [--programs 60] [--steps 60]

Runs sick programs (their first line names the fault), then the first steps of each again with every remedy.
"""

import argparse
import collections
import contextlib
import io
import json
import os
import runpy
import tempfile
import warnings
from pathlib import Path

import torch


def trials(path: Path, steps: int) -> dict[str, str]:
    """The verdict of every remedy on one program."""
    from rhobar.diagnose.ranking import judge
    from rhobar.diagnose.remedies import REMEDIES
    from rhobar.diagnose.trials.case import Case
    from rhobar.diagnose.trials.comparison import SEEDS, compare
    from rhobar.diagnose.trials.confirm import apply
    from rhobar.diagnose.trials.replay import replay
    from rhobar.record import Finding
    from rhobar.watch.quiet import unheard
    from rhobar.watch.watcher import Watcher

    watcher = Watcher(keep_start=True).start()
    with contextlib.suppress(Exception, SystemExit):
        runpy.run_path(str(path), run_name="__main__")
    watcher.stop()
    found = {f.id: f for f in judge(watcher.record).findings}
    training = max(watcher.record.trainings, key=lambda t: len(t.losses))
    beginning = watcher.beginning(training)
    assert beginning is not None
    case = Case.watched(*beginning, training)
    said: dict[str, str] = {}
    with unheard(), torch.enable_grad():
        before = [replay(case, steps=steps, seed=seed) for seed in range(SEEDS)]
        for id in REMEDIES:
            applied = apply(case, found.get(id) or Finding(id, "cause", 1.0, 0.5, ""))
            if applied is None:
                continue
            with contextlib.suppress(Exception):
                after = [replay(applied[0], steps=steps, seed=seed) for seed in range(SEEDS)]
                by_accuracy = applied[0].criterion is not None
                said[id] = compare(applied[1], before, after, steps, by_accuracy=by_accuracy).verdict
    return said


def in_child(path: Path, steps: int) -> dict[str, str]:
    """The same in a process of its own."""
    with tempfile.NamedTemporaryFile("r") as out:
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                Path(out.name).write_text(json.dumps(trials(path, steps)))
            os._exit(0)
        os.waitpid(child, 0)
        text = out.read()
    return json.loads(text) if text else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--programs", type=int, default=60)
    parser.add_argument("--steps", type=int, default=60)
    options = parser.parse_args()
    torch.set_num_threads(1)
    paths = sorted(p for folder in options.folders for p in folder.rglob("sick.py"))
    every = max(1, len(paths) // options.programs)
    counts: dict[bool, collections.Counter[str]] = {True: collections.Counter(), False: collections.Counter()}
    for path in paths[::every]:
        first = path.read_text(encoding="utf-8").split("\n", 1)[0]
        expected = first.removeprefix("# fault:").replace(" or ", " ").split()
        for id, verdict in in_child(path, options.steps).items():
            counts[id in expected][verdict] += 1
    for true, seen in counts.items():
        total = sum(seen.values()) or 1
        shares = ", ".join(f"{v} {n} ({n / total:.0%})" for v, n in seen.most_common())
        print(f"{'true cause' if true else 'another cause is true'}: {shares}")


if __name__ == "__main__":
    main()
