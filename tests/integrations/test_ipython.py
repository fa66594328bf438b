"""The cell magic watches its cell; diagnoses and runs are shown as HTML while the extension is loaded."""

from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from tests.integrations.page import SETUP, parts

from rhobar.diagnose.live import watch

HEADING = "IPython and notebooks"


@pytest.fixture
def shell(tmp_path, monkeypatch) -> Iterator[InteractiveShell]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setattr("sys.displayhook", None)
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    loading, _ = parts(HEADING)
    with capture_output():
        for cell in (*parts(SETUP), loading):
            shell.run_cell(cell).raise_error()
    yield shell
    shell.run_line_magic("unload_ext", "rhobar")
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()


def html(shell: InteractiveShell, value: object) -> str:
    return shell.display_formatter.format(value)[0].get("text/html", "")


def test_a_sick_cell_is_found_and_a_healthy_one_silent(shell: InteractiveShell) -> None:
    cell = parts(HEADING)[1]
    for text, wanted in ((cell, ["double-softmax"]), (cell.replace(", nn.Softmax(1)", ""), [])):
        with capture_output() as said:
            shell.run_cell(text)
        shown = shell.user_ns["_"]
        assert [f.id for f in shown.diagnosis.findings] == wanted
        assert shown.diagnosis.headline[:40] in said.stdout.replace("\n", " ")
        assert shown.run.record.trainings[0].parameters[0].name == "2.weight"
        page = html(shell, shown)
        assert page.startswith("<iframe") and "<script" not in page
        assert [i in page for i in ("double-softmax",)] == [True]
        assert html(shell, shown.run) == page
        assert html(shell, shown.diagnosis).count("<strong>Cause: <code>double-softmax</code>") == len(wanted)


def test_an_error_in_the_cell_is_the_run_s_end(shell: InteractiveShell) -> None:
    with capture_output() as said:
        shell.run_cell("%%rhobar --budget 0.1\n1 / 0")
    shown = shell.user_ns["_"]
    assert "ZeroDivisionError" in said.stdout
    assert shown.run.record.failure.kind == "ZeroDivisionError" and not shown.run.running
    assert shown.run.record.budget == 0.1


def test_unloaded_nothing_is_left(shell: InteractiveShell) -> None:
    run = watch()
    assert html(shell, run).startswith("<iframe")
    shell.run_line_magic("unload_ext", "rhobar")
    assert html(shell, run) == run._repr_html_() and html(shell, run.diagnosis()) == ""
    assert shell.find_cell_magic("rhobar") is None
    shell.run_line_magic("load_ext", "rhobar")
