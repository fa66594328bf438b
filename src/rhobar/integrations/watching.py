"""What the callbacks of all frameworks have in common: watch from beginning to end, then tell."""

import sys
from pathlib import Path

from rich.console import Console
from torch import nn

from rhobar.diagnose.live import Run, watch
from rhobar.record import Diagnosis
from rhobar.report import print_diagnosis, write_report

__all__ = ["Watching", "tell"]


class Watching:
    """Watches one training after the other, and says at the end of each what was found.

    Args:
        budget: Share of the run time that watching may add; ``None`` reads everything at every step.
        confirm: Put the remedies of the leading causes to the test when the training has ended.
        out: Folder for ``report.html``; ``None`` writes nothing.
        quiet: Print nothing.

    Attributes:
        run: The latest training that was watched, ``None`` before the first.
        diagnosis: What was found in it, ``None`` until it has ended.
    """

    def __init__(
        self,
        *,
        budget: float | None = 0.02,
        confirm: bool = False,
        out: Path | str | None = None,
        quiet: bool = False,
    ) -> None:
        super().__init__()
        self.budget, self.confirm, self.out, self.quiet = budget, confirm, out, quiet
        self.run: Run | None = None
        self.diagnosis: Diagnosis | None = None

    def begin(self, model: nn.Module | None) -> Run:
        """Start to watch the training of `model`; one that was left unfinished ends."""
        if self.run is not None:
            self.run.stop()
        self.diagnosis = None
        self.run = watch(model, budget=self.budget, confirm=self.confirm)
        self.run.start()
        return self.run

    def end(self, error: BaseException | None = None, *, speaks: bool = True) -> None:
        """Stop watching, and tell.

        Args:
            error: What ended the training before its time.
            speaks: Whether this process may print and write: the first one of several.
        """
        if self.run is None or not self.run.running:
            return
        if error is not None:
            self.run.fail(type(error).__name__, str(error))
        self.run.stop()
        self.diagnosis = self.run.diagnosis(confirm=self.confirm)
        if speaks:
            tell(self.run, self.diagnosis, out=self.out, quiet=self.quiet)


def tell(run: Run, diagnosis: Diagnosis, *, out: Path | str | None = None, quiet: bool = False) -> None:
    """Print a diagnosis to stderr, and write its page if there is a folder for it."""
    page = None if out is None else Path(out) / "report.html"
    try:
        if page is not None:
            write_report(run.record, diagnosis, page)
    except OSError as error:
        print(f"rhobar: could not write {page}: {error.strerror or error}.", file=sys.stderr)
        page = None
    if not quiet:
        print_diagnosis(run.record, diagnosis, Console(stderr=True), html_path=page)
