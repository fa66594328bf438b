"""The check of the built site sees what it is there to see; and the site, where it is built, passes it."""

import http.server
import shutil
import threading
from pathlib import Path

import pytest
from scripts.gallery.check import broken_links, foreign, requests_elsewhere, search_results
from scripts.gallery.experiment_pages import source_of
from scripts.gallery.textbook import ROOT

from rhobar.experiments import find

SITE = ROOT / "site"
chromium = pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
built = pytest.mark.skipif(not (SITE / "searchindex.js").exists(), reason="needs `make docs`")


@pytest.mark.parametrize(
    ("body", "broken"),
    [
        ('<a href="other.html#here">', []),
        ('<a href="other.html#there">', ["page.html: other.html#there"]),
        ('<a href="gone.html">', ["page.html: gone.html"]),
        ('<img src="gone.svg">', ["page.html: gone.svg"]),
        ('<a href="#own"><p id="own">', []),
        ('<a href="https://example.org/">', []),
    ],
)
def test_links_that_lead_nowhere_are_found(tmp_path: Path, body: str, broken: list[str]):
    (tmp_path / "page.html").write_text(body, encoding="utf-8")
    (tmp_path / "other.html").write_text('<p id="here">', encoding="utf-8")
    assert broken_links(tmp_path) == broken


@pytest.mark.parametrize(
    ("name", "text", "load"),
    [
        ("a.html", '<script src="https://cdn.example.org/a.js"></script>', "https://cdn.example.org/a.js"),
        ("a.html", '<link rel="stylesheet" href="//example.org/a.css">', "//example.org/a.css"),
        ("a.css", "@import url('https://example.org/font.css');", "https://example.org/font.css"),
        ("a.css", '@font-face { src: url("//example.org/a.woff2") }', "//example.org/a.woff2"),
        ("a.html", '<a href="https://example.org/">a link, not a load</a>', None),
        ("a.css", "p { background: url(data:image/png;base64,AA//BB) }", None),
    ],
)
def test_loads_from_other_hosts_are_found(tmp_path: Path, name: str, text: str, load: str | None):
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert foreign(tmp_path) == ([] if load is None else [f"{name}: {load}"])


@pytest.mark.slow
@chromium
def test_a_page_that_fetches_is_caught_in_the_browser(tmp_path: Path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/data.json"
    (tmp_path / "page.html").write_text(f"<script>fetch('{url}').catch(() => 0)</script>", encoding="utf-8")
    (tmp_path / "still.html").write_text("<p>nothing", encoding="utf-8")
    assert requests_elsewhere(tmp_path, "page.html") == [url]
    assert requests_elsewhere(tmp_path, "still.html") == []
    server.shutdown()
    server.server_close()


@pytest.mark.slow
@built
@chromium
def test_search_works_from_disk():
    assert any("perceptron-convergence" in page for page in search_results(SITE, "Novikoff"))
    assert search_results(SITE, "xyzzyplugh") == []


@pytest.mark.slow
@built
def test_the_built_site_is_whole():
    assert broken_links(SITE) == []
    assert foreign(SITE) == []


@pytest.mark.parametrize("name", ["random-rnn-chaos", "perceptron-convergence"])
def test_the_page_of_an_experiment_shows_its_own_file_whatever_decorates_its_run(name: str):
    assert source_of(find(name)).stem == name.replace("-", "_")
