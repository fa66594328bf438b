"""A drawing as a file of its own: the report's style travels inside."""

from pathlib import Path

from markupsafe import Markup

__all__ = ["standalone"]

_STYLE = Path(__file__).parent / "templates" / "report.css"


def standalone(svg: Markup, *, style: str = "") -> str:
    """Return an SVG file with the report's colours, light and dark, and its rules for drawings.

    Args:
        svg: A drawing from `rhobar.report.svg.drawing`.
        style: Further rules.

    Returns:
        The text of the file.

    Example:
        >>> from rhobar.report.svg import drawing
        >>> standalone(drawing(10, 10, title="Nothing", describe="Empty")).startswith("<svg xmlns=")
        True
    """
    css = _STYLE.read_text(encoding="utf-8")
    colours = css[: css.index("* {")]
    rules = [line for line in css.splitlines() if line.startswith("svg") and ".reading" not in line]
    inside = f"<style>{colours}{chr(10).join(rules)}\nsvg {{ background: var(--paper) }}\n{style}</style>"
    opened, rest = str(svg).split(">", 1)
    named = opened.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return f"{named}>{inside}{rest}\n"
