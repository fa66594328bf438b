"""``rhobar run``: run an unmodified script, watch it, and say why it does not train."""

import enum
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rhobar.cli.files import Files, rank_of_run, write_text
from rhobar.watch.importing import when_imported
from rhobar.watch.launch import Ending, run_script

if TYPE_CHECKING:
    from rhobar.record import Diagnosis, Record
    from rhobar.watch.watcher import Watcher

__all__ = ["BITES", "FailOn", "bites", "run"]

BITES = 3
"""Exit code when --fail-on bites."""


class FailOn(enum.StrEnum):
    """Which kind of finding ends the command with exit code 3."""

    cause = "cause"
    symptom = "symptom"
    never = "never"


def bites(fail_on: FailOn, diagnosis: "Diagnosis") -> bool:
    """Return whether a diagnosis holds what --fail-on names."""
    kinds = {"cause": ("cause",), "symptom": ("cause", "symptom"), "never": ()}[fail_on.value]
    return any(f.kind in kinds for f in diagnosis.findings)


def run(
    context: typer.Context,
    script: Annotated[Path, typer.Argument(help="The script to run, followed by its own arguments.")],
    out: Annotated[Path | None, typer.Option(help="Folder for report and record [.rhobar/<name>-<time>].")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the diagnosis as JSON to this file as well.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the HTML report to this file as well.")] = None,
    budget: Annotated[float, typer.Option(help="Share of the run time that watching may add.")] = 0.02,
    mute: Annotated[list[str] | None, typer.Option(help="Leave out a finding (repeat for several).")] = None,
    fail_on: Annotated[FailOn, typer.Option(help="Exit with code 3 if such a finding is made.")] = FailOn.never,
    confirm: Annotated[bool, typer.Option("--confirm", help="Try the remedies: run the first steps again.")] = False,
    confirm_seconds: Annotated[float, typer.Option(help="Most time that --confirm may take.")] = 30.0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing; only write the files.")] = False,
) -> None:
    """Run SCRIPT as `python SCRIPT` would, and say why it does not train."""
    if not budget > 0:
        raise typer.BadParameter(f"must be a positive share of the run time such as 0.02, got {budget}.")
    if not confirm_seconds > 0:
        raise typer.BadParameter(f"must be a positive number of seconds such as 30, got {confirm_seconds}.")
    seconds = confirm_seconds if confirm else None
    session = Session(script, out, json, report, budget, frozenset(mute or ()), fail_on, quiet, seconds)
    when_imported("torch", session.attach, on_error=session.note_error)
    ending = run_script(str(script), context.args, on_end=session.finish)
    ending.leave(session.code)


class Session:
    """One watched run, from the script's first import of torch to the report.

    Of the ranks that torchrun starts each is watched, and the first one speaks. The others leave their files in
    ``rank-1``, ``rank-2``, … of the folder that `out` names, and none where it names none: their clocks may differ.
    """

    def __init__(
        self,
        script: Path,
        out: Path | None,
        json: Path | None,
        report: Path | None,
        budget: float,
        mute: frozenset[str],
        fail_on: FailOn,
        quiet: bool,
        confirm_seconds: float | None = None,
    ) -> None:
        self.script, self.json, self.report = script, _absolute(json), _absolute(report)
        self.budget, self.mute, self.fail_on, self.quiet = budget, mute, fail_on, quiet
        self.confirm_seconds = confirm_seconds
        stamp = time.strftime("%Y%m%d-%H%M%S")
        name = re.sub(r"[^\w.-]+", "_", script.stem) or "run"
        self.out = (_absolute(out) or Path.cwd() / ".rhobar" / f"{name}-{stamp}").resolve()
        self._named = out is not None
        if rank := rank_of_run():
            self.out, self.json, self.report, self.quiet = self.out / f"rank-{rank}", None, None, True
        self._writes = self._named or not rank
        self.files = Files(self.out, self.json, self.report, self.quiet)
        self.watcher: Watcher | None = None
        self.error: Exception | None = None
        self.code: int | None = None

    def attach(self) -> None:
        """Called right after the script imported torch."""
        from rhobar.watch.watcher import Watcher

        self.files = Files.of(self.out, str(self.script), self.json, self.report, self.quiet, new=not self._named)
        keep, store = self.confirm_seconds is not None, self.files.store
        self.watcher = Watcher(budget=self.budget, name=str(self.script), keep_start=keep, store=store).start()

    def note_error(self, error: Exception) -> None:
        """Watching could not start."""
        self.error = error

    def finish(self, ending: Ending) -> None:
        """Called after the script has ended, however it ended."""
        record = self._record(ending)
        if self.watcher is None:
            self._say_untrained(record)
            return
        diagnosis = self._diagnose(self.watcher, record)
        page = self.files.write(record, diagnosis) if self._writes else None
        if not self.quiet:
            from rich.console import Console

            from rhobar.report.terminal import print_diagnosis

            print_diagnosis(record, diagnosis, Console(stderr=True), html_path=page)
        if bites(self.fail_on, diagnosis):
            self.code = BITES

    def _diagnose(self, watcher: "Watcher", record: "Record") -> "Diagnosis":
        """Judge the record, and put the remedies to the test if that was asked for."""
        from rhobar.diagnose.ranking import diagnose_record, judge

        if self.confirm_seconds is None:
            return diagnose_record(record, mute=self.mute)
        from rhobar.diagnose.trials.confirm import confirm

        def say(line: str) -> None:
            if not self.quiet:
                print(f"rhobar: {line}", file=sys.stderr, flush=True)

        return confirm(watcher, record, judge(record, mute=self.mute), seconds=self.confirm_seconds, say=say)

    def _record(self, ending: Ending) -> "Record":
        from rhobar.record import Record, Unseen

        if self.watcher is None:
            record = Record(name=str(self.script))
            if self.error is not None:
                record.unseen.append(Unseen("everything", f"{type(self.error).__name__}: {self.error}"))
            return record
        if ending.exception is not None and not isinstance(ending.exception, SystemExit):
            self.watcher.fail(type(ending.exception).__name__, str(ending.exception))
        self.watcher.stop()
        return self.watcher.record

    def _say_untrained(self, record: "Record") -> None:
        """The script never imported torch: a sentence, and an empty diagnosis for machines."""
        from rhobar.record import Diagnosis

        why = f" Watching failed: {record.unseen[0].reason}." if record.unseen else ""
        diagnosis = Diagnosis((), (), (), "No training was seen: the script did not import torch." + why)
        if self.json is not None:
            from rhobar.report.json_report import diagnosis_json

            write_text(self.json, diagnosis_json(record, diagnosis))
        if not self.quiet:
            print(f"rhobar: {diagnosis.headline}", file=sys.stderr)


def _absolute(path: Path | None) -> Path | None:
    """The path as meant when the command was given, whatever folder the script changes to."""
    return None if path is None else path.absolute()
