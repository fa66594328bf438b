"""Findings inside somebody else's page, such as a notebook: without a style or a script of their own."""

from markupsafe import Markup

from rhobar.record import Diagnosis, Record
from rhobar.report.arrangement import arrange
from rhobar.report.html import finding_environment, render_report

__all__ = ["framed_report", "render_diagnosis"]


def render_diagnosis(diagnosis: Diagnosis) -> str:
    """Render a diagnosis as a piece of HTML in the style of the page around it.

    Example:
        >>> from rhobar.record import Diagnosis
        >>> "<strong>No finding: &lt;b&gt;</strong>" in render_diagnosis(Diagnosis((), (), (), "No finding: <b>"))
        True
    """
    template = finding_environment().get_template("diagnosis.html.j2")
    return template.render(diagnosis=diagnosis, told=arrange(diagnosis))


def framed_report(record: Record, diagnosis: Diagnosis, *, height: int = 640) -> str:
    """Render the whole report in a frame: its style and script cannot reach the page around it.

    Args:
        record: What was watched.
        diagnosis: What was concluded.
        height: Height of the frame in pixels.
    """
    frame = Markup('<iframe title="rhobar" sandbox="allow-scripts" width="100%" height="{}" srcdoc="{}"></iframe>')
    return str(frame.format(height, render_report(record, diagnosis)))
