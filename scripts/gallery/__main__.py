"""Write the sources of the site under build/gallery, and the site."""

import argparse
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from scripts.gallery.api import anchors, api_pages
from scripts.gallery.carriers import carriers
from scripts.gallery.experiment_pages import experiment_index, source_of, write_experiment
from scripts.gallery.landscapes import landscapes_page
from scripts.gallery.textbook import ROOT, textbook
from scripts.gallery.textbook_page import textbook_page
from sphinx.cmd.build import main as sphinx

from rhobar.experiments import Experiment, experiments

SOURCES, SITE = ROOT / "build" / "gallery", ROOT / "site"
PROSE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile", "examples", "docs", "pyproject.toml")


def main() -> int:
    """Write everything; the exit code is Sphinx's."""
    parser = argparse.ArgumentParser(prog="python -m scripts.gallery", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="do not run again what was measured last time")
    parser.add_argument("--only", metavar="NAME", nargs="*", help="run these experiments only (for work on the pages)")
    asked = parser.parse_args()
    _copy_prose()
    places = anchors()
    chosen = {n: e for n, e in experiments().items() if asked.only is None or n in asked.only}
    verdicts = _experiments(chosen, places, keep=asked.keep)
    pages = api_pages() | {
        "experiments/index.md": experiment_index(verdicts),
        "docs/landscapes.md": landscapes_page(SOURCES / "docs"),
        "textbook.md": textbook_page(textbook(), carriers(), places),
        "index.md": (Path(__file__).parent / "index.md").read_text(encoding="utf-8"),
    }
    for name, text in pages.items():
        (SOURCES / name).parent.mkdir(parents=True, exist_ok=True)
        (SOURCES / name).write_text(text, encoding="utf-8")
    return sphinx(["-q", "-b", "html", "-c", str(Path(__file__).parent), str(SOURCES), str(SITE)])


def _copy_prose() -> None:
    """Lay the prose out as in the repository, so that its links lead where they did."""
    for name in (*PROSE, "src/rhobar/experiments"):
        target = SOURCES / name
        if (ROOT / name).is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__", "*.toml"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    pages = sorted(p.stem for p in (SOURCES / "docs" / "findings").glob("*.md") if p.stem != "index")
    with (SOURCES / "docs" / "findings" / "index.md").open("a", encoding="utf-8") as index:
        index.write("\n```{toctree}\n:hidden:\n\n" + "\n".join(f"{p} <{p}>" for p in pages) + "\n```\n")
    for name, shown in _mechanisms().items():
        page = SOURCES / "docs" / "findings" / f"{name}.md"
        if page.exists():
            links = ", ".join(f"[{e}](/experiments/{e}.md)" for e in shown)
            page.write_text(f"{page.read_text(encoding='utf-8')}\nThe mechanism, shown: {links}.\n", encoding="utf-8")


def _mechanisms() -> dict[str, list[str]]:
    shown: dict[str, list[str]] = {}
    for experiment in experiments().values():
        for finding in experiment.findings:
            shown.setdefault(finding, []).append(experiment.name)
    return shown


def _experiments(chosen: Mapping[str, Experiment], places: Mapping[str, str], *, keep: bool) -> dict[str, str]:
    """Run the experiments and return their verdicts."""
    folder = SOURCES / "experiments"
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    verdicts = {}
    for i, (name, experiment) in enumerate(chosen.items()):
        page = folder / f"{name}.md"
        fresh = page.exists() and page.stat().st_mtime > source_of(experiment).stat().st_mtime
        kept = re.search(r'class="verdict (\w+)"', page.read_text(encoding="utf-8")) if fresh else None
        print(f"[{i + 1}/{len(chosen)}] {name}", flush=True)
        verdicts[name] = kept[1] if kept else write_experiment(experiment, folder, places)
    for stale in {p for p in folder.glob("*.md") if p.stem not in verdicts}:
        stale.unlink()
    return verdicts


if __name__ == "__main__":
    sys.exit(main())
