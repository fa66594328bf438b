"""All readings of one network as one HTML file that asks no other host for anything."""

import contextlib
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rhobar.probes.survey import Outcome
from rhobar.report import wording
from rhobar.report.html import asset, content_hash, printable
from rhobar.report.readings.cells import words
from rhobar.report.readings.drawings import draw

__all__ = ["render_readings", "write_readings"]

_TEMPLATES = Path(__file__).parent.parent / "templates"


def write_readings(subject: str, outcomes: Sequence[Outcome], path: Path | str, facts: Mapping[str, str]) -> Path:
    """Write the page so that `path` never holds half of it, and return its path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.parent / f".rhobar-{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        draft.write_text(render_readings(subject, outcomes, facts), encoding="utf-8", newline="")
        os.replace(draft, path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    return path


def render_readings(subject: str, outcomes: Sequence[Outcome], facts: Mapping[str, str]) -> str:
    """Render the page.

    Args:
        subject: The network's name.
        outcomes: What became of each probe.
        facts: What stands under the title, such as the number of parameters.
    """
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=printable,
    )
    environment.filters |= {"words": words, "shorten": wording.shorten, "duration": wording.duration, "draw": draw}
    style, script = asset("report.css") + asset("readings.css"), asset("report.js")
    return environment.get_template("readings.html.j2").render(
        subject=subject,
        outcomes=outcomes,
        measured=[outcome for outcome in outcomes if outcome.reading],
        failed=[outcome for outcome in outcomes if not outcome.reading],
        facts=facts,
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src '{content_hash(style)}'; script-src '{content_hash(script)}'; "
        "base-uri 'none'; form-action 'none'",
    )
