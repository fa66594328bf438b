"""Where the first NaN or infinity was born: the earliest operation of the graph that holds one."""

import torch
from torch import Tensor

from rhobar.record import Nonfinite
from rhobar.watch.graph import Graph, Node, op_name, saved
from rhobar.watch.naming import Names
from rhobar.watch.operations import find_map, value_of

__all__ = ["find_origin", "nonfinite"]

_KEPT = ("self", "input", "mat1", "mat2", "other", "result", "result0", "weight", "batch1", "batch2")


def nonfinite(x: object) -> bool:
    """Whether x is a tensor with NaN or infinity in it."""
    return isinstance(x, Tensor) and x.is_floating_point() and x.numel() > 0 and not bool(torch.isfinite(x).all())


def find_origin(graph: Graph, names: Names, step: int, loss: Tensor) -> Nonfinite:
    """Search inputs, parameters, then operations in forward order.

    Args:
        graph: Graph of the loss, before it is freed.
        names: Names of the parameters.
        step: Backward pass.
        loss: The loss itself.
    """
    bad_leaves = [names(leaf) for leaf in graph.leaves.values() if nonfinite(leaf)]
    where = "the first operation"
    for node in graph.nodes:
        found = find_map(graph, node)
        if found is not None:
            where = names.layer(found.weight)
            if found.source is None and nonfinite(found.input):
                return Nonfinite(step, where, "input", op_name(node), born=False, detail="the data it was given")
        target = saved(node, "target")
        if nonfinite(target):
            return Nonfinite(step, "targets", "target", op_name(node), born=False, detail="the targets")
        if bad_leaves:
            continue
        inputs_bad = any(nonfinite(saved(node, name)) for name in _KEPT if not name.startswith("result"))
        result = value_of(graph, node)
        if not inputs_bad and _from_constant(graph, node, result):
            return Nonfinite(step, where, "input", op_name(node), born=False, detail="a constant it was given")
        if (nonfinite(result) or _outside(node)) and not inputs_bad:
            return Nonfinite(step, where, "forward", op_name(node), born=True, detail=_fed(node), fed_finite=True)
        if inputs_bad:
            constant = _bad_constant(graph, node)
            return Nonfinite(
                step,
                where,
                "input" if constant else "forward",
                op_name(node),
                born=not constant,
                detail="a constant it was given" if constant else "its operand was the first to be kept",
            )
    if bad_leaves:
        return Nonfinite(
            step,
            bad_leaves[0],
            "parameter",
            "weights",
            born=False,
            detail=f"{len(bad_leaves)} of {len(graph.leaves)} parameters held NaN or infinity",
        )
    return Nonfinite(step, "loss", "loss", op_name(graph.root), born=True, detail=_fed(graph.root))


def _from_constant(graph: Graph, node: Node, result: object) -> bool:
    """Whether a sum of finite values and a constant that nobody kept is NaN: finite sums overflow at most."""
    if op_name(node) not in ("Add", "Sub", "Rsub") or not isinstance(result, Tensor) or not nonfinite(result):
        return False
    inputs = graph.inputs(node)
    known = [value_of(graph, c) for c in inputs if c is not None]
    return any(c is None for c in inputs) and bool(torch.isnan(result).any()) and not any(map(nonfinite, known))


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


def _bad_constant(graph: Graph, node: Node) -> bool:
    """Whether the non-finite operand has no gradient history: it came from outside the network."""
    inputs = graph.inputs(node)
    return (
        len(inputs) > 1
        and any(c is None for c in inputs)
        and not any(nonfinite(value_of(graph, c)) for c in inputs if c is not None)
    )


def _fed(node: Node) -> str:
    """The range of what the operation received."""
    for name in ("self", "input", "other"):
        kept = saved(node, name)
        if isinstance(kept, Tensor) and kept.is_floating_point() and kept.numel():
            low, high = torch.aminmax(kept.detach().float())
            return f"it received values from {float(low):.3g} to {float(high):.3g}"
    return "its inputs were finite where they were kept"
