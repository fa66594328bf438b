"""Whether gradients are cleared between optimizer steps: told from the gradient tensors' identity and version.

`zero_grad()` either drops `.grad` (a new tensor appears) or zeroes it in place (its version grows and it is all zero).
If neither happened between two steps, the second one still holds the gradients of the first.
"""

import weakref

import torch
from torch import Tensor
from torch.optim.optimizer import Optimizer

__all__ = ["Clearing", "HandClearing"]


class Clearing:
    """Follows two parameters of one optimizer from step to step."""

    def __init__(self, optimizer: Optimizer) -> None:
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        self._watched = [weakref.ref(p) for p in (parameters[:1] + parameters[-1:])]
        self._marks: list[tuple[weakref.ref[Tensor], int] | None] = [None] * len(self._watched)
        self._cleared = True
        self.uncleared_steps = 0
        self.backwards = 0

    @property
    def settled(self) -> bool:
        """Whether nothing more is to be learned before the next step."""
        return self._cleared

    def look(self) -> None:
        """Note whether a gradient of the last step is gone; call before a backward pass and before a step."""
        if self._cleared:
            return
        for i, ref in enumerate(self._watched):
            parameter, mark = ref(), self._marks[i]
            if parameter is None or mark is None:
                continue
            grad: Tensor | None = parameter.grad
            if grad is None or mark[0]() is not grad:
                self._cleared = True
            elif grad._version != mark[1]:
                with torch.no_grad():
                    self._cleared = self._cleared or not bool(grad.any())
                self._marks[i] = (mark[0], grad._version)

    def accumulated(self) -> None:
        """A backward pass ended: its additions are no sign of clearing."""
        self.backwards += 1
        if self._cleared:
            return
        for i, ref in enumerate(self._watched):
            parameter, mark = ref(), self._marks[i]
            if parameter is not None and mark is not None and parameter.grad is not None:
                self._marks[i] = (mark[0], parameter.grad._version)

    def stepped(self) -> None:
        """A step ended: judge it and start over."""
        if self.backwards and not self._cleared and any(m is not None for m in self._marks):
            self.uncleared_steps += 1
        self.backwards = 0
        self._marks = [
            (weakref.ref(p.grad), p.grad._version) if (p := ref()) is not None and p.grad is not None else None
            for ref in self._watched
        ]
        self._cleared = all(m is None for m in self._marks)


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
    flat = x.detach().reshape(-1)
    return flat[:: max(1, flat.numel() // 16)].clone()
