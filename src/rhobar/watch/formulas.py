"""Losses spelled out by hand: squares, absolute values, margins, log-probabilities picked or weighted by targets."""

import math

import torch
from torch import Tensor

from rhobar.watch.graph import Graph, Node, op_name, out_shape, saved
from rhobar.watch.loss_term import LossTerm, axis_of, only_input, pairs_up, skip_views
from rhobar.watch.operations import value_of

__all__ = ["hand_written_term"]


def hand_written_term(graph: Graph, node: Node) -> LossTerm | None:
    """Squares, absolute values, and log-probabilities picked or weighted by targets."""
    name = op_name(node)
    exponent = saved(node, "exponent")
    inputs = [c for c in graph.inputs(node) if c is not None]
    squared = (name == "Pow" and exponent is not None and float(exponent) == 2) or (
        name == "Mul" and len(inputs) == 2 and (inputs[0] is inputs[1] or _twice(graph, node, inputs))
    )
    if (squared or name == "Abs") and inputs and op_name(inputs[0]) in ("Sub", "Add", "Rsub"):
        return _residual(graph, node, inputs[0], "l1" if name == "Abs" else "mse")
    if hinge := _hinge(graph, node):
        return hinge
    if name in ("Index", "Gather") and inputs:
        below = skip_views(graph, inputs[0])
        if below is not None and op_name(below) in ("LogSoftmax", "Log"):
            index = saved(node, "index") if name == "Gather" else _last(saved(node, "indices"))
            kind = "cross_entropy" if op_name(below) == "LogSoftmax" else "nll"
            target = index if isinstance(index, Tensor) else None
            return LossTerm(kind, node, only_input(graph, below) if kind == "cross_entropy" else below, None, target)
    if name == "Mul" and len(inputs) == 1:
        below = skip_views(graph, inputs[0], also=("Neg",))
        target = next((t for n in ("other", "self") if isinstance(t := saved(node, n), Tensor)), None)
        if below is not None and op_name(below) == "LogSoftmax":
            if isinstance(target, Tensor) and target.ndim == 2 and axis_of(below) == 0:
                target = target.T  # classes down the columns, samples side by side
            return LossTerm("soft_cross_entropy", node, only_input(graph, below), None, target)
        if below is not None and op_name(below) == "Log" and target is not None and target.ndim == 2:
            return LossTerm("log_likelihood", node, below, None, target)
    if name == "Sub" and (logits := _softplus(graph, node)):
        return logits
    if name in ("Add", "Sub") and _two_logs(graph, node):
        first = skip_views(graph, inputs[0], also=("Mul", "Neg", "Add", "ClampMin", "Clamp"))
        target = saved(inputs[0], "other")
        target = target if isinstance(target, Tensor) and target.numel() > 1 else saved(inputs[0], "self")
        return LossTerm(
            "bce",
            node,
            only_input(graph, first) if first else None,
            None,
            target if isinstance(target, Tensor) else None,
        )
    return None


def _hinge(graph: Graph, node: Node) -> LossTerm | None:
    """max(0, 1 − y·f), or its square: y is the constant factor of the margin."""
    inside = only_input(graph, node) if op_name(node) == "Pow" else node
    if inside is None or op_name(inside) not in ("ClampMin", "Clamp", "Relu", "Maximum"):
        return None
    shifted = skip_views(graph, only_input(graph, inside))
    if shifted is None or op_name(shifted) not in ("Rsub", "Sub", "Add"):
        return None
    margin = skip_views(graph, only_input(graph, shifted), also=("Neg",))
    if margin is None or op_name(margin) != "Mul" or len(graph.signal_inputs(margin)) != 1:
        return None
    target = next((t for n in ("other", "self") if isinstance(t := saved(margin, n), Tensor) and t.numel() > 1), None)
    return None if target is None else LossTerm("hinge", node, graph.signal_inputs(margin)[0], None, target)


def _twice(graph: Graph, node: Node, inputs: list[Node]) -> bool:
    """Whether both factors are the same difference, computed once for each."""
    one, other = (graph.signal_inputs(factor) for factor in inputs)
    a, b = saved(node, "self"), saved(node, "other")
    both = isinstance(a, Tensor) and isinstance(b, Tensor) and a.shape == b.shape
    return len(one) == 1 and one == other and both and torch.equal(a, b)


def _softplus(graph: Graph, node: Node) -> LossTerm | None:
    """softplus(f) − y f, the cross-entropy of a logit f."""
    first, second = (*graph.inputs(node), None, None)[:2]
    if first is None or second is None or op_name(first) != "Softplus" or op_name(second) != "Mul":
        return None
    logit, target = (
        only_input(graph, first),
        next((t for n in ("other", "self") if isinstance(t := saved(second, n), Tensor)), None),
    )
    if logit is None or graph.signal_inputs(second) != [logit] or target is None or target.numel() < 2:
        return None
    return LossTerm("bce_with_logits", node, logit, saved(first, "self"), target)


def _two_logs(graph: Graph, node: Node) -> bool:
    """y·log p + (1 − y)·log(1 − p): a sum of two products with logarithms."""
    inputs = [c for c in graph.inputs(node) if c is not None]
    return len(inputs) == 2 and all(
        (below := skip_views(graph, c, also=("Mul", "Neg", "Add"))) is not None and op_name(below) == "Log"
        for c in inputs
    )


def _residual(graph: Graph, node: Node, difference: Node, kind: str) -> LossTerm | None:
    """(prediction − target): the target is what the kept residual leaves of the prediction."""
    slots = graph.inputs(difference)
    signal = [i for i, c in enumerate(slots) if c is not None]
    if len(signal) != 1:
        return None
    prediction = slots[signal[0]]
    term = LossTerm(kind, node, prediction)
    value = value_of(graph, prediction)
    residual = saved(node, "self")
    if isinstance(residual, Tensor):
        term.prediction_value = value
        # y − p keeps the prediction in the second slot, p − y in the first.
        sign = -1.0 if (signal[0] == 1) == (op_name(difference) == "Sub") else 1.0
        term.chain = [f"residual:{sign:+.0f}"]
        term.residual = sign * residual.detach()
        if value is not None:
            term.target = value.detach() - term.residual if residual.shape == value.shape else None
    shape, wide = out_shape(prediction), out_shape(difference)
    if wide and math.prod(wide) > math.prod(shape or (1,)) and pairs_up(shape, wide):
        term.broadcast = wide
    return term


def _last(values: object) -> object:
    if isinstance(values, list | tuple):
        tensors = [v for v in values if isinstance(v, Tensor)]
        return tensors[-1] if tensors else None
    return values
