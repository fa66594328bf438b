"""Laws of the terminal report: it fits the window, needs no colour, and prints no control character."""

import dataclasses
import io
import re

import pytest
from rich.console import Console
from tests.report.samples import SAMPLES

from rhobar.record import ScalingFacts, Unseen
from rhobar.report import print_diagnosis


def printed(sample, width=80, **kwargs):
    file = io.StringIO()
    print_diagnosis(*SAMPLES[sample](), Console(file=file, width=width, **kwargs), html_path="report.html")
    return file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("sample", SAMPLES)
def test_lines_fit_and_end_without_blanks(sample, width):
    for line in printed(sample, width).splitlines():
        assert line == line.rstrip()
        copied = line.startswith(" " * 10)  # code is never wrapped
        assert len(line) <= width or copied, line


@pytest.mark.parametrize("sample", SAMPLES)
def test_nothing_but_text_when_piped(sample):
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", printed(sample))


def test_names_cannot_speak_the_terminals_language():
    shown = printed("hostile", force_terminal=True, color_system="truecolor")
    assert re.sub(r"\x1b\[[\d;]*m", "", shown).count("\x1b") == 0
    assert "\x1b[31mred" not in shown
    assert "\\x1b" in shown
    assert "[bold red]markup[/]" in re.sub(r"\x1b\[[\d;]*m", "", shown).replace("\n", "")
    assert "link=file" in shown


def test_colour_only_in_a_terminal():
    assert "\x1b[" in printed("deep-sigmoid", force_terminal=True, color_system="standard")


def test_a_cause_carries_its_symptoms():
    lines = printed("deep-sigmoid").splitlines()
    order = [line.strip() for line in lines if "ause" in line or "explains the" in line]
    assert order[-5:] == [
        "Cause 1 of 2: badly-scaled-initialization",
        "explains the symptom: vanishing-gradient",
        "explains the symptom: saturated-units",
        "explains the symptom: not-learning",
        "Cause 2 of 2: learning-rate-too-low",
    ]
    assert "          nn.init.zeros_(m.bias)" in "\n".join(lines)
    assert "    backward gain per layer, geometric mean    0.153 ± 0.004    below 0.5" in lines


def test_notes_stand_apart_and_are_short():
    lines = printed("deep-sigmoid").splitlines()
    start = lines.index("Notes, which make no training sick")
    assert lines[start + 1] == "  redundant-bias: The bias of layers.0 is followed by a normalisation."
    assert lines[start + 2] == ""
    assert lines.index("Cause 2 of 2: learning-rate-too-low") < start


def test_value_and_threshold_are_told_apart():
    assert "2.303 ± 0.0021 nats  above 2.302" in printed("deep-sigmoid")


def test_a_healthy_run_in_full():
    assert printed("healthy", 120) == (
        "\nNo finding.\n\n"
        "Loss: 2.39 → 0.0891 in 525 steps.\n"
        "Checked 33 findings; not checked: degenerate-batch-norm (the model has no batch normalisation),\n"
        "attention-logit-growth (the model has no attention), replica-divergence (one process) and 1 more.\n"
        "All are in the report.\n"
        "Watched 525 steps in 3.2 s; watching added 1.9 %.\n"
        "Report: report.html\n"
    )


def told_of(record, diagnosis):
    file = io.StringIO()
    print_diagnosis(record, diagnosis, Console(file=file, width=100))
    return file.getvalue()


def test_what_was_not_seen_and_skipped_is_one_quiet_line_each():
    record, diagnosis = SAMPLES["healthy"]()
    before = told_of(record, diagnosis)
    assert "Not seen" not in before and "skipped" not in before
    training = dataclasses.replace(record.trainings[0], num_steps=97, scaling=ScalingFacts(65536.0, 8192.0, 8192.0, 3))
    unseen = [Unseen(f"part {i}", "it is \x1b[31mcompiled") for i in range(40)]
    record = dataclasses.replace(record, trainings=[training, *record.trainings[1:]], unseen=unseen)
    told = told_of(record, diagnosis)
    assert "The loss scaler skipped 3 of 100 steps: gradients were not finite." in told
    (line,) = re.findall(r"Not seen: .*?more\.", told, re.DOTALL)
    shown = line.count("compiled")
    assert 1 < shown < 40 and f"and {40 - shown} more." in line and len(line.splitlines()) <= 3
    assert "\x1b" not in line
    assert len(told.splitlines()) <= len(before.splitlines()) + 4
