"""Laws of the HTML report: it renders any record, asks nobody for anything, and runs nothing foreign."""

import base64
import dataclasses
import hashlib
import re
import stat
from html.parser import HTMLParser

import pytest
from tests.report.samples import HOSTILE, SAMPLES

from rhobar.record import Evidence, Finding
from rhobar.report import html, render_report, write_report
from rhobar.report.figures import figures
from rhobar.report.figures.placement import place

VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """Collects elements, and fails on a tag that is closed by another one."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.open, self.words = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def pages():
    return {name: render_report(*make()) for name, make in SAMPLES.items()}


@pytest.fixture(params=SAMPLES)
def text(request, pages):
    return pages[request.param]


def test_every_element_is_closed_in_order(text):
    Page(text)


def test_no_request_leaves_the_page(text):
    assert "http://" not in text
    assert "https://" not in text
    page = Page(text)
    assert not {
        "img",
        "link",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
        "use",
        "image",
        "foreignobject",
    } & {*page.tags}
    for _, name, value in page.attributes:
        assert name not in {"src", "action", "srcset", "background", "style"}
        assert not name.startswith("on")
        if "href" in name:
            assert re.fullmatch(r"#[a-z0-9-]+", value)
    assert "url(" not in text
    assert "@import" not in text


def test_only_our_own_script_and_style_may_run(text):
    assert text.count("<script>") == text.count("<style>") == 1
    policy = next(v for _, n, v in Page(text).attributes if n == "content" and v.startswith("default-src"))
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        content = re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL).group(1)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_links_lead_somewhere_and_ids_are_unique(text):
    page = Page(text)
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len({*ids})
    wanted = {value[1:] for _, name, value in page.attributes if name == "href"}
    wanted |= {value for _, name, value in page.attributes if name == "aria-labelledby"}
    assert wanted <= {*ids}


def test_coordinates_are_finite(text):
    shapes = {"line", "rect", "circle", "path", "polygon", "text", "svg"}
    places = {"x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "d", "points", "viewbox"}
    for tag, name, value in Page(text).attributes:
        if tag in shapes and name in places:
            assert "nan" not in value.lower(), (tag, name, value)
            assert "inf" not in value.lower(), (tag, name, value)


def test_every_figure_is_told_in_words(text):
    page = Page(text)
    pictures = [v for t, n, v in page.attributes if t == "svg" and n == "role"]
    told = [v for t, n, v in page.attributes if t == "svg" and n == "aria-label"]
    assert pictures == ["img"] * page.tags.count("svg")
    assert len(told) == len(pictures)
    assert all(len(words) > 10 for words in told)


def test_hostile_names_stay_text(pages):
    text = pages["hostile"]
    assert "<script>alert" not in text
    assert "<img" not in text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text)
    words = "".join(Page(text).words)
    assert "<script>alert(1)</script>" in words
    assert "\\x1b[31mred" in words
    assert "{{ 7 * 7 }}" in words
    assert HOSTILE[5] not in re.sub(r'title="[^"]*"', "", "".join(words.split("\n")))[:2000]


@pytest.mark.parametrize(
    ("sample", "keys"),
    [
        ("deep-sigmoid", ["depth", "loss", "gradient", "activation", "update"]),
        ("healthy", ["depth", "loss", "gradient", "activation", "update"]),
        ("one-step", ["depth", "loss", "gradient", "activation", "update"]),
    ],
)
def test_figures_of_a_training(sample, keys):
    record, diagnosis = SAMPLES[sample]()
    assert [figure.key for figure in figures(record.trainings[0], diagnosis, record)] == keys


def test_evidence_is_drawn_where_it_belongs():
    record, diagnosis = SAMPLES["deep-sigmoid"]()
    drawn = {figure.key: str(figure.svg) for figure in figures(record.trainings[0], diagnosis, record)}
    assert 'class="level cause"' in drawn["depth"]
    assert drawn["depth"].count('class="band cause"') == 5
    assert "2.302 not-learning" in drawn["loss"]
    assert 'class="level cause"' in drawn["update"]
    assert 'class="marked cause"' in drawn["update"]
    assert 'class="band symptom"' in drawn["activation"]


def test_the_first_nan_is_marked():
    record, diagnosis = SAMPLES["nan-run"]()
    drawn = {figure.key: str(figure.svg) for figure in figures(record.trainings[0], diagnosis, record)}
    assert "first NaN or ∞, step 87: forward in block2.conv1" in drawn["loss"]
    assert 'class="instant symptom"' in drawn["gradient"]
    assert 'class="missing"' in drawn["loss"]
    assert ">NaN</text>" in drawn["depth"]


def test_a_finding_is_marked_only_in_its_own_training():
    record, diagnosis = SAMPLES["gan"]()
    generator, discriminator = (figures(t, diagnosis, record)[0].svg for t in record.trainings)
    assert 'class="band cause"' in generator
    assert 'class="band' not in discriminator


def test_symptoms_stand_beneath_their_cause(pages):
    text = pages["deep-sigmoid"]
    card = text.index("<article"), text.index("</article>")
    for symptom in ("vanishing-gradient", "saturated-units", "not-learning"):
        place = text.index(f"explains the symptom <code>{symptom}")
        assert card[0] < place < card[1]
    assert "Symptoms without a known cause" not in text


def test_a_healthy_run_says_so_and_what_was_checked(pages):
    assert "<h1>No finding.</h1>" in pages["healthy"]
    assert "33 checked" in pages["healthy"]
    assert "<article" not in pages["healthy"]


def test_a_long_run_makes_a_small_file(pages):
    assert len(pages["huge"]) < 600_000
    assert "48 of 400 layers are shown" in pages["huge"]


def test_the_same_record_makes_the_same_file(pages):
    assert render_report(*SAMPLES["nan-run"]()) == pages["nan-run"]


def test_writing_replaces_the_file_whole(tmp_path):
    path = tmp_path / "new" / "report.html"
    record, diagnosis = SAMPLES["healthy"]()
    assert write_report(record, diagnosis, path) == path
    first = path.read_text(encoding="utf-8")
    assert path.stat().st_mode & stat.S_IRUSR
    write_report(*SAMPLES["gan"](), path)
    assert path.read_text(encoding="utf-8") != first
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]


def test_a_failure_leaves_the_old_report(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old")
    record, diagnosis = SAMPLES["healthy"]()
    monkeypatch.setattr(html, "render_report", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_report(record, diagnosis, path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    ("quantity", "drawn"),
    [
        ("training loss at the end", True),
        ("best validation loss", True),
        ("loss in eval mode", True),
        ("rise of the validation loss from its best", False),
        ("validation loss minus training loss", False),
        ("jump of the loss", False),
        ("share of the constant answer's loss explained", False),
        ("validation loss over training loss", False),
    ],
)
def test_only_a_threshold_on_the_loss_itself_becomes_a_line(quantity, drawn):
    record, diagnosis = SAMPLES["healthy"]()
    finding = Finding("overfitting", "symptom", 1.0, 1.0, "", evidence=(Evidence(quantity, 2.0, 1.0),))
    marks = place(dataclasses.replace(diagnosis, findings=(finding,)), record.trainings[0], record)
    assert bool(marks["loss"].levels) == drawn
