"""Averages of the weights along a training, kept by `fit`."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import AveragedModel, update_bn

from rhobar.optim import ema, swa
from rhobar.train.batches import Batches
from rhobar.train.objective import is_pair

__all__ = ["Average"]


class Average:
    """The average that takes the place of the model's weights at the end.

    EMA follows every step. SWA takes the plain mean over the ends of the last epochs, and then the statistics of batch
    norm are taken anew over the training data, since the mean of the weights has statistics of its own.

    Args:
        model: The network in training.
        decay: Of the EMA; None for SWA.
        begin: For SWA: the first epoch, from 1, that counts.
    """

    def __init__(self, model: nn.Module, *, decay: float | None, begin: int = 1) -> None:
        self.each_step = decay is not None
        self.begin = begin
        self.averaged: AveragedModel = swa(model) if decay is None else ema(model, decay=decay)

    @classmethod
    def wanted(cls, model: nn.Module, ema: float | None, swa: float | None, epochs: int) -> "Average | None":
        """Return the average that the options of `fit` ask for, if any."""
        if ema is None and swa is None:
            return None
        begin = 1 if swa is None else min(epochs, math.floor((1 - swa) * epochs) + 1)
        return cls(model, decay=ema, begin=begin)

    def after_step(self, model: nn.Module) -> None:
        """Take a step into the EMA."""
        if self.each_step:
            self.averaged.update_parameters(model)

    def after_epoch(self, model: nn.Module, epoch: int, batches: Iterable[Any]) -> None:
        """Take an epoch into the SWA and refresh batch norm."""
        if self.each_step or epoch < self.begin:
            return
        self.averaged.update_parameters(model)
        if any(isinstance(module, _BatchNorm) for module in self.averaged.modules()):
            update_bn(_inputs(batches), self.averaged)

    def judged(self, model: nn.Module) -> nn.Module:
        """Return what the validation judges: the average once there is one, the model before."""
        started = int(self.averaged.n_averaged) > 0
        module: nn.Module = self.averaged.module if started else model
        return module

    @torch.no_grad()
    def give_to(self, model: nn.Module) -> None:
        """Put the average into the model."""
        if int(self.averaged.n_averaged) > 0:
            model.load_state_dict(self.averaged.module.state_dict())


def _inputs(batches: Iterable[Any]) -> Iterator[Any]:
    """What the model is called with, in an order that draws no random numbers where the data allow it."""
    for batch in batches.ordered(None) if isinstance(batches, Batches) else batches:
        yield batch[0] if is_pair(batch) else batch
