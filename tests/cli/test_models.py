"""`rhobar models` lists the table, one line each, and explains one."""

import pytest
from typer.testing import CliRunner

from rhobar.cli.main import app
from rhobar.nn.architectures.table import ARCHITECTURES


def test_one_line_for_each_architecture() -> None:
    done = CliRunner().invoke(app, ["models"])
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert [line.split()[0] for line in lines] == list(ARCHITECTURES)
    for line, row in zip(lines, ARCHITECTURES.values(), strict=True):
        assert line.split()[1] == f"{row.num_parameters:,}"
        assert row.paper in line and line.endswith(row.summary)
    assert len({line.rindex(row.summary) for line, row in zip(lines, ARCHITECTURES.values(), strict=True)}) == 1


@pytest.mark.parametrize("name", ["gpt2", "densenet169"])
def test_the_page_of_one(name: str) -> None:
    done = CliRunner().invoke(app, ["models", name])
    assert done.exit_code == 0
    assert f"{ARCHITECTURES[name].num_parameters:,}" in done.output and "Args:" in done.output


def test_an_unknown_name_is_refused() -> None:
    done = CliRunner().invoke(app, ["models", "resnet19"])
    assert done.exit_code == 2
    assert "'resnet19'" in done.output and str(len(ARCHITECTURES)) in done.output
