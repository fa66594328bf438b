"""Contrastive learning: find the other view of the same image among views of others."""

from collections.abc import Iterable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from rhobar.nn.losses import nt_xent
from rhobar.train.batches import Batches
from rhobar.train.tasks.linear_probe import linear_probe
from rhobar.train.tasks.task import EVALUATED, Task
from rhobar.train.tasks.views import random_view

__all__ = ["Contrast"]


class Contrast(Task):
    """NT-Xent of two random views, judged by a linear probe with 10 % of the labels.

    The metric is the probe's accuracy on the features minus that on the pixels, with the same labels.

    Textbook: C85, C-§8.2
    """

    metric: ClassVar[str] = "gain_over_pixels"
    maximize: ClassVar[bool] = True
    losses: ClassVar[tuple[str, ...]] = ("nt-xent",)
    temperature: ClassVar[float] = 0.5
    labelled: ClassVar[float] = 0.1

    def loss(self, first: nn.Module, second: Tensor) -> Tensor:
        """Return the contrastive loss of a model on images; both views go through it at once."""
        views = torch.cat([random_view(second), random_view(second)])
        one, other = first(views).chunk(2)
        return nt_xent(one, other, temperature=self.temperature)

    def batches(self, size: int) -> Iterable[Any]:
        """Return the images alone; a smaller last batch would have an easier task, and is left out."""
        return Batches(self.data.train[0], size=size, drop_last=True)

    def held_out(self, part: tuple[Tensor, ...]) -> Iterable[Any]:
        """Return the images alone."""
        return Batches(part[0], size=EVALUATED, shuffle=False)

    @torch.no_grad()
    def score(self, model: nn.Module) -> dict[str, float]:
        """Return the probe's accuracy with features, with pixels, and the difference."""
        encoder: Any = model.eval()
        labelled = round(self.labelled * len(self.data.train[0]))
        parts = [tuple(t[:labelled] for t in self.data.train), self.data.validation, self.data.test]

        def probe(see: Any) -> float:  # noqa: ANN401
            first, second, third = ((see(x), y) for x, y in parts)
            with torch.enable_grad():
                return linear_probe(first, second, third, self.data.outputs)

        device = next(model.parameters()).device
        features = probe(lambda x: encoder.features(x.to(device)).cpu())
        pixels = probe(lambda x: x.flatten(1))
        return {"gain_over_pixels": features - pixels, "features": features, "pixels": pixels}
