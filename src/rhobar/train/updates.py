"""How each kind of optimizer is asked for its step: most take gradients, some take a closure."""

import inspect
from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.optim.optimizer import Optimizer

from rhobar.optim import SAM, NaturalGradient, NewtonCG
from rhobar.optim.wrapper import Wrapper
from rhobar.train.gradient import Gradient
from rhobar.train.source import Piece

__all__ = ["Update", "update_for"]

Update = Callable[[Gradient, list[Piece]], Tensor]
"""Takes one step on the batches and returns their loss before it."""


def update_for(optimizer: Optimizer) -> Update:
    """Return how to step an optimizer.

    Gradient first, for all that need no closure. A closure with backward for those that evaluate the loss again
    (`SAM`, L-BFGS and everything whose closure is not optional). A closure that returns the graph for those that
    differentiate twice (`NewtonCG`, `NaturalGradient`).
    """
    inner = optimizer
    while isinstance(inner, Wrapper) and not isinstance(inner, SAM):
        inner = inner.base
    if isinstance(inner, NewtonCG):
        return _graph
    if isinstance(inner, NaturalGradient):
        return _graph_and_outputs
    closure = inspect.signature(inner.step).parameters.get("closure")
    if isinstance(inner, SAM) or (closure is not None and closure.default is inspect.Parameter.empty):
        return _closure
    return _gradient


def _gradient(gradient: Gradient, pieces: list[Piece]) -> Tensor:
    loss = gradient.backward(pieces, gradient.draw(pieces))
    gradient.optimizer.step()
    return loss


def _closure(gradient: Gradient, pieces: list[Piece]) -> Tensor:
    mixtures = gradient.draw(pieces)
    optimizer: Any = gradient.optimizer
    return _tensor(optimizer.step(lambda: gradient.penalized_loss(pieces, mixtures)))


def _graph(gradient: Gradient, pieces: list[Piece]) -> Tensor:
    mixtures = gradient.draw(pieces)
    optimizer: Any = gradient.optimizer
    return _tensor(optimizer.step(lambda: gradient.graph(pieces, mixtures)[0]))


def _graph_and_outputs(gradient: Gradient, pieces: list[Piece]) -> Tensor:
    """Refuse what has no single output.

    Raises:
        ValueError: If the step has several batches or mixes them.
    """
    if len(pieces) > 1 or gradient.mixup:
        raise ValueError(
            "NaturalGradient needs the outputs of one batch with its targets: use accumulate=1 and mixup=0."
        )
    optimizer: Any = gradient.optimizer
    return _tensor(optimizer.step(lambda: gradient.graph(pieces, [None])))


def _tensor(loss: Any) -> Tensor:  # noqa: ANN401
    """Return the loss that a closure's optimizer hands back."""
    return loss.detach() if isinstance(loss, Tensor) else Tensor([float(loss)]).reshape(())
