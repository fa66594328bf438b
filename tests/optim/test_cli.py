import subprocess
import sys

import pytest
from typer.testing import CliRunner

from rhobar.cli.main import app
from rhobar.optim import OPTIMIZERS, RULES


def run(*arguments):
    return CliRunner().invoke(app, ["optimizers", *arguments])


def test_lists_everything_with_one_line_each():
    result = run()
    assert result.exit_code == 0
    lines = [line.split(maxsplit=1) for line in result.output.splitlines() if line.startswith("  ")]
    assert [key for key, _ in lines] == [*RULES, *OPTIMIZERS]
    assert all(text.endswith(".") and len(text) < 120 for _, text in lines)


@pytest.mark.parametrize("name", [*RULES, *OPTIMIZERS])
def test_explains_each(name):
    result = run(name)
    assert result.exit_code == 0
    assert result.output.startswith(f"# {name} (")
    assert "Textbook:" in result.output
    assert "Reference" in result.output


def test_unknown_names():
    result = run("adamm")
    assert result.exit_code == 2
    assert "There is no rule or optimizer 'adamm'" in result.output


def test_the_command_line_does_not_import_torch_before_it_must():
    code = "import sys, rhobar.cli.main; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
