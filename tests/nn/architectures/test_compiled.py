"""`torch.compile` and `torch.export` give the outputs of the plain model."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from tests.nn.architectures.rows import ROWS

from rhobar.nn.architectures.architecture import Architecture

SCRIPT = Path(__file__).with_name("compiled.py")


@cache
def apart(backend: str) -> dict[str, dict[str, float | str]]:
    """Of all architectures, from one process without import hooks: the compiler cannot trace the shape checks."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), backend],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("way", ["compile", "export"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_traced_models_answer_alike(row: Architecture, way: str) -> None:
    difference = apart("eager")[row.name][way]
    assert isinstance(difference, float) and difference < 1e-10, difference


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_compiled_models_answer_alike(row: Architecture) -> None:
    difference = apart("inductor")[row.name]["compile"]
    assert isinstance(difference, float) and difference < 1e-10, difference
