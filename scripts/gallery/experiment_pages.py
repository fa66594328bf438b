"""Pages of the experiments: the claim, what was predicted and measured on the machine that built them, the picture."""

import inspect
from collections.abc import Mapping
from html import escape
from itertools import groupby
from pathlib import Path

from scripts.gallery.textbook import ROOT
from scripts.gallery.textbook_page import slug

from rhobar.experiments import Experiment, Result, Setting, experiments
from rhobar.report.readings.drawings import draw
from rhobar.report.standalone import standalone
from rhobar.report.wording import number

__all__ = ["experiment_index", "source_of", "topics", "write_experiment"]

_NAMES = (
    "AIC Adam AdaGrad AdamW Bayesian BIC CLT Gaussian Hoeffding Hopfield KL L1 L2 LSTM Lyapunov MAML MAP Marchenko NaN "
    "Nesterov Newton Oja PAC Pastur Rademacher RMS RNN VC XOR"
)
_WRITTEN = {word.lower(): word for word in _NAMES.split()}
"""Names and abbreviations that keep their capitals in a heading."""


def topics() -> dict[str, list[Experiment]]:
    """Return the experiments by topic: the package that holds them."""
    ordered = sorted(experiments().values(), key=lambda e: (_topic(e), e.name))
    return {topic: list(some) for topic, some in groupby(ordered, key=_topic)}


def _topic(experiment: Experiment) -> str:
    return experiment.run.__module__.split(".")[2]


def write_experiment(experiment: Experiment, folder: Path, places: Mapping[str, str]) -> str:
    """Run an experiment in its small form, write its page and pictures, and return its verdict."""
    result = experiment.run(Setting())
    for i, figure in enumerate(result.figures):
        (folder / f"{experiment.name}-{i + 1}.svg").write_text(standalone(draw(figure)), encoding="utf-8")
    (folder / f"{experiment.name}.md").write_text(_page(experiment, result, places), encoding="utf-8")
    return result.verdict


def _page(experiment: Experiment, result: Result, places: Mapping[str, str]) -> str:
    name, verdict = experiment.name, result.verdict
    parts = [
        f"# {_title(name)}",
        f':::{{container}} claim\n{experiment.claim}\n\n<span class="verdict {verdict}">{verdict}</span>\n:::',
        *(f"![{f.title}]({name}-{i + 1}.svg)" for i, f in enumerate(result.figures)),
        "## Predicted and measured",
        _checks(result),
        *result.notes,
        "## Where it comes from",
        _facts(experiment, places),
        f"```console\n$ rhobar lab run {name}\n$ rhobar lab run {name} --broken\n```",
        f"The second breaks the assumption ({experiment.control}): then the claim must fail.",
        f"## The run\n\n```{{literalinclude}} /{source_of(experiment).relative_to(ROOT)}\n:language: python\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _checks(result: Result) -> str:
    rows = []
    for c in result.checks:
        value = number(c.measured.value) + (f" ± {number(c.measured.stderr)}" if c.measured.stderr else "")
        verdict = "holds" if c.holds else "fails"
        exact = c.test == "is so"
        cells = (c.says, "" if exact else number(c.predicted), "" if exact else value, c.test)
        marked = f'<span class="verdict {verdict}">{verdict}</span>'
        rows.append("| " + " | ".join([*(cell.replace("|", "\\|") for cell in cells), marked]) + " |")
    return "\n".join(["| prediction | predicted | measured | test | verdict |", "|---|--:|--:|---|---|", *rows])


def _facts(experiment: Experiment, places: Mapping[str, str]) -> str:
    lines = [f":Source: {experiment.source}"]
    if experiment.textbook:
        links = (f'<a href="../textbook.html#{slug(i)}">{i}</a>' for i in experiment.textbook)
        lines.append(f":Textbook: {', '.join(links)}")
    if experiment.formulas:
        lines.append(f":Formulas: {', '.join(_formula(f, places) for f in experiment.formulas)}")
    if experiment.findings:
        links = (f"[{f}](/docs/findings/{f}.md)" for f in experiment.findings)
        lines.append(f":Findings: {', '.join(links)}")
    return "\n".join(lines)


def _formula(name: str, places: Mapping[str, str]) -> str:
    shown = f"<code>{escape(name.removeprefix('rhobar.'))}</code>"
    return f'<a href="../{places[name]}">{shown}</a>' if name in places else shown


def experiment_index(verdicts: Mapping[str, str]) -> str:
    """Return the gallery: every claim with its picture and its verdict."""
    held = sum(v == "holds" for v in verdicts.values())
    parts = [
        "# Experiments",
        f"{len(verdicts)} claims of the theory, each with a prediction, a measurement and a verdict from the machine "
        f"that built these pages: {held} hold. Each has a negative control, in which its assumption is broken and it "
        "must fail. `rhobar lab all` runs them on yours.",
    ]
    for topic, some in topics().items():
        shown = [e for e in some if e.name in verdicts]
        if shown:
            cards = "\n".join(_card(e, verdicts[e.name]) for e in shown)
            listed = "\n".join(f"{_title(e.name)} <{e.name}>" for e in shown)
            parts.append(f'## {topic.capitalize()}\n\n<div class="cards">\n{cards}\n</div>')
            parts.append(f"```{{toctree}}\n:hidden:\n\n{listed}\n```")
    return "\n\n".join(parts) + "\n"


def _card(experiment: Experiment, verdict: str) -> str:
    name = experiment.name
    return (
        f'<a class="card" href="{name}.html"><img src="../_images/{name}-1.svg" alt="" loading="lazy">'
        f"<b>{escape(_title(name))}</b><span>{escape(experiment.claim)}</span>"
        f'<span class="verdict {verdict}">{verdict}</span></a>'
    )


def _title(name: str) -> str:
    """Return the name as a heading, with the names in it as they are written.

    Example:
        >>> _title("random-rnn-chaos")
        'Random RNN chaos'
    """
    if name == "logistic-map":  # a map, and no maximum a posteriori
        return "Logistic map"
    first, *others = name.split("-")
    return " ".join([_WRITTEN.get(first, first.capitalize()), *(_WRITTEN.get(word, word) for word in others)])


def source_of(experiment: Experiment) -> Path:
    """Return the file that defines a run, also where a decorator of torch's is around it."""
    return Path(inspect.getfile(inspect.unwrap(experiment.run)))
