"""pytest: ``--rhobar`` fails tests that train a sick model, and the fixture `healthy` holds a model to it.

Without the option nothing is watched, and torch is imported only by those who use the fixture.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from rhobar.watch.importing import when_imported

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim.optimizer import Optimizer

    from rhobar.diagnose.live import Run

__all__ = ["Healthy", "healthy"]


class Healthy:
    """What the fixture `healthy` is: call it on a model at rest, or train inside ``healthy.training()``."""

    def __call__(
        self,
        model: "nn.Module",
        loss: "Callable[..., Tensor]",
        batch: Any,  # noqa: ANN401
        optimizer: "Optimizer | None" = None,
    ) -> None:
        """Fail the test if the model is sick; `rhobar.assert_healthy`."""
        from rhobar.diagnose.exam import assert_healthy

        assert_healthy(model, loss, batch, optimizer)

    @contextmanager
    def training(self, model: "nn.Module | None" = None) -> "Iterator[Run]":
        """Fail the test if the training in the body is sick: that of `model`, or any.

        Raises:
            AssertionError: If there is a cause or a symptom; the message names it, its numbers and its remedy.
        """
        with (run := _begin(model)):
            yield run
        if sick := _complaint(run):
            raise AssertionError(sick)


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
    cancel = when_imported("torch", lambda: runs.append(_begin()))
    try:
        result = yield
    finally:
        cancel()
        for run in runs:
            run.stop()
    for run in runs:
        if sick := _complaint(run, *(i for mark in marks for i in mark.args)):
            pytest.fail(sick, pytrace=False)
    return result


def _begin(model: "nn.Module | None" = None) -> "Run":
    from rhobar.diagnose.live import watch

    run = watch(model)
    run.start()
    return run


def _complaint(run: "Run", *mute: str) -> str:
    from rhobar.diagnose.exam import complaint
    from rhobar.diagnose.ranking import diagnose_record

    names = " + ".join(dict.fromkeys(training.name for training in run.record.trainings))
    return complaint(names, diagnose_record(run.record, mute=frozenset(mute)))
