"""Forward passes waiting for their fate: one that a backward pass follows is training, the others are evaluation."""

import weakref
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from rhobar.watch.hooks import LossCall
from rhobar.watch.row_losses import Rows
from rhobar.watch.sites import Place

__all__ = ["Forward", "ScoredLoss", "address", "first_tensor", "has_values", "tensors_in"]


@dataclass(frozen=True)
class ScoredLoss:
    """A loss of an evaluation pass: its kind, its mean value, the shape of one prediction it judged, and each row's."""

    kind: str
    value: float
    shape: tuple[int, ...] = ()
    rows: Rows | None = None


@dataclass(slots=True)
class Forward:
    """One call of a model."""

    model: "weakref.ref[nn.Module]"
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    output: Any
    training: bool
    recorded: bool
    """Whether gradients were recorded."""
    path: tuple[Place, ...] = ()
    dropout: float = 0.0
    """Largest rate of a dropout that was active in it."""
    calls: list[tuple[str, LossCall]] = field(default_factory=list)
    feeds_model: bool = False
    """Whether its output went into another model (a generator's samples, a teacher's features)."""
    num_rows: int | None = None
    """Samples in it, once they have been counted."""
    losses: list["ScoredLoss"] = field(default_factory=list)
    """Losses of an evaluation pass, read when they were called."""
    hits: float | None = None
    """Share of right answers, where labels were seen."""
    sample: Tensor | None = None
    """A few rows of its input, taken before the input was let go of."""
    ends_look: bool = False
    """Whether the next pass from its place had more rows: it may have been the last of a look at a set."""

    @property
    def source(self) -> str:
        """The place in the program that it was called from, as line numbers."""
        return "/".join(str(line) for _, line, _ in self.path[:4])

    def scored(self, kind: str, shape: tuple[int, ...] = ()) -> tuple[float, Rows | None] | None:
        """The loss that was trained on, and its rows, if it was called for this pass; else the sum of all that were.

        Args:
            kind: Kind of the trained loss.
            shape: Shape of one of its predictions, which tells two losses of one kind apart.
        """
        same = [loss for loss in self.losses if loss.kind == kind or f"soft_{loss.kind}" == kind]
        alike = [loss for loss in same if loss.shape == shape]
        if same:
            first = (alike or same)[0]
            return first.value, first.rows
        return (sum(loss.value for loss in self.losses), None) if self.losses else None

    @property
    def given_history(self) -> bool:
        """Whether its output got a gradient history after it returned, as a reentrant checkpoint gives it."""
        return self.output is not None and any(t.grad_fn is not None for t in tensors_in(self.output)[:4])

    @property
    def rows(self) -> int:
        """Samples in it."""
        if self.num_rows is not None:
            return self.num_rows
        x = first_tensor(self.args, self.kwargs)
        self.num_rows = int(x.shape[0]) if x is not None and x.ndim else 1
        return self.num_rows


def tensors_in(value: Any, *, depth: int = 4) -> list[Tensor]:  # noqa: ANN401
    """All tensors inside tuples, lists, dicts, dataclasses and simple objects."""
    if isinstance(value, Tensor):
        return [value]
    if depth == 0 or value is None or isinstance(value, str | bytes | int | float):
        return []
    if isinstance(value, dict):
        items = list(value.values())
    elif isinstance(value, list | tuple):
        items = list(value)
    elif hasattr(value, "__dict__"):
        items = list(vars(value).values())
    else:
        return []
    return [t for item in items[:64] for t in tensors_in(item, depth=depth - 1)]


def address(x: Tensor) -> int:
    """Where the tensor's values lie; an own number for tensors without storage (sparse, nested, empty)."""
    if not has_values(x) or x.layout != torch.strided or x.is_nested:
        return -id(x)
    return x.data_ptr() or -id(x)


def has_values(x: object) -> bool:
    """Whether x is a tensor that holds numbers: no shape alone, as on the meta device or under a fake mode."""
    return (
        isinstance(x, Tensor) and x.device.type != "meta" and type(x).__name__ not in ("FakeTensor", "FunctionalTensor")
    )


def first_tensor(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor | None:
    """The input of a model: its first floating-point tensor argument, else its first tensor."""
    if args and isinstance(x := args[0], Tensor) and x.is_floating_point() and x.ndim and not x.is_nested:
        return x
    found = tensors_in([*args, *kwargs.values()])
    found = [t for t in found if not t.is_nested]
    floats = [t for t in found if t.is_floating_point() and t.ndim > 0]
    rest = [t for t in found if t.ndim > 0 and t.dtype != torch.bool]
    return next(iter(floats or rest), None)
