"""``rhobar probe``: what is printed, written and answered."""

import json
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from rhobar.cli.main import app
from rhobar.probes.survey import PROBES

FILE = """
import torch
from torch import nn

def make():
    torch.manual_seed(0)
    x = torch.randn(40, 4)
    return nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)), nn.CrossEntropyLoss(), [(x, x[:, :3].argmax(1))]

def model():
    return make()[0]

def data():
    return make()[2]

def both():
    return make()[1:]

def number():
    return 3

def broken():
    raise KeyError("no such thing")

value = 4
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "a_net.py").write_text(FILE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args, columns=80):
    return CliRunner(env={"COLUMNS": str(columns)}).invoke(app, ["probe", *args])


@pytest.mark.parametrize("columns", [80, 160])
def test_tables_fit_the_terminal(here, columns):
    done = run("a_net.py:make", "--what", "noise,statistics,geometry", "--out", "o", columns=columns)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert max(len(line) for line in lines if "Page:" not in line) <= columns
    for words in ("noise scale", "Layers", "effective rank", "±"):
        assert words in done.stdout
    assert not any("…" in line for line in lines if "effective rank" in line)


def test_page_and_json(here):
    done = run("a_net.py:make", "--what", "noise, dynamics", "--out", "o", "--json", "x/n.json", "--quiet")
    assert done.exit_code == 1 and done.stdout == ""  # dynamics was asked for by name
    page = (here / "o/probes.html").read_text(encoding="utf-8")
    assert "1 of 2 probes measured it" in page and "<svg" in page and "Not measured" in page
    assert not re.findall(r"(?:src|href)=\"(?!#)", page) and "http" not in re.sub(r"http-equiv", "", page)
    plain = json.loads((here / "x/n.json").read_text(encoding="utf-8"))
    assert plain == json.loads((here / "o/probes.json").read_text(encoding="utf-8"))
    assert [p["name"] for p in plain["probes"]] == ["noise", "dynamics"]
    assert plain["probes"][0]["reading"]["tables"][0]["rows"] and "nn.RNN" in plain["probes"][1]["reason"]


@pytest.mark.parametrize("data", ["a_net.py:data", "a_net.py:both"])
def test_a_model_alone_with_data(here, data):
    assert run("a_net.py:model", "--data", data, "--what", "noise", "--out", "o").exit_code == 0


def test_a_module_by_name(here):
    assert run("a_net:make", "--what", "weights", "--out", "o", "--quiet").exit_code == 0


WRONG = {
    "unknown probe": (["a_net.py:make", "--what", "hesian"], "did you mean 'hessian'"),
    "no factory": ([], "Name a factory"),
    "no colon": (["a_net.py"], "MODULE:FACTORY"),
    "no file": (["b.py:make"], "There is no file b.py"),
    "no module": (["no_such_module_x:make"], "could not be imported"),
    "no name": (["a_net.py:mke"], "it offers"),
    "not callable": (["a_net.py:value"], "must be a function"),
    "not a model": (["a_net.py:number"], "must return a torch.nn.Module first, got int"),
    "model alone": (["a_net.py:model"], "give its data by --data"),
    "raises": (["a_net.py:broken"], "raised KeyError"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_understood(here, name):
    args, words = WRONG[name]
    done = run(*args)
    assert done.exit_code == 2 and words in done.stderr and done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1


def test_list():
    done = run("--list")
    assert done.exit_code == 0 and [line.split()[0] for line in done.stdout.splitlines()] == list(PROBES)
    assert all(len(line) <= 110 for line in done.stdout.splitlines())


def test_the_list_needs_no_torch_at_start():
    code = "import sys, rhobar.cli.main, rhobar.cli.probe; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
