"""The report: one HTML file that asks no other host for anything and can be sent to a colleague.

Everything that comes from the record is escaped, by Jinja2 in the text and by `rhobar.report.svg` in the
figures; a content security policy with the hashes of our own style and script forbids whatever else might
slip through.
"""

import base64
import contextlib
import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rhobar.record import Diagnosis, NotChecked, Record, Training
from rhobar.report import wording
from rhobar.report.arrangement import arrange
from rhobar.report.figures import Figure, figures
from rhobar.report.figures.bullet import bullet
from rhobar.report.figures.placement import belongs, figures_of
from rhobar.report.highlight import highlight

__all__ = [
    "asset",
    "content_policy",
    "finding_environment",
    "page_environment",
    "render_report",
    "write_page",
    "write_report",
]

_TEMPLATES = Path(__file__).parent / "templates"
_MOST_TRAININGS = 12
_NAMES = {
    "depth": "depth profile",
    "loss": "loss",
    "gradient": "gradient norm",
    "activation": "units",
    "update": "updates",
}


@dataclass(frozen=True)
class _Section:
    """A training with its figures, and the names of those for which it holds no numbers."""

    training: Training
    anchor: str
    course: str
    figures: list[Figure]
    missing: list[str]


def write_report(record: Record, diagnosis: Diagnosis, path: Path | str) -> Path:
    """Write the report so that `path` never holds half of it, and return its path."""
    return write_page(render_report(record, diagnosis), path)


def write_page(page: str, path: Path | str) -> Path:
    """Write a page so that `path` never holds half of it, and return its path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, where os.replace is atomic; not by tempfile, whose files only their owner may read.
    draft = path.parent / f".rhobar-{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        with draft.open("x", encoding="utf-8", newline="") as file:
            file.write(page)
        os.replace(draft, path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    return path


def render_report(record: Record, diagnosis: Diagnosis) -> str:
    """Render the report as the text of an HTML file."""
    environment = finding_environment()
    style, script = asset("report.css"), asset("report.js")
    sections = [_section(t, i, diagnosis, record) for i, t in enumerate(record.trainings[:_MOST_TRAININGS], 1)]
    return environment.get_template("report.html.j2").render(
        record=record,
        diagnosis=diagnosis,
        told=arrange(diagnosis),
        steps=wording.num_steps(record),
        sections=sections,
        undrawn=len(record.trainings) - len(sections),
        reasons=_reasons(diagnosis.not_checked),
        untried=_reasons(diagnosis.not_tried),
        style=style,
        script=script,
        policy=content_policy(style, script),
        bullet=bullet,
        seen_in=lambda finding: [
            (f"{section.anchor}-{figure.key}", _named(figure, section, len(sections)))
            for section in sections
            if belongs(finding, section.training, record)
            for key in figures_of(finding)
            for figure in section.figures
            if figure.key == key
        ][:4],
    )


def _section(training: Training, index: int, diagnosis: Diagnosis, record: Record) -> _Section:
    drawn = figures(training, diagnosis, record)
    missing = [name for key, name in _NAMES.items() if key not in {figure.key for figure in drawn}]
    return _Section(training, f"training-{index}", wording.course(training), drawn, missing)


def _named(figure: Figure, section: _Section, num_sections: int) -> str:
    """Name a figure, and its training where there are several."""
    name = _NAMES[figure.key]
    return f"{name} of {wording.shorten(section.training.name, 30)}" if num_sections > 1 else name


def page_environment() -> Environment:
    """What every page is rendered in: all that is put in is escaped, what is missing is an error."""
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=printable,
    )


def finding_environment() -> Environment:
    """The same with the words for findings."""
    environment = page_environment()
    environment.filters |= {
        "highlight": highlight,
        "number": wording.number,
        "percent": wording.percent,
        "duration": wording.duration,
        "amount": wording.amount,
        "against": wording.against,
        "shorten": wording.shorten,
        "trial": wording.trial,
    }
    return environment


def content_policy(style: str, script: str) -> str:
    """A page runs the one style and the one script that it carries, and asks no host for anything."""
    return (
        f"default-src 'none'; style-src '{content_hash(style)}'; script-src '{content_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def printable(value: object) -> object:
    """Make control characters of any text visible before Jinja2 escapes it; our own markup passes."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return wording.clean(value)
    return value


def _reasons(items: tuple[NotChecked, ...]) -> dict[str, list[str]]:
    """Findings by the reason that they share."""
    reasons: dict[str, list[str]] = {}
    for item in items:
        reasons.setdefault(item.reason, []).append(item.id)
    return reasons


def asset(name: str) -> Markup:
    """Read a file of ours that goes into the page as it is."""
    text = (_TEMPLATES / name).read_text(encoding="utf-8").replace("\r\n", "\n")
    return Markup(text)


def content_hash(content: str) -> str:
    """Return the hash by which the content security policy knows our own style or script."""
    digest = hashlib.sha256(content.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
