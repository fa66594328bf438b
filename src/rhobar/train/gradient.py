"""One gradient: forward and backward over the batches of a step, averaged by samples, with penalty and clipping."""

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim.optimizer import Optimizer

from rhobar.train.fused import lay_out_
from rhobar.train.mixup import Mixture, draw_mixture, mixed_cost
from rhobar.train.objective import Objective, answer, is_pair, on_device
from rhobar.train.penalty import add_penalty_, penalty
from rhobar.train.ranks import Ranks
from rhobar.train.source import Piece

__all__ = ["Gradient", "clip_norm_", "clip_value_"]


def clip_norm_(params: Iterable[Tensor], largest: float) -> Tensor:
    """Scale the whole gradient down so that its norm is at most `largest`, g ← g min(1, c/‖g‖); return ‖g‖ before.

    The direction stays. A norm that is not finite is returned as it is, and the gradient becomes not finite with it.

    Reference: Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent neural networks, algorithm 1.
    Textbook: C-§10.2.1b

    Example:
        >>> p = torch.nn.Parameter(torch.zeros(2))
        >>> p.grad = torch.tensor([3.0, 4.0])
        >>> clip_norm_([p], 1.0).item(), round(p.grad.norm().item(), 5)
        (5.0, 1.0)
    """
    live = [p for p in params if p.grad is not None]
    norm = get_total_norm([p.grad for p in live if p.grad is not None])
    if hasattr(norm, "full_tensor"):  # sharded parameters: the norm over all processes
        norm = norm.full_tensor()
    clip_grads_with_norm_(live, largest, norm)
    return norm


@torch.no_grad()
def clip_value_(params: Iterable[Tensor], largest: float) -> None:
    """Cut every component of the gradient to [−c, c]; the direction changes.

    Example:
        >>> p = torch.nn.Parameter(torch.zeros(2))
        >>> p.grad = torch.tensor([3.0, -0.5])
        >>> clip_value_([p], 1.0)
        >>> p.grad.tolist()
        [1.0, -0.5]
    """
    grads = [p.grad for p in params if p.grad is not None]
    if grads:
        torch._foreach_clamp_min_(grads, -largest)
        torch._foreach_clamp_max_(grads, largest)


@dataclass
class Gradient:
    """Computes the gradient of a step into ``.grad``.

        g = Σ_i (n_i/N) ∇L_i + ∇penalty,  then cut by value, then by norm

    over the batches i of the step, of n_i rows each and N together, on all processes: a loss that is a mean over rows
    gives the gradient of one large batch.

    Attributes:
        run: What is called forward: the model, compiled or wrapped for many processes.
        sync: Switches the averaging over processes on or off for the next backward pass.
    """

    run: nn.Module
    loss: Objective
    optimizer: Optimizer
    ranks: Ranks
    device: torch.device
    penalized: list[nn.Parameter]
    l1: float = 0.0
    l2: float = 0.0
    clip_norm: float | None = None
    clip_value: float | None = None
    mixup: float = 0.0
    amp: bool = False
    sync: Callable[[bool], None] | None = None
    norm: Tensor | None = None

    def draw(self, pieces: list[Piece]) -> list[Mixture | None]:
        """Draw how each batch is mixed, once a step, so that a closure called twice sees the same loss."""
        return [draw_mixture(max(piece.rows, 1), self.mixup) if self.mixup else None for piece in pieces]

    def forward(self, piece: Piece, mixture: Mixture | None) -> tuple[Tensor, Any]:
        """Return the loss of one batch with its graph, and the outputs where there are targets."""
        batch = on_device(piece.batch, self.device)
        with torch.autocast(self.device.type, torch.bfloat16) if self.amp else contextlib.nullcontext():
            if mixture is not None:
                return mixed_cost(self.run, self.loss, batch, mixture), None
            if is_pair(batch):
                outputs = answer(self.run, batch[0])
                return _scalar(self.loss(outputs, batch[1])), outputs
            return _scalar(self.loss(self.run, batch)), None

    def backward(self, pieces: list[Piece], mixtures: list[Mixture | None]) -> Tensor:
        """Compute the gradient of a step and return its loss, the same on all processes."""
        self.optimizer.zero_grad()
        if len(pieces) == 1 and not self.ranks.many:
            loss, _ = self.forward(pieces[0], mixtures[0])
            loss.backward()
            value = loss.detach()
        else:
            value = self._average(pieces, mixtures)
        self._finish()
        return value

    def _average(self, pieces: list[Piece], mixtures: list[Mixture | None]) -> Tensor:
        total = sum(piece.total for piece in pieces)
        value = torch.zeros((), device=self.device)
        for i, (piece, mixture) in enumerate(zip(pieces, mixtures, strict=True)):
            if self.sync is not None:
                self.sync(i == len(pieces) - 1)
            loss, _ = self.forward(piece, mixture)
            share = piece.rows / total
            # The processes' gradients are averaged, not summed: hence the factor.
            (loss * (share * self.ranks.world)).backward()
            value = value + loss.detach() * share
        return self.ranks.sum(value)

    def _finish(self) -> None:
        params = [p for group in self.optimizer.param_groups for p in group["params"]]
        if self.l1 or self.l2:
            add_penalty_(self.penalized, l1=self.l1, l2=self.l2)
        if self.clip_value is not None:
            clip_value_(params, self.clip_value)
        if self.clip_norm is not None:
            self.norm = clip_norm_(params, self.clip_norm)
        if self.optimizer.param_groups[0].get("fused"):
            lay_out_(params)

    def penalized_loss(self, pieces: list[Piece], mixtures: list[Mixture | None]) -> Tensor:
        """Compute the gradient and return what it is the gradient of, for a line search."""
        value = self.backward(pieces, mixtures)
        if not (self.l1 or self.l2):
            return value
        with torch.no_grad():
            return value + penalty(self.penalized, l1=self.l1, l2=self.l2)

    def graph(self, pieces: list[Piece], mixtures: list[Mixture | None]) -> tuple[Tensor, Any]:
        """Return the loss of a step with its graph, and the outputs of its last batch."""
        total = sum(piece.total for piece in pieces)
        self.optimizer.zero_grad()
        loss, outputs = torch.zeros((), device=self.device), None
        for piece, mixture in zip(pieces, mixtures, strict=True):
            value, outputs = self.forward(piece, mixture)
            loss = loss + value * (piece.rows / total)
        if self.l1 or self.l2:
            loss = loss + penalty(self.penalized, l1=self.l1, l2=self.l2)
        return loss, outputs


def _scalar(loss: Any) -> Tensor:  # noqa: ANN401
    """Refuse what cannot be differentiated.

    Raises:
        TypeError: If the loss is not one number in a tensor.
    """
    if not isinstance(loss, Tensor) or loss.numel() != 1:
        got = f"a tensor of shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
        raise TypeError(f"the loss must return one number in a tensor, got {got}; take the mean over the batch.")
    return loss.reshape(())
