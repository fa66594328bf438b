"""The loss as a function of the parameters alone, averaged over samples.

Batch norm: by default statistics are those of the mode that the model is in. In train mode each batch is normalised
by itself and running statistics are left as they were. In eval mode running statistics belong to the model's own
parameters; at others they are wrong, and make barriers that are not there (Izmailov et al. 2018, section 3.3):
`reestimate` puts every module of batch norm through the batches first, as a cumulative average, at each point.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rhobar.probes.curvature.forward import loss_of
from rhobar.probes.curvature.per_sample import sample_losses
from rhobar.probes.curvature.risk import Batch, Loss, num_samples
from rhobar.probes.representations import inputs_of
from rhobar.probes.restoring import restored
from rhobar.probes.second_order import eager

__all__ = ["Level", "Surface"]

_NORMS = nn.modules.batchnorm._BatchNorm


@dataclass(frozen=True)
class Level:
    """The loss at one point.

    Attributes:
        value: Mean over the samples.
        stderr: Its standard error over the samples; NaN where the loss has no terms of single samples.
        terms: The samples' losses, if there are such.
    """

    value: float
    stderr: float
    terms: Tensor | None = None


class Surface:
    """θ ↦ L(θ), for parameters given by name.

    Args:
        model: Any module; it is left as it was.
        loss: `loss(model(inputs), targets)`, or `loss(model, batch)`; a mean over samples.
        batches: Kept in a list.
        reestimate: Whether to estimate the statistics of batch norm anew at each point.

    Raises:
        ValueError: If there is no batch, or no trainable parameter.
    """

    def __init__(self, model: nn.Module, loss: Loss, batches: Iterable[Batch], *, reestimate: bool = False) -> None:
        self.model, self.loss, self.batches = eager(model), loss, list(batches)
        if not self.batches:
            raise ValueError("batches must hold at least one batch, got none; pass a list such as [(inputs, targets)].")
        self.params = {name: p for name, p in self.model.named_parameters() if p.requires_grad}
        if not self.params:
            raise ValueError("The model must have trainable parameters, and has none; unfreeze those that are meant.")
        self.counts = [num_samples(batch) for batch in self.batches]
        self.has_norm = any(isinstance(m, _NORMS) and m.track_running_stats for m in self.model.modules())
        self.reestimate = reestimate and self.has_norm

    def start(self) -> dict[str, Tensor]:
        """Return copies of the parameters."""
        return {name: p.detach().clone() for name, p in self.params.items()}

    def at(self, point: dict[str, Tensor]) -> Level:
        """Return the loss at a point."""
        own = self.start()
        try:
            with restored(self.model), torch.no_grad():  # the same random numbers at every point
                self._place(point)
                if self.reestimate:
                    self._estimate()
                return self._level()
        finally:
            self._place(own)

    def gradient(self, point: dict[str, Tensor]) -> tuple[float, dict[str, Tensor]]:
        """Return the loss and its gradient at a point, summed over batches by their samples."""
        own = self.start()
        total, value = {name: torch.zeros_like(p) for name, p in own.items()}, 0.0
        try:
            with restored(self.model), torch.inference_mode(False), torch.enable_grad():
                self._place(point)
                names, params = list(self.params), list(self.params.values())
                for count, batch in zip(self.counts, self.batches, strict=True):
                    share = count / sum(self.counts)
                    level = loss_of(self.model, self.loss, batch)
                    found = torch.autograd.grad(level, params, allow_unused=True)
                    value += share * level.item()
                    for name, g in zip(names, found, strict=True):
                        if g is not None:
                            total[name] += share * g
        finally:
            self._place(own)
        return value, total

    def _place(self, point: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, p in self.params.items():
                p.copy_(point[name])

    def _estimate(self) -> None:
        """Run the batches in train mode of batch norm alone, averaging statistics over all of them alike."""
        norms = [m for m in self.model.modules() if isinstance(m, _NORMS) and m.track_running_stats]
        modes, momenta = [m.training for m in norms], [m.momentum for m in norms]
        for m in norms:
            m.reset_running_stats()
            m.momentum = None
            m.train()
        try:
            for batch in self.batches:
                x, _ = inputs_of(batch)
                self.model(**x) if isinstance(x, dict) else self.model(*x) if isinstance(x, tuple) else self.model(x)
        finally:
            for m, mode, momentum in zip(norms, modes, momenta, strict=True):
                m.training, m.momentum = mode, momentum

    def _level(self) -> Level:
        terms: list[Tensor] = []
        value = 0.0
        for count, batch in zip(self.counts, self.batches, strict=True):
            try:
                x, y = inputs_of(batch)
                output = self.model(*x) if isinstance(x, tuple) else self.model(x)
                terms.append(sample_losses(self.loss, output, y, count).detach().double())
                value += terms[-1].sum().item() / sum(self.counts)
            except (ValueError, TypeError, RuntimeError):  # a loss without terms of single samples
                value += count / sum(self.counts) * loss_of(self.model, self.loss, batch).item()
        each = torch.cat(terms) if len(terms) == len(self.batches) else None
        known = each is not None and each.numel() > 1
        stderr = (each.std() / each.numel() ** 0.5).item() if each is not None and known else float("nan")
        return Level(value, stderr, each)
