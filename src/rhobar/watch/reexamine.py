"""A step in which a NaN or an infinity showed, looked at again: the operation, its module and the rows of the batch.

`torch.autograd.set_detect_anomaly` checks every operation of every step. Here the one batch in trouble is run again on
a copy of the model, whose weights are still those of the step: every operation of that pass is checked, and then every
node of its backward pass. It costs one slow step, and only once a training.

An operation is the origin if what it received was finite and what it gave was not. −∞ that stands in a mask (written
there by `masked_fill` or `where`) is no origin, but the softmax of a row that holds nothing else is one.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from rhobar.watch.exam_state import KeptBatch, communicates, copy_of
from rhobar.watch.forwards import tensors_in
from rhobar.watch.graph import Graph, Node, op_name, saved
from rhobar.watch.naming import Names
from rhobar.watch.operations import find_map
from rhobar.watch.quiet import unheard

__all__ = ["Origin", "bad_rows", "reexamine"]

MAX_PARAMETERS = 20_000_000
MOST_ROWS = 16
_WRITES_INFINITY = ("masked_fill", "where", "fill", "full", "scalar_tensor", "copy", "triu", "tril", "lift_fresh")


@dataclass(frozen=True)
class Origin:
    """Where a non-finite value was born."""

    phase: str
    operation: str
    where: str
    detail: str
    rows: tuple[int, ...] = ()
    num_rows: int | None = None


def reexamine(model: nn.Module, batch: KeptBatch, *, autocast: bool = False) -> Origin | None:
    """Run a batch again on a copy of the model, and find the operation that made the first non-finite value.

    Args:
        model: The model, with the weights that the step had.
        batch: The batch.
        autocast: Whether the step ran in mixed precision.

    Returns:
        The origin; ``None`` if nothing non-finite shows this time (another dropout mask, weights that have moved).
    """
    if communicates(model) or sum(p.numel() for p in model.parameters()) > MAX_PARAMETERS:
        return None
    twin, rows = copy_of(model), batch.rows
    names = Names()
    names.add_model(twin, "")
    with unheard(), torch.enable_grad():
        detective = _Detective(twin, rows)
        device = next((p.device.type for p in twin.parameters()), "cpu")
        with detective, torch.autocast(device, enabled=autocast):
            loss = batch.loss(twin)
        detective.leave()
        found = detective.origin_of(loss)
        if found is not None or not bool(torch.isfinite(loss).all()) or loss.grad_fn is None:
            return found
        return _backward_origin(loss, names, rows)


class _Detective(TorchDispatchMode):
    """Follows non-finite values from operation to operation of a forward pass."""

    def __init__(self, model: nn.Module, rows: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._rows = rows
        self._known: dict[int, tuple[Tensor, Origin | None]] = {}
        self._path: list[str] = []
        self._handles = [
            handle
            for name, module in model.named_modules()
            for handle in (
                module.register_forward_pre_hook(self._enters(name)),
                module.register_forward_hook(self._leaves, always_call=True),
            )
        ]

    def _enters(self, name: str) -> Callable[..., None]:
        return lambda *_: self._path.append(name)

    def _leaves(self, module: nn.Module, args: Any, output: Any) -> None:  # noqa: ANN401
        self._path.pop()

    def leave(self) -> None:
        """Take the hooks away."""
        for handle in self._handles:
            handle.remove()

    def origin_of(self, x: Tensor) -> Origin | None:
        """Where a tensor's non-finite values come from."""
        return self._known[id(x)][1] if id(x) in self._known else None

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401
        kwargs = kwargs or {}
        operands = tensors_in([*args, *kwargs.values()])
        given = [t for t in operands if _bad(t)]
        earlier = [o for t in given if (o := self._known.get(id(t), (t, None))[1]) is not None]
        outside = [t for t in given if id(t) not in self._known and not _mask(t)]
        result = func(*args, **kwargs)
        name = func.overloadpacket.__name__
        for out in tensors_in(result):
            if not _bad(out):
                self._known.pop(id(out), None)
            elif earlier:
                self._known[id(out)] = out, earlier[0]
            elif _mask(out) and (given or name.strip("_").startswith(_WRITES_INFINITY)):
                self._known[id(out)] = out, None
            else:
                fed = _range(t for t in operands if t is not out)
                self._known[id(out)] = out, self._born(name, out, "a value that it was given" if outside else fed)
        return result

    def _born(self, name: str, out: Tensor, detail: str) -> Origin:
        rows, count = bad_rows(~torch.isfinite(out), self._rows)
        phase = "input" if detail.startswith("a value") else "forward"
        return Origin(phase, _camel(name), self._path[-1] if self._path else "", detail, rows, count)


def _backward_origin(loss: Tensor, names: Names, rows: int) -> Origin | None:
    """Differentiate, and find the first node that gives a non-finite gradient for a finite one."""
    graph, found = Graph(loss), list[Origin]()
    where: dict[Node, str] = {}
    place = ""
    for node in graph.nodes:
        layer = find_map(graph, node)
        place = names.layer(layer.weight) if layer is not None else place
        where[node] = place

    def listen(node: Node) -> Callable[..., None]:
        def hook(given: tuple[Tensor | None, ...], received: tuple[Tensor | None, ...]) -> None:
            bad = [g for g in given if isinstance(g, Tensor) and _bad(g)]
            if found or not bad or any(isinstance(g, Tensor) and _bad(g) for g in received):
                return
            at, count = bad_rows(~torch.isfinite(bad[0]), rows)
            kept = [t for n in ("self", "input", "result", "other") if isinstance(t := saved(node, n), Tensor)]
            found.append(Origin("backward", op_name(node), where[node], _range(kept), at, count))

        return hook

    for node in graph.nodes:
        node.register_hook(listen(node))
    leaves = [leaf for leaf in graph.leaves.values() if leaf.requires_grad]
    torch.autograd.grad(loss.sum(), leaves, allow_unused=True)
    return found[0] if found else None


def bad_rows(bad: Tensor, rows: int) -> tuple[tuple[int, ...], int | None]:
    """The rows of a batch in which something is bad (the first MOST_ROWS), and how many they are.

    Args:
        bad: Where it is bad.
        rows: Rows of the batch; nothing is known if this is not the first axis.
    """
    if bad.ndim == 0 or bad.shape[0] != rows or rows < 2:
        return (), None
    found = bad.reshape(rows, -1).any(1).nonzero().flatten().tolist()
    return (() if len(found) == rows else tuple(found[:MOST_ROWS])), len(found)


def _bad(x: Tensor) -> bool:
    if not (x.is_floating_point() or x.is_complex()) or x.numel() == 0 or x.layout != torch.strided or x.is_meta:
        return False
    return not bool(torch.isfinite(x).all())


def _mask(x: Tensor) -> bool:
    """Whether all that is not finite in x is −∞, as in masks."""
    return not bool((torch.isnan(x) | torch.isposinf(x)).any()) if x.is_floating_point() else False


def _range(given: Iterable[Tensor]) -> str:
    for x in given:
        if x.is_floating_point() and x.numel() and x.layout == torch.strided:
            low, high = torch.aminmax(x.detach().float())
            return f"it received values from {float(low):.3g} to {float(high):.3g}"
    return "its inputs were finite where they were kept"


def _camel(name: str) -> str:
    """``_log_softmax`` → ``LogSoftmax``, as autograd calls its nodes."""
    words = "".join(part[:1].upper() + part[1:] for part in re.split(r"_+", name) if part).removesuffix("Forward")
    return re.sub(r"(?<=\d)d", "D", words)
