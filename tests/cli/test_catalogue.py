"""The commands that list the tables."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from rhobar.cli.main import app
from rhobar.nn.activations import ACTIVATIONS
from rhobar.nn.initializers import INITIALIZERS
from rhobar.nn.losses import LOSSES

TABLES = {"activations": ACTIVATIONS, "losses": LOSSES, "initializers": INITIALIZERS}


@pytest.mark.parametrize("command", TABLES)
def test_one_line_for_every_row(command):
    done = CliRunner().invoke(app, [command])
    lines = done.stdout.splitlines()
    assert done.exit_code == 0 and len(lines) == len(TABLES[command])
    for line, row in zip(lines, TABLES[command].values(), strict=True):
        assert line.split()[0] == row.name and line.endswith(row.summary) and len(line) <= 120


@pytest.mark.parametrize("command", TABLES)
def test_a_page_for_every_row(command):
    for row in TABLES[command].values():
        done = CliRunner().invoke(app, [command, row.name])
        assert done.exit_code == 0 and row.equation in done.stdout and row.reference in done.stdout
        assert "<function" not in done.stdout and "functools" not in done.stdout


@pytest.mark.parametrize(
    "command, kind", [("activations", "activation"), ("losses", "loss"), ("initializers", "initializer")]
)
def test_an_unknown_name_says_where_to_look(command, kind):
    done = CliRunner().invoke(app, [command, "rleu"])
    assert done.exit_code == 2
    assert f"There is no {kind} 'rleu'; `rhobar {command}` lists all {len(TABLES[command])}." in done.stderr


def test_the_command_line_itself_does_not_import_torch():
    code = "import sys, rhobar.cli.main; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
