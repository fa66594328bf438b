"""Forecasting: the next numbers of a series from the past ones."""

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from rhobar.train.evaluate import evaluate
from rhobar.train.objective import Objective
from rhobar.train.tasks.task import Task

__all__ = ["Forecast"]

_LOSSES = {"mse": F.mse_loss, "mae": F.l1_loss, "huber": F.smooth_l1_loss}


class Forecast(Task):
    """Squared error, judged by the mean absolute error over that of the seasonal naive forecast.

        MAE / mean |y_t − y_{t−s}|   with the season s; below 1 the model knows more than "as one season ago"

    Reference: Hyndman and Koehler (2006), Another look at measures of forecast accuracy: the scaled error, with the
    naive forecast taken on the same years.
    """

    metric: ClassVar[str] = "relative_error"
    losses: ClassVar[tuple[str, ...]] = tuple(_LOSSES)

    def loss(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the error of a forecast."""
        return _LOSSES[self.loss_name](first, second)

    def naive(self, part: tuple[Tensor, ...]) -> Tensor:
        """Return what the season before says."""
        past, future = part
        return past[:, -self.data.season :, 0][:, : future.shape[1]]

    @property
    def metrics(self) -> Mapping[str, Objective]:
        """Absolute error over the naive one of the validation years."""
        return {"relative_error": self._relative(self.data.validation)}

    def _relative(self, part: tuple[Tensor, ...]) -> Objective:
        naive = (self.naive(part) - part[1]).abs().mean()
        return lambda outputs, targets: (outputs - targets).abs().mean() / naive

    def score(self, model: nn.Module) -> dict[str, float]:
        """Return the error over the naive one, and the mean absolute error in the unit of the source, on the test."""
        metrics = {"relative_error": self._relative(self.data.test), "mae": F.l1_loss}
        result = evaluate(model, self.loss, self.held_out(self.data.test), metrics=metrics)
        return {"relative_error": result["relative_error"], "mae": result["mae"] * self.data.scale}
