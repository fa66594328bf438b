"""Run a program as ``rhobar run`` does, and keep what was said and the score that it printed."""

import functools
import hashlib
import importlib
import json
import math
import re
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from rhobar.faults.fork import Ended, in_fork

__all__ = ["Answer", "engine", "execute", "last_number", "warm_up"]

LIMIT = 40.0
"""Processor seconds that one program may take; usual are one to three."""

_NUMBER = re.compile(r"(?<![\w.])(-?(?:\d+\.?\d*(?:e[+-]?\d+)?|nan|inf))\s*$")
_BELOW = ("linalg", "record", "nn", "optim", "probes", "theory", "train", "watch", "diagnose")


@dataclass(frozen=True)
class Answer:
    """What became of one program.

    Attributes:
        score: The last number that it printed; NaN if it printed none or was not finite.
        causes: Identifiers, ranked.
        symptoms: The same.
        headline: The sentence said.
        error: What went wrong with the diagnosis itself; empty if nothing did.
        seconds: Wall time.
    """

    score: float
    causes: tuple[str, ...]
    symptoms: tuple[str, ...]
    headline: str = ""
    error: str = ""
    seconds: float = 0.0

    @property
    def ranked(self) -> tuple[str, ...]:
        """All that was said, in order."""
        return self.causes + self.symptoms


def warm_up() -> None:
    """Import what nearly every program imports, with one thread, so that forks are cheap and safe."""
    import torch

    for name in (
        "sklearn.datasets",
        "sklearn.metrics",
        "sklearn.model_selection",
        "torch._dynamo",  # the first optimizer step of each child would import it: two thirds of a small program's time
        "torch.utils.data",
        "rhobar.diagnose.findings",
        "rhobar.watch.watcher",
    ):
        importlib.import_module(name)
    torch.set_num_threads(1)


@functools.cache
def engine() -> str:
    """Return a digest of the code that judges: an answer kept under another one is not used again."""
    root, digest = Path(__file__).parents[1], hashlib.sha256()
    for file in sorted(f for package in _BELOW for f in (root / package).rglob("*.py")):
        digest.update(str(file.relative_to(root)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def execute(
    source: str, *, cache: Path | None = None, seconds: float = LIMIT, judge: Callable[[str, Path], None] | None = None
) -> Answer:
    """Run a program in a fork and return what was said of it.

    Args:
        source: Its text.
        cache: Folder of answers by the hash of the source and of the judging code.
        seconds: Limit of its processor time.
        judge: Runs the file of a name and writes an answer as JSON; by default what rhobar says.

    Example:
        >>> execute("print('score', 0.5)").score
        0.5
    """
    kept = None if cache is None else cache / engine() / f"{hashlib.sha256(source.encode()).hexdigest()[:24]}.json"
    if kept is not None and kept.exists():
        return _from_json(kept.read_text(encoding="utf-8"))

    def work(out: Path) -> None:
        script = out.with_name("train.py")
        script.write_text(source, encoding="utf-8")
        (judge or _watched)(script.name, out)

    answer = _answer(in_fork(work, seconds=seconds))
    if kept is not None and answer.error != "timeout":
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(asdict(answer)), encoding="utf-8")
    return answer


def last_number(printed: str) -> float:
    r"""Return the number at the very end of what a program printed; NaN if there is none or it is not finite.

    Example:
        >>> last_number("epoch 1 score 0.25\nepoch 2 score 0.5\n"), last_number("done")
        (0.5, nan)
    """
    found = _NUMBER.search(printed.rstrip())
    value = float(found[1]) if found else math.nan
    return value if math.isfinite(value) else math.nan


def _watched(script: str, out: Path) -> None:
    """What the ``rhobar run`` command does."""
    import jaxtyping

    from rhobar.diagnose.ranking import diagnose_record
    from rhobar.watch.launch import Ending, run_script
    from rhobar.watch.watcher import Watcher

    warnings.resetwarnings()  # under pytest warnings are errors and annotations are checked; users' python does neither
    jaxtyping.config.update("jaxtyping_disable", True)
    watcher = Watcher(name=script).start()

    def finish(ending: Ending) -> None:
        if ending.exception is not None and not isinstance(ending.exception, SystemExit):
            watcher.fail(type(ending.exception).__name__, str(ending.exception))
        watcher.stop()
        said = diagnose_record(watcher.record)
        of_kind = {kind: [f.id for f in said.findings if f.kind == kind] for kind in ("cause", "symptom")}
        broken = [f"{n.id}: {n.reason}" for n in said.not_checked if "the check failed" in n.reason]
        raised = ending.code != 0  # it printed its last number before the end: that is not its score
        answer = {
            "raised": raised,
            "causes": of_kind["cause"],
            "symptoms": of_kind["symptom"],
            "headline": said.headline,
        }
        out.write_text(json.dumps(answer | {"error": "; ".join(broken)}), encoding="utf-8")

    run_script(script, [], on_end=finish)


def _answer(ended: Ended) -> Answer:
    if ended.result is None:
        why = "no diagnosis: " + ended.complained[-400:] if ended.in_time else "timeout"
        return Answer(math.nan, (), (), error=why, seconds=ended.seconds)
    said = json.loads(ended.result)
    score = math.nan if said["raised"] else last_number(ended.printed)
    return Answer(score, tuple(said["causes"]), tuple(said["symptoms"]), said["headline"], said["error"], ended.seconds)


def _from_json(text: str) -> Answer:
    kept = json.loads(text)
    return Answer(**{**kept, "causes": tuple(kept["causes"]), "symptoms": tuple(kept["symptoms"])})
