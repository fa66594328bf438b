"""Whether gradients are cleared between optimizer steps: told from the gradient tensors' identity and version.

`zero_grad()` either drops `.grad` (a new tensor appears) or zeroes it in place (its version grows and it is all zero).
If neither happened between two steps, the second one still holds the gradients of the first.

A loop that cleared them TRUSTED times in a row is looked at one step in EVERY from then on: what it does is written in
its code. One step that was not cleared ends the trust.
"""

import weakref

import torch
from torch import Tensor
from torch.optim.optimizer import Optimizer

from rhobar.watch.moments import local

__all__ = ["Clearing", "HandClearing"]

TRUSTED = 64
EVERY = 32


class Clearing:
    """Follows two parameters of one optimizer from step to step."""

    def __init__(self, optimizer: Optimizer) -> None:
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        self._watched = [weakref.ref(p) for p in (parameters[:1] + parameters[-1:])]
        self._marks: list[tuple[weakref.ref[Tensor], int] | None] = [None] * len(self._watched)
        self.cleared = True
        """Whether nothing more is to be learned before the next step."""
        self._clean = 0
        """Steps in a row whose gradients had been cleared, or were trusted to be."""
        self.uncleared_steps = 0
        self.backwards = 0

    def look(self) -> None:
        """Note whether a gradient of the last step is gone; call before a backward pass and before a step."""
        if self.cleared:
            return
        for i, ref in enumerate(self._watched):
            parameter, mark = ref(), self._marks[i]
            if parameter is None or mark is None:
                continue
            grad: Tensor | None = parameter.grad
            if grad is None or mark[0]() is not grad:
                self.cleared = True
            elif grad._version != mark[1]:
                with torch.no_grad():
                    self.cleared = self.cleared or not bool(local(grad).any())
                self._marks[i] = (mark[0], grad._version)

    def accumulated(self) -> None:
        """A backward pass ended: its additions are no sign of clearing."""
        self.backwards += 1
        if self.cleared:
            return
        for i, ref in enumerate(self._watched):
            parameter, mark = ref(), self._marks[i]
            if parameter is not None and mark is not None and parameter.grad is not None:
                self._marks[i] = (mark[0], parameter.grad._version)

    def rests(self) -> bool:
        """Count a step whose gradients were cleared; whether the next one need not be looked at."""
        self._clean += 1
        return self._clean > TRUSTED and self._clean % EVERY != 0

    def stepped(self) -> None:
        """A step ended: judge it and start over."""
        if self.backwards and not self.cleared and any(m is not None for m in self._marks):
            self.uncleared_steps += 1
            self._clean = 0
        elif self.backwards and self.cleared and self.rests():
            self.backwards = 0
            return
        self.mark()

    def mark(self) -> None:
        """Note the gradients as they stand after a step."""
        self.backwards = 0
        self._marks = [
            (weakref.ref(p.grad), p.grad._version) if (p := ref()) is not None and p.grad is not None else None
            for ref in self._watched
        ]
        self.cleared = all(m is None for m in self._marks)


class HandClearing:
    """The same for a loop that moves the weights itself: between two backward passes they moved, and .grad stayed."""

    def __init__(self) -> None:
        self._marks: list[tuple[weakref.ref[Tensor], weakref.ref[Tensor], int, Tensor]] = []
        self.uncleared_steps = 0

    def look(self) -> None:
        """A backward pass begins: judge the time since the last one."""
        marks, self._marks = self._marks, []
        for parameter, gradient, version, before in marks:
            p, g = parameter(), gradient()
            if p is None or g is None or p.grad is not g or g._version != version:
                return
            if torch.equal(_few(p), before):
                return
        self.uncleared_steps += bool(marks)

    def accumulated(self, parameters: list[Tensor]) -> None:
        """A backward pass ended: note the first and the last parameter that has a gradient."""
        held = [p for p in parameters if p.grad is not None]
        self._marks = [
            (weakref.ref(p), weakref.ref(p.grad), p.grad._version, _few(p))
            for p in held[:1] + held[-1:]
            if p.grad is not None
        ]


def _few(x: Tensor) -> Tensor:
    """Copies of some elements, spread evenly."""
    flat = local(x).detach().reshape(-1)
    return flat[:: max(1, flat.numel() // 16)].clone()
