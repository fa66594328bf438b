"""IPython and notebooks: ``%load_ext rhobar`` brings ``%%rhobar`` and shows diagnoses and watched runs as HTML."""

import io
from typing import Any

try:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
except ImportError as error:
    raise ImportError(f"This needs IPython ({error}); install the extra: pip install 'rhobar[integrations]'.") from error

from rich.console import Console

from rhobar.diagnose.live import Run, watch
from rhobar.record import Diagnosis
from rhobar.report import print_diagnosis
from rhobar.report.fragment import framed_report, render_diagnosis

__all__ = ["load", "rhobar_magic", "unload"]


@magic_arguments()
@argument("--budget", type=float, default=0.05, help="share of the run time that watching may add [0.05]")
@argument("--confirm", action="store_true", help="try the remedies: run the first steps again")
def rhobar_magic(line: str, cell: str) -> "Shown":
    """Run the cell, watch every training in it, and show the diagnosis."""
    from IPython import get_ipython

    options = parse_argstring(rhobar_magic, line)
    run = watch(budget=options.budget, confirm=options.confirm)
    with run:
        result = get_ipython().run_cell(cell)
        if (raised := result.error_before_exec or result.error_in_exec) is not None:
            run.fail(type(raised).__name__, str(raised))
    return Shown(run, run.diagnosis(confirm=options.confirm))


class Shown:
    """What a cell shows: a watched run and its diagnosis.

    Attributes:
        run: The run.
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


def _run_html(run: Run) -> str:
    return framed_report(run.record, run.diagnosis())


_FORMATTERS = {Diagnosis: render_diagnosis, Run: _run_html}


def load(shell: InteractiveShell) -> None:
    """Called by ``%load_ext rhobar``."""
    shell.register_magic_function(rhobar_magic, "cell", "rhobar")
    html: Any = shell.display_formatter.formatters["text/html"]
    for kind, render in _FORMATTERS.items():
        html.for_type(kind, render)


def unload(shell: InteractiveShell) -> None:
    """Called by ``%unload_ext rhobar``."""
    shell.magics_manager.magics["cell"].pop("rhobar", None)
    html: Any = shell.display_formatter.formatters["text/html"]
    for kind in _FORMATTERS:
        html.pop(kind, None)
