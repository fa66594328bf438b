"""Where the first NaN or infinity was born: the earliest operation of the graph that holds one."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from rhobar.record import Nonfinite, ParameterReading
from rhobar.watch.graph import Graph, Node, op_name, saved
from rhobar.watch.loss_term import skip_views
from rhobar.watch.naming import Names
from rhobar.watch.operations import find_map, value_of
from rhobar.watch.reexamine import Origin, bad_rows, reexamine

if TYPE_CHECKING:
    from rhobar.watch.tracker import Tracker

__all__ = ["find_origin", "nonfinite", "note_bad_gradient", "refine"]

_KEPT = ("self", "input", "mat1", "mat2", "other", "result", "result0", "weight", "batch1", "batch2")


def nonfinite(x: object) -> bool:
    """Whether x is a tensor with NaN or infinity in it."""
    return isinstance(x, Tensor) and x.is_floating_point() and x.numel() > 0 and not bool(torch.isfinite(x).all())


def find_origin(
    graph: Graph, names: Names, step: int, loss: Tensor, rows: int = 0, outputs: Mapping[Node, Tensor] | None = None
) -> Nonfinite:
    """Search inputs, parameters, then operations in forward order.

    Args:
        graph: Graph of the loss, before it is freed.
        names: Names of the parameters.
        step: Backward pass.
        loss: The loss itself.
        rows: Rows of the batch, 0 if not known.
        outputs: The models' outputs by the node that made them.
    """
    first, bad = _search(graph, names, step, outputs or {})
    at, count = bad_rows(~torch.isfinite(bad), rows) if bad is not None else ((), None)
    return dataclasses.replace(first, rows=at, num_rows=count, batch=rows or None)


def refine(tracker: "Tracker") -> None:
    """Look at the batch again, for what the graph alone does not tell of a value that an operation made."""
    first = tracker.nonfinite
    if first is None:
        return
    if tracker.loss_scale is not None:
        first = tracker.nonfinite = dataclasses.replace(first, loss_scale=tracker.loss_scale.value)
    if first.phase not in ("forward", "loss"):
        return
    found = _again(tracker)
    if found is None:
        return
    # Of a formula outside the model, the graph has told what its own node is.
    if found.phase == "forward" and found.where:
        first = dataclasses.replace(
            first,
            where=found.where or first.where,
            phase="forward",
            operation=found.operation,
            born=True,
            detail=found.detail,
            fed_finite=True,
        )
    if found.num_rows:
        first = dataclasses.replace(first, rows=found.rows, num_rows=found.num_rows)
    tracker.nonfinite = first


def note_bad_gradient(tracker: "Tracker", step: int, parameters: list[ParameterReading], risk: str) -> None:
    """The loss was finite but a gradient is not: it was born in the backward pass; look at the batch again for where.

    Args:
        tracker: The training, its weights still those of the step.
        step: Backward pass.
        parameters: Sizes of the gradients that arrived.
        risk: A formula of the graph whose derivative is known to be infinite at some values.
    """
    bad = [p.name for p in parameters if p.gradient_nonfinite > 0]
    count = f"{len(bad)} of {len(parameters)} parameters received a non-finite gradient from a finite loss"
    first = Nonfinite(
        step,
        bad[0] if bad else "gradients",
        "backward",
        risk or "backward pass",
        born=True,
        detail=count,
        batch=tracker.recent.rows if tracker.recent is not None else None,
        loss_scale=tracker.loss_scale.value if tracker.loss_scale is not None else None,
    )
    found = _again(tracker)
    if found is not None and found.phase == "backward":
        first = dataclasses.replace(
            first,
            where=found.where or first.where,
            operation=found.operation,
            detail=found.detail,
            fed_finite=True,
            rows=found.rows,
            num_rows=found.num_rows,
        )
    tracker.nonfinite = first


def _again(tracker: "Tracker") -> Origin | None:
    models = [m for ref in tracker.models.values() if (m := ref()) is not None]
    if tracker.recent is None or len(models) != 1:
        return None
    return reexamine(models[0], tracker.recent, autocast=tracker.loss_scale is not None)


def _search(graph: Graph, names: Names, step: int, outputs: Mapping[Node, Tensor]) -> tuple[Nonfinite, Tensor | None]:
    """The first non-finite value, and the tensor that holds it."""
    bad_leaves = [names(leaf) for leaf in graph.leaves.values() if nonfinite(leaf)]
    where = "the first operation"
    for node in graph.nodes:
        found = find_map(graph, node)
        if found is not None:
            where = names.layer(found.weight)
            if found.source is None and nonfinite(found.input):
                return _given(step, where, node, "the data it was given"), found.input
        target = saved(node, "target")
        if nonfinite(target):
            return Nonfinite(step, "targets", "target", op_name(node), born=False, detail="the targets"), target
        if bad_leaves:
            continue
        inputs_bad = any(nonfinite(saved(node, name)) for name in _KEPT if not name.startswith("result"))
        result = value_of(graph, node)
        if not inputs_bad and _from_constant(graph, node, result, outputs):
            return _given(step, where, node, "a constant it was given"), result
        if (nonfinite(result) or _outside(node)) and not inputs_bad:
            first = Nonfinite(step, where, "forward", op_name(node), born=True, detail=_fed(node), fed_finite=True)
            return first, result if nonfinite(result) else None
        if inputs_bad:
            bad = next(x for name in _KEPT if nonfinite(x := saved(node, name)))
            if _bad_constant(graph, node, outputs):
                return _given(step, where, node, "a constant it was given"), bad
            detail = "its operand was the first to be kept"
            return Nonfinite(step, where, "forward", op_name(node), born=True, detail=detail), bad
    if bad_leaves:
        detail = f"{len(bad_leaves)} of {len(graph.leaves)} parameters held NaN or infinity"
        return Nonfinite(step, bad_leaves[0], "parameter", "weights", born=False, detail=detail), None
    return Nonfinite(step, "loss", "loss", op_name(graph.root), born=True, detail=_fed(graph.root)), None


def _given(step: int, where: str, node: Node, detail: str) -> Nonfinite:
    return Nonfinite(step, where, "input", op_name(node), born=False, detail=detail)


def _from_constant(graph: Graph, node: Node, result: object, outputs: Mapping[Node, Tensor]) -> bool:
    """Whether a sum of finite values and a constant that nobody kept is NaN: finite sums overflow at most."""
    if op_name(node) not in ("Add", "Sub", "Rsub") or not isinstance(result, Tensor) or not nonfinite(result):
        return False
    inputs = graph.inputs(node)
    known = [_value(graph, c, outputs) for c in inputs if c is not None]
    return any(c is None for c in inputs) and bool(torch.isnan(result).any()) and not any(map(nonfinite, known))


def _value(graph: Graph, node: Node, outputs: Mapping[Node, Tensor]) -> Tensor | None:
    """What a node made, or the model's output that it is a view of."""
    kept = value_of(graph, node)
    return outputs.get(skip_views(graph, node) or node) if kept is None else kept


def _outside(node: Node) -> bool:
    """Whether a logarithm or a quotient, which keep no result, received what they have no finite value for."""
    name = op_name(node)
    if name in ("Log", "Log2", "Log10", "Log1P"):
        x, limit = saved(node, "self"), -1.0 if name == "Log1P" else 0.0
        return isinstance(x, Tensor) and x.is_floating_point() and x.numel() > 0 and bool((x <= limit).any())
    if name == "Div":
        x = saved(node, "other")
        return isinstance(x, Tensor) and x.is_floating_point() and x.numel() > 0 and bool((x == 0).any())
    return False


def _bad_constant(graph: Graph, node: Node, outputs: Mapping[Node, Tensor]) -> bool:
    """Whether the non-finite operand has no gradient history: it came from outside the network."""
    inputs = graph.inputs(node)
    return (
        len(inputs) > 1
        and any(c is None for c in inputs)
        and not any(nonfinite(_value(graph, c, outputs)) for c in inputs if c is not None)
    )


def _fed(node: Node) -> str:
    """The range of what the operation received."""
    for name in ("self", "input", "other"):
        kept = saved(node, name)
        if isinstance(kept, Tensor) and kept.is_floating_point() and kept.numel():
            low, high = torch.aminmax(kept.detach().float())
            return f"it received values from {float(low):.3g} to {float(high):.3g}"
    return "its inputs were finite where they were kept"
