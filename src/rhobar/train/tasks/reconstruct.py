"""Variational reconstruction: a code for each sample, close to its prior."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from rhobar.nn.losses import negative_elbo
from rhobar.train.batches import Batches
from rhobar.train.tasks.task import Task

__all__ = ["Reconstruct"]


class Reconstruct(Task):
    """−ELBO in nats a sample, also the judgement: an upper bound of −log p(x).

    In evaluation z is drawn as in training, by a fixed seed: at z = μ the number would be no bound.

    Textbook: C87, C-§8.2
    """

    losses: ClassVar[tuple[str, ...]] = ("negative-elbo",)

    def loss(self, first: nn.Module, second: Tensor) -> Tensor:
        """Return −ELBO of a model on a batch of images in [0, 1]."""
        x = second.flatten(1)
        if first.training:
            logits, mean, log_variance = first(x)
            return negative_elbo(logits, mean, log_variance, x)
        model: Any = first
        mean, log_variance = model.encode(x)
        noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(0)).to(mean)
        return negative_elbo(model.decode(mean + (log_variance / 2).exp() * noise), mean, log_variance, x)

    def batches(self, size: int) -> Batches:
        """Return the images alone."""
        return Batches(self.data.train[0], size=size)

    def held_out(self, part: tuple[Tensor, ...]) -> Batches:
        """Return the images alone, in order."""
        return Batches(part[0], size=len(part[0]), shuffle=False)
