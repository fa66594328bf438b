"""Which loss this is: read from the operations between the differentiated scalar and the last linear map.

The walk goes down from the loss through reductions and scalings to the formula's own operation, notes what the
formula compares with what, then goes on along the prediction to the last linear map and collects the link.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from rhobar.watch.formulas import hand_written_term
from rhobar.watch.graph import Graph, Node, op_name, out_shape, saved
from rhobar.watch.loss_term import LossTerm, axis_of, only_input, pairs_up, skip_views
from rhobar.watch.operations import ACTIVATIONS, NORMALISATIONS, find_map
from rhobar.watch.singular import singular_at

__all__ = ["LossTrace", "follow_prediction", "silent_broadcast", "trace_loss"]

_REDUCTIONS = frozenset(
    [
        "Mean",
        "Sum",
        "Div",
        "Mul",
        "Neg",
        "View",
        "Squeeze",
        "Reshape",
        "ToCopy",
        "Clone",
        "Select",
        "Unsqueeze",
        "Slice",
    ]
)

_NAMED = {
    "MseLoss": "mse",
    "SmoothL1Loss": "huber",
    "HuberLoss": "huber",
    "BinaryCrossEntropy": "bce",
    "BinaryCrossEntropyWithLogits": "bce_with_logits",
    "NllLoss": "nll",
    "NllLoss2D": "nll",
    "NllLossNd": "nll",
    "SoftMarginLoss": "soft_margin",
    "MultiMarginLoss": "multi_margin",
    "MultilabelMarginLoss": "multilabel_margin",
    "CtcLoss": "ctc",
}


@dataclass
class LossTrace:
    """The whole loss: its terms, the one that carries the most first."""

    terms: list[LossTerm]
    hand_written: list[str]

    @property
    def main(self) -> LossTerm | None:
        """The first recognised term, else the first."""
        known = [t for t in self.terms if t.kind != "custom"]
        return next(iter(known or self.terms), None)


def trace_loss(graph: Graph, outputs: dict[Node, Tensor]) -> LossTrace:
    """Recognise the terms of the loss; `outputs` are the models' outputs by their node."""
    terms = [_trace_term(graph, node, reduction, outputs) for node, reduction in _split(graph, graph.root)]
    return LossTrace(terms, _hand_written(graph))


def _split(graph: Graph, root: Node) -> list[tuple[Node, str]]:
    """Descend from the loss through sums of scalars and reductions to the nodes of its terms."""
    found: list[tuple[Node, str]] = []
    stack: list[tuple[Node, str]] = [(root, "none")]
    while stack and len(found) < 16:
        node, reduction = stack.pop(0)
        name = op_name(node)
        inputs = [c for c in graph.inputs(node) if c is not None and c not in graph.leaf_nodes]
        scalar = math.prod(out_shape(node)) == 1
        if (
            name in ("Add", "Sub", "Stack", "Cat")
            and scalar
            and len(inputs) > 1
            and all(math.prod(out_shape(c)) == 1 for c in inputs)
        ):
            stack.extend((c, reduction) for c in inputs)
        elif name in ("Add", "Sub", "Rsub") and scalar and len(inputs) == 1 and len(out_shape(node)) == 0:
            stack.append((inputs[0], reduction))
        elif (
            (name in _REDUCTIONS or (name == "Where" and scalar))  # a division that guards against 0
            and len(inputs) == 1
            and not _is_formula(graph, node)
        ):
            reduction = {"Mean": "mean", "Sum": "sum"}.get(name, reduction)
            stack.append((inputs[0], reduction))
        else:
            found.append((node, reduction))
    return found


def _is_formula(graph: Graph, node: Node) -> bool:
    """A product with a non-scalar constant (a mask, one-hot targets) belongs to the formula."""
    if op_name(node) != "Mul":
        return False
    other = next((saved(node, n) for n in ("other", "self") if isinstance(saved(node, n), Tensor)), None)
    return other is not None and other.numel() > 1


def _trace_term(graph: Graph, node: Node, reduction: str, outputs: dict[Node, Tensor]) -> LossTerm:
    name = op_name(node)
    if name in _NAMED:
        term = _named(graph, node, _NAMED[name])
    else:
        term = hand_written_term(graph, node) or LossTerm("custom", node, prediction=node)
    if term.reduction == "unknown":
        term.reduction = reduction
    follow_prediction(graph, term, outputs)
    return term


def _named(graph: Graph, node: Node, kind: str) -> LossTerm:
    inputs = graph.inputs(node)
    term = LossTerm(kind, node, prediction=inputs[0] if inputs else None)
    term.reduction = {0: "none", 1: "mean", 2: "sum"}.get(saved(node, "reduction"), "unknown")
    term.prediction_value, target = saved(node, "self"), saved(node, "target")
    term.target = target if isinstance(target, Tensor) else None
    weight, positive = saved(node, "weight"), saved(node, "pos_weight")
    term.weighted = isinstance(weight, Tensor) or isinstance(positive, Tensor)
    term.weight = positive if isinstance(positive, Tensor) else weight if kind == "nll" else None
    if term.target is not None and kind in ("mse", "huber"):
        stretched = [
            n for n, stride in zip(term.target.shape, term.target.stride(), strict=True) if stride == 0 and n > 1
        ]
        if stretched:
            term.broadcast = tuple(term.target.shape)
    below = skip_views(graph, term.prediction)
    if kind == "nll" and below is not None and op_name(below) == "LogSoftmax":
        term.kind, term.prediction = "cross_entropy", only_input(graph, below)
        term.prediction_value = None
        if below is term_input(graph, node) and axis_of(below) == 0 and len(out_shape(below)) == 2:
            _add_link(term, below, "log_softmax")
    return term


def term_input(graph: Graph, node: Node) -> Node | None:
    """The node that the formula itself received."""
    inputs = graph.inputs(node)
    return inputs[0] if inputs else None


def silent_broadcast(graph: Graph, last: Node | None) -> tuple[int, ...] | None:
    """The shape of an elementwise operation after the last map that paired every sample with every other.

    A column of predictions (B, 1), or B of them, met a constant tensor and became (B, B). A prediction that was
    unsqueezed on purpose, or two differentiable operands (pairwise distances), do not count.
    """
    after = last is None
    for node in graph.nodes:
        if after and op_name(node) in ("Add", "Sub", "Rsub", "Mul", "Div", "Maximum", "Minimum", "Where"):
            signals = graph.signal_inputs(node)
            shape = out_shape(signals[0]) if len(signals) == 1 else ()
            column = len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)
            if column and pairs_up(shape, out_shape(node)) and op_name(signals[0]) not in ("Unsqueeze", "Expand"):
                return out_shape(node)
        after = after or node is last
    return None


def follow_prediction(graph: Graph, term: LossTerm, outputs: dict[Node, Tensor]) -> None:
    """Collect the link between the loss's formula and the last linear map."""
    node = term.prediction
    term.chain = [op_name(term.node)] if not term.chain or not term.chain[0].startswith("residual") else term.chain
    value = term.prediction_value
    for _ in range(64):
        if node is None or node in graph.leaf_nodes:
            return
        name = op_name(node)
        term.chain.append(name)
        if value is None and node in outputs:
            value = outputs[node]
            term.prediction_value, term.passed = value, tuple(term.chain[1:-1])
        if find_map(graph, node) is not None:
            term.output_node = node
            if term.prediction_value is None:
                term.prediction_value, term.passed = outputs.get(node), tuple(term.chain[1:-1])
            return
        below = _descend(graph, node)
        if name == "Expand" and below is not None and pairs_up(out_shape(below), out_shape(node)):
            term.broadcast = term.broadcast or out_shape(node)
        if name in ACTIVATIONS:
            _add_link(term, node, ACTIVATIONS[name])
        elif name in NORMALISATIONS:
            term.link.append(NORMALISATIONS[name])
        if name in ("MkldnnRnnLayer", "CudnnRnn"):
            return
        node = below


def _add_link(term: LossTerm, node: Node, name: str) -> None:
    term.link.append(name)
    if term.link_value is None:
        kept = saved(node, "result")
        term.link_value = kept if isinstance(kept, Tensor) else None
    if name in ("softmax", "log_softmax") and term.link_dim is None:
        term.link_dim = axis_of(node)
        if term.link_dim is not None:
            term.link_size = out_shape(node)[term.link_dim]


def _descend(graph: Graph, node: Node) -> Node | None:
    """The one input that carries the signal; None where several do."""
    signals = graph.signal_inputs(node)
    return signals[0] if len(set(signals)) == 1 else None


def _hand_written(graph: Graph) -> list[str]:
    """Formulas with a stable form that were spelled out, and values at which their derivative is not finite."""
    found = []
    for node in graph.nodes:
        name = op_name(node)
        if name == "Log":
            below = skip_views(graph, only_input(graph, node), also=("Add", "Clamp", "ClampMin"))
            inner = ACTIVATIONS.get(op_name(below)) if below is not None else None
            kept = saved(node, "self")
            if isinstance(kept, Tensor) and bool((kept <= 0).any()):
                found.append("log of a value ≤ 0")
            elif inner in ("softmax", "sigmoid"):
                found.append(f"log({inner})")
        elif (met := singular_at(node)) is not None:
            found.append(met)
        elif name == "Exp":
            kept = saved(node, "result")
            if isinstance(kept, Tensor) and kept.numel() and not bool(torch.isfinite(kept).all()):
                found.append("exp overflow")
        elif name == "Div" and isinstance(other := saved(node, "other"), Tensor) and bool((other == 0).any()):
            found.append("division by 0")
    return list(dict.fromkeys(found))
