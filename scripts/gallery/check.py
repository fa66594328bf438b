"""Check the built site: links lead somewhere, nothing comes from another host, search finds what it should.

python -m scripts.gallery.check          # all of it; the browser's part needs chromium
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from scripts.gallery.textbook import ROOT

__all__ = ["broken_links", "foreign", "requests_elsewhere", "search_results"]

_LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
_PLACES = ("index.html", "experiments/index.html", "textbook.html", "api/rhobar.nn.losses.html")


class _Page(HTMLParser):
    """Links, anchors and what is loaded."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v for k, v in attrs if v}
        self.anchors |= {given[k] for k in ("id", "name") if k in given}
        loaded = given.get(_LOADS.get(tag, ""))
        if loaded:
            self.loads.append(loaded)
        if tag == "a" and "href" in given:
            self.links.append(given["href"])


def _pages(site: Path) -> dict[Path, _Page]:
    return {p: _Page(p.read_text(encoding="utf-8")) for p in sorted(site.rglob("*.html")) if "_static" not in p.parts}


def broken_links(site: Path) -> list[str]:
    """Return the links and loads inside the site that lead to no file, or to no anchor in it."""
    pages, broken = _pages(site), []
    for path, page in pages.items():
        for link in (*page.links, *page.loads):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if not target.is_file() or (target in pages and anchor not in pages[target].anchors):
                broken.append(f"{path.relative_to(site)}: {link}")
    return broken


def foreign(site: Path) -> list[str]:
    """Return what a page or style sheet would load from another host."""
    found = [
        f"{p.relative_to(site)}: {a}" for p, page in _pages(site).items() for a in page.loads if urlsplit(a).netloc
    ]
    for sheet in site.rglob("*.css"):
        loads = re.findall(r"(?:@import\s+|url\()\s*[\"']?((?:https?:)?//[^\"')]+)", sheet.read_text(encoding="utf-8"))
        found += [f"{sheet.relative_to(site)}: {load}" for load in loads]
    return found


def _browser(url: str, *options: str) -> str:
    """Return the page as the browser has it after its scripts have run."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or "google-chrome"
    quiet = ("--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-sync")
    with tempfile.TemporaryDirectory() as profile:
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", *quiet, f"--user-data-dir={profile}"]
        command += [*options, "--virtual-time-budget=20000", "--dump-dom", url]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout


def search_results(site: Path, words: str) -> list[str]:
    """Return the pages that the site's search finds, opened from disk."""
    dom = _browser(f"{(site / 'search.html').as_uri()}?q={words}")
    found = dom.partition('id="search-results"')[2]
    return re.findall(r'<li[^>]*><a href="([^"]+)"', found)


def requests_elsewhere(site: Path, page: str) -> list[str]:
    """Return the addresses outside the disk that the page had the browser ask for, by the browser's own log.

    What the browser asks for by itself, such as updates, has no origin in the log.
    """
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "net.json"
        _browser((site / page).as_uri(), f"--log-net-log={log}")
        text = log.read_text(encoding="utf-8")
    events = json.loads(text if text.rstrip().endswith("}") else text.rstrip().rstrip(",") + "]}")["events"]
    told = [e["params"] for e in events if e.get("params", {}).get("initiator", "not an origin") != "not an origin"]
    asked = {str(params.get("url", "")) for params in told}
    return sorted(url for url in asked if urlsplit(url).scheme in {"http", "https", "ws", "wss"})


def _complaints(site: Path) -> Iterator[str]:
    if not (site / "index.html").exists():
        yield f"there is no site at {site}: run `make docs`"
        return
    yield from (f"broken link: {link}" for link in broken_links(site))
    yield from (f"from another host: {load}" for load in foreign(site))
    if not (shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")):
        print("Not checked in a browser: there is no chromium here.")
        return
    if not any("perceptron-convergence" in page for page in search_results(site, "Novikoff")):
        yield "search does not find Novikoff's experiment"
    for page in _PLACES:
        yield from (f"{page} asks for {url}" for url in requests_elsewhere(site, page))


def main() -> int:
    """Print what is wrong; exit 1 if anything is."""
    site = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT / "site"
    complaints = list(_complaints(site))
    print("\n".join(complaints) or f"Links, search and silence on the network: checked in {site}.")
    return bool(complaints)


if __name__ == "__main__":
    sys.exit(main())
