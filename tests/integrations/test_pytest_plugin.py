"""``pytest --rhobar`` fails the tests that train a sick model, and them alone; without it nothing is watched."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.integrations.page import SETUP, parts

ROOT = Path(__file__).resolve().parents[2]
TESTS = """
import pytest


def train(*more):
    net = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 3), *more)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for epoch in range(10):
        for inputs, targets in batches:
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(inputs), targets).backward()
            optimizer.step()


@pytest.fixture
def trained():
    train(nn.Softmax(1))


def test_without_training():
    assert 1 + 1 == 2


def test_a_healthy_training():
    train()


def test_a_sick_training():
    train(nn.Softmax(1))


def test_a_sick_fixture(trained):
    pass


@pytest.mark.rhobar_mute("double-softmax")
def test_muted():
    train(nn.Softmax(1))


@pytest.mark.rhobar_mute
def test_all_muted():
    train(nn.Softmax(1))


@pytest.mark.rhobar_mute("no-such-finding")
def test_an_unknown_id():
    train(nn.Softmax(1))


def test_that_fails_of_itself():
    train(nn.Softmax(1))
    raise KeyError("own")
"""


def pytest_in(folder: Path, *options: str, path: tuple[Path, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run pytest on a folder in a process of its own: torch cannot be imported twice in one."""
    paths = os.pathsep.join(map(str, (*path, ROOT / "src")))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:rhobar", "-p", "no:cacheprovider", *options]
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=500)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest --rhobar says of the tests above and of those on the page, as they stand and mended."""
    folder = tmp_path_factory.mktemp("project")
    setup, page = "\n".join(parts(SETUP)), "\n".join(parts("pytest"))
    (folder / "test_own.py").write_text(setup + TESTS)
    (folder / "test_page.py").write_text(f"{setup}\n{page}")
    (folder / "test_mended.py").write_text(f"{setup}\n{page.replace(', nn.Softmax(1)', '')}")
    run = pytest_in(folder, "-p", "rhobar.integrations.pytest_plugin", "--rhobar", "--strict-markers", "-rA")
    assert run.returncode == 1, run.stdout + run.stderr
    return run.stdout


def test_sick_tests_fail_and_they_alone(told: str) -> None:
    found = {name: outcome for outcome, name in re.findall(r"^(PASSED|FAILED|ERROR) (\S+)", told, re.MULTILINE)}
    passed = ["without_training", "a_healthy_training", "muted", "all_muted"]
    failed = ["a_sick_training", "that_fails_of_itself"]
    errors = ["a_sick_fixture", "an_unknown_id"]
    assert found == {
        **{f"test_own.py::test_{name}": "PASSED" for name in passed},
        **{f"test_own.py::test_{name}": "FAILED" for name in failed},
        **{f"test_own.py::test_{name}": "ERROR" for name in errors},
        **{f"test_page.py::test_my_{name}": "FAILED" for name in ("model_at_rest", "training")},
        **{f"test_mended.py::test_my_{name}": "PASSED" for name in ("model_at_rest", "training")},
    }


def test_the_cause_is_named_where_it_is_the_reason(told: str) -> None:
    sections = dict(
        re.findall(r"^__+ (?:ERROR at setup of )?(test_\w+) _+\n(.*?)(?=^__+ |^=+ )", told, re.MULTILINE | re.DOTALL)
    )
    named = {
        name for name, text in sections.items() if "Sequential is not healthy:" in text and "double-softmax: " in text
    }
    assert named == {"test_a_sick_training", "test_a_sick_fixture", "test_my_model_at_rest", "test_my_training"}
    assert "KeyError: 'own'" in sections["test_that_fails_of_itself"]
    assert "mute must name findings" in sections["test_an_unknown_id"]


def test_installed_it_is_inert_and_imports_no_torch(tmp_path: Path) -> None:
    """As the entry point of a package that is installed: found by pytest, and asleep."""
    plugins = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"][
        "pytest11"
    ]
    info = tmp_path / "site" / "stand_in-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stand-in\nVersion: 0\n")
    lines = "\n".join(f"stand_in = {value}" for value in plugins.values())
    (info / "entry_points.txt").write_text(f"[pytest11]\n{lines}\n")
    (tmp_path / "test_inert.py").write_text(
        "import sys\n\ndef test_inert(pytestconfig):\n"
        "    manager = pytestconfig.pluginmanager\n"
        "    assert manager.has_plugin('stand_in') and not manager.has_plugin('rhobar-watched-tests')\n"
        "    assert 'rhobar.integrations.pytest_plugin' in sys.modules and 'torch' not in sys.modules\n"
    )
    run = pytest_in(tmp_path, path=(tmp_path / "site",))
    assert run.returncode == 0, run.stdout + run.stderr


def test_rhobar_s_own_tests_run_without_it() -> None:
    """It would import rhobar before jaxtyping's hook is there, which refuses to start then."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (name,) = project["project"]["entry-points"]["pytest11"]
    options = project["tool"]["pytest"]["ini_options"]["addopts"]
    assert options[options.index("-p") + 1] == f"no:{name}"
