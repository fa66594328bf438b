"""A handful of programs end to end: run in a fork, judged, kept, counted."""

import json
import math
import os
import time

import pytest
from typer.testing import CliRunner

from rhobar.cli.main import app
from rhobar.faults import execute as execution
from rhobar.faults.catalogue import FAULTS
from rhobar.faults.execute import Answer, execute, last_number, warm_up
from rhobar.faults.fork import in_fork
from rhobar.faults.laboratory import harmed, investigate, select_programs
from rhobar.faults.program import Program
from rhobar.faults.score import score
from rhobar.faults.table import as_json, misses, summary


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    warm_up()


def _of(name: str):
    return next(p.base for p in select_programs("all") if p.base.name == name)


@pytest.mark.parametrize(
    ("base", "fault"),
    [
        ("diabetes-sequential-closures", None),
        ("cancer-batchnorm-flat", "invalid-labels"),
        ("wine-module-functions", "no-optimizer-step.missing.severe"),
        ("wine-module-functions", "nonfinite-data.missing.severe"),
    ],
)
def test_a_program_is_run_and_judged(base, fault) -> None:
    chosen = _of(base)
    fitting = [f for f in FAULTS if fault and f.name == fault and f.fits(chosen.draft)]
    answer = execute(Program(chosen, tuple(fitting)).source)
    assert not answer.error
    if not fitting:
        assert answer.score >= chosen.floor and answer.ranked == ()
    else:
        assert answer.ranked[0] == fitting[0].cause
        assert harmed(chosen, chosen.floor, answer.score)


def test_a_program_that_raises_has_no_score_and_one_that_never_ends_is_ended() -> None:
    assert math.isnan(execute("print('score 0.5')\nraise ValueError").score)
    begun = time.monotonic()
    assert execute("while True:\n    pass", seconds=1.0).error == "timeout"
    assert time.monotonic() - begun < 60


def test_the_child_leaves_this_process_alone() -> None:
    here, folder = os.getpid(), os.getcwd()
    ended = in_fork(lambda out: print("aside") or (out.write_text(str(os.getpid())) and None), seconds=5.0)
    assert ended.printed == "aside\n" and int(ended.result) != here
    assert os.getcwd() == folder


@pytest.mark.parametrize(
    ("printed", "score"),
    [
        ("val 0.25 score=0.5\n", 0.5),
        ("R2 -1.5", -1.5),
        ("a nan", None),
        ("x2 done", None),
        ("", None),
        ("1e-3\n\n", 1e-3),
    ],
)
def test_the_score_is_the_last_number(printed, score) -> None:
    assert math.isnan(last_number(printed)) if score is None else last_number(printed) == score


def test_an_answer_is_kept_by_source_and_by_the_code_that_judges(tmp_path, monkeypatch) -> None:
    calls = []

    def judge(script, out) -> None:
        print(0.5)
        out.write_text(json.dumps({"raised": False, "causes": ["x"], "symptoms": [], "headline": "", "error": ""}))

    real = execution.in_fork
    monkeypatch.setattr(execution, "in_fork", lambda work, seconds: calls.append(1) or real(work, seconds=seconds))
    first = execute("print(1)", cache=tmp_path, judge=judge)
    assert execute("print(1)", cache=tmp_path, judge=judge) == first and len(calls) == 1 and first.score == 0.5
    execute("print(2)", cache=tmp_path, judge=judge)
    monkeypatch.setattr(execution, "engine", lambda: "other")
    execute("print(1)", cache=tmp_path, judge=judge)
    assert len(calls) == 3


def test_a_limit_keeps_whole_bases_and_the_parts_apart() -> None:
    chosen = select_programs("test", 6)
    assert len({p.base.name for p in chosen}) == 6 and {p.base.part for p in chosen} == {"test"}
    whole = [p.name for p in select_programs("test") if p.base.name in {q.base.name for q in chosen}]
    assert [p.name for p in chosen] == whole
    with pytest.raises(ValueError, match="part must be"):
        select_programs("training")


@pytest.mark.parametrize("part", ["tuning", "test", "fresh"])
def test_what_was_said_of_the_test_part_is_not_told(part, monkeypatch) -> None:
    def answered(source, cache):
        return Answer(0.99, ("gradient-ascent",), ())

    monkeypatch.setattr("rhobar.faults.laboratory.execute", answered)
    monkeypatch.setattr("rhobar.faults.table.score", lambda said: score(said, num_draws=20))
    report = investigate(part, limit=4)
    assert bool(misses(report)) == (part != "test")
    text = summary(report) + json.dumps(as_json(report))
    assert ("gradient-ascent" in json.dumps(as_json(report)["programs"])) == (part != "test")
    for row in ("rhobar", "always flag", "never flag"):
        assert f"| {row} |" in text


def test_the_command_writes_programs_and_says_what_it_offers(tmp_path) -> None:
    done = CliRunner().invoke(app, ["faults", "--part", "tuning", "--limit", "2", "--write", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert {f.stem for f in tmp_path.glob("*.py")} == {p.name for p in select_programs("tuning", 2)}
