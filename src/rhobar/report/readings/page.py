"""All readings of one network as one HTML file that asks no other host for anything."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rhobar.probes.survey import Outcome
from rhobar.report import wording
from rhobar.report.html import asset, content_policy, page_environment, write_page
from rhobar.report.readings.cells import words
from rhobar.report.readings.drawings import draw

__all__ = ["render_readings", "write_readings"]


def write_readings(
    subject: str,
    outcomes: Sequence[Outcome],
    path: Path | str,
    facts: Mapping[str, str],
    *,
    heading: str = "",
    parts: str = "Probes",
) -> Path:
    """Write the page so that `path` never holds half of it, and return its path; arguments as for the text."""
    return write_page(render_readings(subject, outcomes, facts, heading=heading, parts=parts), path)


def render_readings(
    subject: str, outcomes: Sequence[Outcome], facts: Mapping[str, str], *, heading: str = "", parts: str = "Probes"
) -> str:
    """Render the page.

    Args:
        subject: The network's name.
        outcomes: What became of each probe.
        facts: What stands under the title, such as the number of parameters.
        heading: The title; by default, how many probes measured it.
        parts: What the outcomes are.
    """
    measured = [outcome for outcome in outcomes if outcome.reading]
    environment = page_environment()
    environment.filters |= {"words": words, "shorten": wording.shorten, "duration": wording.duration, "draw": draw}
    style, script = asset("report.css") + asset("readings.css"), asset("report.js")
    return environment.get_template("readings.html.j2").render(
        subject=subject,
        outcomes=outcomes,
        measured=measured,
        heading=heading or f"{len(measured)} of {len(outcomes)} probes measured it",
        parts=parts,
        failed=[outcome for outcome in outcomes if not outcome.reading],
        facts=facts,
        style=style,
        script=script,
        policy=content_policy(style, script),
    )
