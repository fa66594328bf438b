"""A diagnosis in the terminal: the causes in order, what each explains, what to change.

Written to be read from top to bottom, also aloud: no boxes, no colour that carries meaning alone, and nothing
but text where the output is piped.
"""

from pathlib import Path

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from rhobar.record import Diagnosis, Finding, Record
from rhobar.report.arrangement import Told, arrange
from rhobar.report.wording import (
    against,
    amount,
    clean,
    course,
    duration,
    num_steps,
    percent,
    plural,
    shorten,
    trial,
)

__all__ = ["print_diagnosis"]

_STYLES = {"cause": "bold red", "symptom": "blue"}
_PROSE = 100  # longer lines are hard to read, however wide the window
_SENTENCES = 600  # characters
_NAMES = 6
_NUMBERS = 8


def print_diagnosis(
    record: Record, diagnosis: Diagnosis, console: Console, *, html_path: Path | str | None = None
) -> None:
    """Print the headline, ranked causes with their symptoms, the rest, and what was not checked.

    Args:
        record: What was watched.
        diagnosis: What was concluded.
        console: Where to print; rich drops the colours when it is not a terminal.
        html_path: The full report, mentioned in the last line if there is one.
    """
    paper = _Paper(console)
    arranged = arrange(diagnosis)
    paper.gap()
    paper.write(Text(shorten(diagnosis.headline, _SENTENCES) or "No headline was given.", "bold"))
    for rank, told in enumerate(arranged.causes, 1):
        label = f"Cause {rank} of {len(arranged.causes)}" if len(arranged.causes) > 1 else "Cause"
        _finding(paper, told, label, 0)
    for told in arranged.symptoms:
        _finding(paper, told, "Symptom, no cause found", 0)
    _notes(paper, arranged.notes)
    paper.gap()
    _course(paper, record)
    _unseen(paper, record)
    _checked(paper, diagnosis, seen_in="the report" if html_path else "the JSON output")
    share = f"; watching added {percent(record.overhead)}" if record.seconds > 0 else ""
    exam = f"; the exam afterwards took {duration(record.exam_seconds)}" if record.exam_seconds else ""
    for reason, names in _untried(diagnosis).items():
        paper.write(Text(f"Remedy not tried: {', '.join(names)} ({shorten(reason, 200)}).", "dim"))
    if diagnosis.trial_seconds > 1:
        exam += f"; trying remedies took {duration(diagnosis.trial_seconds)}"
    steps = plural(num_steps(record), "step")
    paper.write(Text(f"Watched {steps} in {duration(record.seconds)}{share}{exam}.", "dim"))
    if html_path:
        paper.write_whole(Text.assemble(("Report: ", "dim"), clean(str(html_path))))


class _Paper:
    """A console on which every line is indented, wrapped and free of trailing blanks."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def gap(self) -> None:
        self.console.print()

    def write(self, text: Text, indent: int = 0, *, hang: int = 0) -> None:
        """Print wrapped text; lines after the first are indented by `hang` more."""
        width = max(min(self.console.width, _PROSE) - indent - hang, 20)
        for i, line in enumerate(text.wrap(self.console, width)):
            line.rstrip()
            self.write_whole(Text(" " * (indent + (hang if i else 0))) + line)

    def write_whole(self, text: Text) -> None:
        """Print one line as it is, for paths and code that are copied."""
        self.console.print(text, soft_wrap=True, highlight=False)

    def labelled(self, label: str, text: Text, indent: int) -> None:
        """Print text with a dim label in front of its first line."""
        width = max(min(self.console.width, _PROSE) - indent - 8, 20)
        for i, line in enumerate(text.wrap(self.console, width)):
            line.rstrip()
            start = Text.assemble(" " * indent, ("" if i else f"{label:<8}").ljust(8))
            start.stylize("dim")
            self.write_whole(start + line)


def _finding(paper: _Paper, told: Told, label: str, indent: int) -> None:
    """Print a finding; those told beneath another one are shorter."""
    finding = told.finding
    paper.gap()
    style = _STYLES.get(finding.kind, "dim")
    paper.write(Text.assemble((f"{label}: ", style), (shorten(finding.id, 60), f"{style} bold")), indent)
    paper.write(Text(shorten(finding.summary, _SENTENCES)), indent + 2)
    _evidence(paper, finding, indent + 2)
    if finding.where:
        paper.labelled("where", Text(_where(finding)), indent + 2)
    if indent == 0:
        if finding.why:
            paper.labelled("why", Text(shorten(finding.why, _SENTENCES)), indent + 2)
        _remedy(paper, finding, indent + 2)
    if finding.trial is not None:
        if indent == 0 and finding.remedy.code:
            paper.gap()
        paper.labelled("tried", Text(trial(finding.trial)), indent + 2)
    for below in told.explained:
        _finding(paper, below, f"explains the {below.finding.kind}", indent + 4)
    if told.also and indent == 0:
        names = ", ".join(shorten(name, 40) for name in told.also)
        paper.gap()
        paper.write(Text(f"may also explain: {names}", "dim"), indent + 4)


def _notes(paper: _Paper, notes: tuple[Told, ...]) -> None:
    """Print what is worth knowing and makes no training sick, two short items each."""
    for i, told in enumerate(notes):
        if i == 0:
            paper.gap()
            paper.write(Text("Notes, which make no training sick", "dim"))
        paper.write(Text(f"{shorten(told.finding.id, 60)}: {shorten(told.finding.summary, _SENTENCES)}"), 2, hang=2)
        if told.finding.remedy.text:
            paper.labelled("change", Text(shorten(told.finding.remedy.text, _SENTENCES)), 4)


def _evidence(paper: _Paper, finding: Finding, indent: int) -> None:
    """Print the numbers, aligned where the width allows it."""
    room = min(paper.console.width, _PROSE) - indent - 2
    shown = finding.evidence[:_NUMBERS]
    rows = [(shorten(item.quantity, 100), amount(item), against(item)) for item in shown]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
    for quantity, value, threshold in rows:
        if sum(widths) + 4 <= room:
            spread = f"{quantity:<{widths[0]}}  {value:<{widths[1]}}  {threshold}"
            paper.write_whole(Text(" " * (indent + 2) + spread.rstrip()))
        else:
            comparison = f", {threshold}" if threshold else ""
            paper.write(Text(f"{quantity}: {value}{comparison}"), indent + 2, hang=2)
    if len(finding.evidence) > len(shown):
        paper.write(Text(f"and {len(finding.evidence) - len(shown)} more numbers", "dim"), indent + 2)


def _where(finding: Finding) -> str:
    names = [shorten(name, 60) for name in finding.where[:_NAMES]]
    more = len(finding.where) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _remedy(paper: _Paper, finding: Finding, indent: int) -> None:
    """Print what to change, the code coloured like Python and never wrapped."""
    if finding.remedy.text:
        paper.labelled("change", Text(shorten(finding.remedy.text, _SENTENCES)), indent)
    if finding.remedy.code:
        paper.gap()
        syntax = Syntax("", "python", theme="ansi_dark", background_color="default")
        for line in syntax.highlight(clean(finding.remedy.code, lines=True)).split("\n"):
            line.rstrip()
            if line:
                paper.write_whole(Text(" " * (indent + 8)) + line)


def _course(paper: _Paper, record: Record) -> None:
    """Print how the loss went, and what ended the script if an exception did."""
    for training in record.trainings[:4]:
        if losses := course(training):
            name = f" of {shorten(training.name, 40)}" if len(record.trainings) > 1 else ""
            paper.write(Text(f"Loss{name}: {losses} in {plural(len(training.losses), 'step')}."))
        if training.scaling is not None and training.scaling.skipped:
            skipped, tried = training.scaling.skipped, training.num_steps + training.scaling.skipped
            line = f"The loss scaler skipped {skipped} of {plural(tried, 'step')}: gradients were not finite."
            paper.write(Text(line, "dim"))
    if len(record.trainings) > 4:
        paper.write(Text(f"And {len(record.trainings) - 4} more trainings."))
    if record.failure:
        failure = f"{record.failure.kind}: {record.failure.message}"
        during = f" during {shorten(record.failure.during, 60)}" if record.failure.during else ""
        paper.write(Text(f"The script ended with {shorten(failure, 300)}{during}."))


def _unseen(paper: _Paper, record: Record) -> None:
    """Say in at most two lines what could not be watched, and why."""
    parts = [f"{shorten(item.what, 60)} ({shorten(item.reason, 120)})" for item in record.unseen]
    if parts:
        told, rest = _fitting(paper, parts)
        paper.write(Text(f"Not seen: {', '.join(told)}" + (f" and {rest} more" if rest else "") + ".", "dim"))


def _fitting(paper: _Paper, parts: list[str]) -> tuple[list[str], int]:
    """As many of the parts as two lines hold, one at least, and how many are left."""
    room = 2 * min(paper.console.width, _PROSE)
    count = 1
    while count < len(parts) and len(", ".join(parts[: count + 1])) <= room:
        count += 1
    return parts[:count], len(parts) - count


def _untried(diagnosis: Diagnosis) -> dict[str, list[str]]:
    """Causes whose remedy was not put to the test, by the reason."""
    reasons: dict[str, list[str]] = {}
    for item in diagnosis.not_tried:
        reasons.setdefault(item.reason, []).append(shorten(item.id, 40))
    return reasons


def _checked(paper: _Paper, diagnosis: Diagnosis, seen_in: str) -> None:
    """Say in at most a few lines what was judged and what was not, findings with one reason together."""
    line = f"Checked {plural(len(diagnosis.checked), 'finding')}"
    reasons: dict[str, list[str]] = {}
    for item in diagnosis.not_checked:
        reasons.setdefault(item.reason, []).append(item.id)
    groups = [(ids, shorten(reason, 90)) for reason, ids in reasons.items()]
    parts, _ = _fitting(paper, [f"{', '.join(shorten(i, 40) for i in ids)} ({reason})" for ids, reason in groups])
    if groups:
        rest = len(diagnosis.not_checked) - sum(len(ids) for ids, _ in groups[: len(parts)])
        line += f"; not checked: {', '.join(parts)}" + (f" and {rest} more" if rest else "") + f". All are in {seen_in}"
    paper.write(Text(line + ".", "dim"))
