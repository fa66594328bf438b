"""The documentation says what the code does: generated pages, ids, options and JSON keys."""

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from typer.main import get_command

from rhobar.cli.main import app
from rhobar.diagnose import findings as _registered
from rhobar.diagnose.rule import RULES
from rhobar.record import Diagnosis, Evidence, Finding, NotChecked, Record, Remedy
from rhobar.report.json_report import diagnosis_json

assert _registered

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PROSE = [ROOT / "README.md", ROOT / "examples" / "README.md", *DOCS.rglob("*.md")]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    script = ROOT / "scripts" / "build_findings_docs.py"
    spec = importlib.util.spec_from_file_location(script.stem, script)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_up_to_date(generator: ModuleType) -> None:
    wanted: dict[Path, str] = generator.pages()
    stale = [p.name for p, text in wanted.items() if not p.exists() or p.read_text(encoding="utf-8") != text]
    assert not stale, f"run `make docs`: {stale}"
    gone = set((DOCS / "findings").glob("*.md")) - set(wanted)
    assert not gone, f"run `make docs`: {gone}"


def test_every_rule_is_in_the_catalogue_and_linked() -> None:
    text = (DOCS / "findings.md").read_text(encoding="utf-8")
    listed = {line.split("`")[1] for line in text.splitlines() if line.startswith("| `")}
    assert set(RULES) <= listed
    assert {i for i in listed if f"](findings/{i}.md)" in text} == set(RULES)


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


def test_json_page_names_every_key() -> None:
    finding = Finding("x", "cause", 1.0, 1.0, "", evidence=(Evidence("q", 1.0),), remedy=Remedy("t", "c"))
    said = json.loads(diagnosis_json(Record("a.py"), Diagnosis((finding,), (), (NotChecked("y", "z"),), "h")))
    text = (DOCS / "json.md").read_text(encoding="utf-8")
    assert [key for key in _keys(said) if f"`{key}`" not in text] == []
    example = json.loads(text.split("```json\n")[1].split("```")[0])
    assert set(_keys(said)) == set(_keys(example))


def test_readme_lists_the_options_of_run() -> None:
    command = get_command(app).commands["run"]  # type: ignore[attr-defined]
    options = {o for p in command.params for o in p.opts if o.startswith("--")} - {"--help"}
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(--[a-z-]+)", text, re.MULTILINE)) == options


@pytest.mark.parametrize("path", PROSE, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_how_to_is_executed() -> None:
    """Prose runs as doctests (`make doctest`); the adapters' page by tests/integrations, heading by heading."""
    described = {DOCS / "design.md", DOCS / "style.md", *(DOCS / "findings").glob("*.md")}  # the house; what is printed
    tests = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests" / "integrations").glob("*.py"))
    unrun = []
    for page in set(PROSE) - described:
        for section in re.split(r"^#+ ", page.read_text(encoding="utf-8"), flags=re.MULTILINE):
            heading = section.partition("\n")[0]
            for block in re.findall(r"```(?:python|pycon)\n(.*?)```", section, re.DOTALL):
                covered = page == DOCS / "integrations.md" and f'"{heading}"' in tests
                if not (block.lstrip().startswith(">>>") or covered):
                    unrun.append(f"{page.relative_to(ROOT)}: {heading}")
    assert unrun == []
