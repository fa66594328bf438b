"""What a test may hold a model and a training to. Importing this does not import torch; using it does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim.optimizer import Optimizer

    from rhobar.diagnose.live import Run

__all__ = ["Healthy", "begin", "complaint"]


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
        with (run := begin(model)):
            yield run
        if sick := complaint(run):
            raise AssertionError(sick)


def begin(model: "nn.Module | None" = None) -> "Run":
    """Start to watch the training of `model`, or all."""
    from rhobar.diagnose.live import watch

    run = watch(model)
    run.start()
    return run


def complaint(run: "Run", *mute: str) -> str:
    """What is wrong with the trainings of a run, the findings `mute` left out; nothing if they are healthy."""
    from rhobar.diagnose import exam
    from rhobar.diagnose.ranking import diagnose_record

    names = " + ".join(dict.fromkeys(training.name for training in run.record.trainings))
    return exam.complaint(names, diagnose_record(run.record, mute=frozenset(mute)))
