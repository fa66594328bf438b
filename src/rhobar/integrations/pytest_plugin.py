"""pytest: ``--rhobar`` fails tests that train a sick model, and the fixture `healthy` holds a model to it.

Without the option nothing is watched, and torch is imported only by those who use the fixture.
"""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from rhobar.integrations.healthy import Healthy, begin, complaint
from rhobar.watch.importing import when_imported

if TYPE_CHECKING:
    from rhobar.diagnose.live import Run

__all__ = ["healthy"]


@pytest.fixture
def healthy() -> Healthy:
    """``healthy(model, loss, batch)`` fails the test if the model is sick; so does ``with healthy.training():``."""
    return Healthy()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.getgroup("rhobar").addoption("--rhobar", action="store_true", help="fail tests that train a sick model")


def pytest_configure(config: pytest.Config) -> None:
    """Add the mark; watch only if that was asked for."""
    config.addinivalue_line("markers", "rhobar_mute(*ids): findings that --rhobar leaves out; without ids, all of them")
    if config.getoption("--rhobar"):
        config.pluginmanager.register(_WatchedTests(), "rhobar-watched-tests")


class _WatchedTests:
    """Watches what a test and its fixtures do, and fails the test if a training in it was sick."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        return (yield from _watched(item))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        return (yield from _watched(item))


def _watched(item: pytest.Item) -> Generator[None, Any, Any]:
    marks = list(item.iter_markers("rhobar_mute"))
    if not all(mark.args for mark in marks):
        return (yield)
    runs: list[Run] = []
    cancel = when_imported("torch", lambda: runs.append(begin()))
    try:
        result = yield
    finally:
        cancel()
        for run in runs:
            run.stop()
    for run in runs:
        if sick := complaint(run, *(i for mark in marks for i in mark.args)):
            pytest.fail(sick, pytrace=False)
    return result
