"""The examples of docs/integrations.md, by the heading that they stand under."""

import re
from pathlib import Path

__all__ = ["SETUP", "example", "parts"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "integrations.md"
SETUP = "In other libraries"
"""The heading of the data that every example trains on."""


def parts(heading: str) -> list[str]:
    """The Python blocks under one heading."""
    sections = re.split(r"^#+ ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    section = next(s for s in sections if s.startswith(heading + "\n"))
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


def example(heading: str) -> str:
    """The example under a heading, after the data that it trains on."""
    return "\n".join(parts(SETUP) + parts(heading))
