"""IPython and notebooks: ``%load_ext rhobar`` brings ``%%rhobar`` and shows diagnoses and watched runs as HTML."""

import io
from typing import Any

try:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.core.magic import Magics, cell_magic, magics_class
    from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
except ImportError as error:
    raise ImportError(
        f"This needs IPython ({error}); install the extra: pip install 'rhobar[integrations]'."
    ) from error

from rich.console import Console

from rhobar.diagnose.live import Run, watch
from rhobar.record import Diagnosis
from rhobar.report import print_diagnosis
from rhobar.report.fragment import framed_report, render_diagnosis

__all__ = ["RhobarMagics", "Shown", "load", "unload"]


class Shown:
    """What a watched cell shows below it.

    Attributes:
        run: The watched run.
        diagnosis: What was found in it.
    """

    def __init__(self, run: Run, diagnosis: Diagnosis) -> None:
        self.run, self.diagnosis = run, diagnosis

    def _repr_html_(self) -> str:
        return framed_report(self.run.record, self.diagnosis)

    def __repr__(self) -> str:
        paper = io.StringIO()
        print_diagnosis(self.run.record, self.diagnosis, Console(file=paper, width=100))
        return paper.getvalue().strip()


@magics_class
class RhobarMagics(Magics):
    """The cell magic."""

    @magic_arguments()
    @argument("--budget", type=float, default=0.02, help="share of the run time that watching may add [0.02]")
    @argument("--confirm", action="store_true", help="try the remedies: run the first steps again")
    @cell_magic
    def rhobar(self, line: str, cell: str) -> Shown:
        """Run the cell, watch every training in it, and show the diagnosis."""
        options = parse_argstring(self.rhobar, line)
        run = watch(budget=options.budget, confirm=options.confirm)
        with run:
            result = self.shell.run_cell(cell)
            raised = result.error_before_exec or result.error_in_exec
            if raised is not None:
                run.fail(type(raised).__name__, str(raised))
        return Shown(run, run.diagnosis(confirm=options.confirm))


def _run_html(run: Run) -> str:
    return framed_report(run.record, run.diagnosis())


_RENDERERS = {Diagnosis: render_diagnosis, Run: _run_html}


def load(shell: InteractiveShell) -> None:
    """Called by ``%load_ext rhobar``."""
    shell.register_magics(RhobarMagics)
    for kind, render in _RENDERERS.items():
        _html(shell).for_type(kind, render)


def unload(shell: InteractiveShell) -> None:
    """Called by ``%unload_ext rhobar``."""
    shell.magics_manager.magics["cell"].pop("rhobar", None)
    for kind in _RENDERERS:
        _html(shell).pop(kind, None)


def _html(shell: InteractiveShell) -> Any:  # noqa: ANN401
    return shell.display_formatter.formatters["text/html"]
