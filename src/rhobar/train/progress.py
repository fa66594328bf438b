"""A line in the terminal that says how far a training is."""

import sys
import time
from types import TracebackType

from rhobar.train.step import Step

__all__ = ["Progress"]


class Progress:
    """Shows epoch, steps, loss, rate and speed; nothing where nobody looks.

    The loss is read ten times a second at most, so that the device is not waited for at every step.

    Args:
        total: Steps of the training, if known.
        shown: Whether to show anything; None for: if standard error is a terminal.
    """

    every = 0.1

    def __init__(self, total: int | None, shown: bool | None) -> None:
        self.shown = sys.stderr.isatty() if shown is None else shown
        self.total, self._next, self._rows, self._start = total, 0.0, 0, time.perf_counter()

    def __enter__(self) -> "Progress":
        if self.shown:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Bar(*columns, console=Console(stderr=True))
            self._bar.start()
            self._task = self._bar.add_task("begins", total=self.total)
        return self

    def see(self, step: Step) -> None:
        """Take note of a step."""
        if not self.shown:
            return
        self._rows += step.rows
        now = time.perf_counter()
        if now < self._next and not step.ends_epoch:
            return
        self._next = now + self.every
        speed = self._rows / max(now - self._start, 1e-9)
        text = f"epoch {step.epoch}  loss {step.loss:.4g}  rate {step.rate:.3g}  {speed:,.0f} rows/s"
        if step.validation is not None:
            values = {"loss": step.validation.loss, **step.validation.metrics}
            text += "  validation " + "  ".join(f"{name} {value:.4g}" for name, value in values.items())
        self._bar.update(self._task, completed=step.number, description=text)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.shown:
            self._bar.stop()
