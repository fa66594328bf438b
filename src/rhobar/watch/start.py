"""How a training began: weights, first batches, optimizer. What it takes to run its first steps again.

Kept only if asked for (`rhobar run --confirm`): a copy of the weights and of up to MAX_BATCHES batches.
"""

import copy
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer

from rhobar.watch.exam_state import KeptBatch, communicates
from rhobar.watch.forwards import Forward

__all__ = ["GroupStart", "Start", "Starts"]

MAX_BATCHES = 64
MAX_ELEMENTS = 1 << 24
"""Elements of the weights, and of all batches, that are kept (64 MB each in float32)."""


@dataclass(frozen=True)
class GroupStart:
    """One parameter group before the first step: its settings, and its parameters by name."""

    settings: dict[str, Any]
    names: tuple[str, ...]


@dataclass
class Start:
    """The beginning of one training.

    Attributes:
        tensors: Parameters and buffers by name, as they were before the first backward pass.
        trainable: Names of the parameters that required a gradient.
        modes: Whether each module, by name, was in train mode.
        batches: The first batches, one a backward pass, without gaps.
        groups: The optimizer's parameter groups; empty before its first step.
        optimizer: The optimizer; its class and structure are copied, its state is not.
        reason: Why the beginning cannot be run again; empty if it can.
    """

    tensors: dict[str, Tensor] = field(default_factory=dict)
    trainable: frozenset[str] = frozenset()
    modes: dict[str, bool] = field(default_factory=dict)
    batches: list[KeptBatch] = field(default_factory=list)
    groups: tuple[GroupStart, ...] = ()
    optimizer: Optimizer | None = None
    reason: str = ""
    closed: bool = False
    """Whether no more batches are kept."""

    @classmethod
    def of(cls, model: nn.Module) -> "Start":
        """Copy the weights and buffers of a model."""
        if communicates(model):
            return cls(reason="the model's passes talk to other ranks", closed=True)
        named = {**dict(model.named_parameters()), **dict(model.named_buffers())}
        if sum(t.numel() for t in named.values()) > MAX_ELEMENTS:
            return cls(reason=f"the model has more than {MAX_ELEMENTS:,} weights", closed=True)
        tensors = {name: t.detach().clone() for name, t in named.items()}
        trainable = frozenset(name for name, p in model.named_parameters() if p.requires_grad)
        return cls(tensors, trainable, {name: module.training for name, module in model.named_modules()})

    def add(self, batch: KeptBatch | None) -> None:
        """Keep one more batch, as long as there is room."""
        if self.closed:
            return
        if batch is None:
            self.closed = True
            if not self.batches:
                self.reason = "the loss is not one functional loss of one model's output"
            return
        self.batches.append(batch)
        self.closed = len(self.batches) >= MAX_BATCHES or sum(b.size for b in self.batches) > MAX_ELEMENTS

    def stepped(self, model: nn.Module, optimizer: Optimizer) -> None:
        """Note the optimizer at its first step."""
        if self.optimizer is optimizer:
            return
        if self.optimizer is not None:
            if not self.closed:
                self.reason, self.closed = "more than one optimizer took steps", True
            return
        names = {id(p): name for name, p in model.named_parameters()}
        self.optimizer = optimizer
        self.groups = tuple(
            GroupStart(
                {key: _plain(value) for key, value in group.items() if key != "params"},
                tuple(names[id(p)] for p in group["params"] if id(p) in names),
            )
            for group in optimizer.param_groups
        )


class Starts:
    """The beginnings of all trainings of a run, by the tracker's identity."""

    def __init__(self) -> None:
        self._known: dict[int, Start] = {}

    def get(self, key: int) -> Start | None:
        """The beginning of the training with this key, if there is one."""
        return self._known.get(key)

    def wants(self, key: int) -> bool:
        """Whether the next batch of the training with this key is to be kept."""
        start = self._known.get(key)
        return start is None or not start.closed

    def see(self, key: int, step: int, forwards: list[Forward], batch: KeptBatch | None) -> None:
        """A loss is about to be differentiated, made by these forward passes of a batch."""
        start = self._known.get(key)
        if start is None:
            model = forwards[0].model() if len(forwards) == 1 else None
            if model is None or step > 0:
                start = Start(reason="not exactly one forward pass of one model made its first loss", closed=True)
            else:
                start = Start.of(model)
            self._known[key] = start
        if not start.closed:
            start.add(batch)

    def stepped(self, key: int, model: nn.Module | None, optimizer: Optimizer) -> None:
        """An optimizer took a step for the training."""
        start = self._known.get(key)
        if start is not None and model is not None:
            start.stepped(model, optimizer)


def _plain(value: Any) -> Any:  # noqa: ANN401
    return value.detach().clone() if isinstance(value, torch.Tensor) else copy.copy(value)
