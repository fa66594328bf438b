"""What a dense reading tells of the loss: its formula, its targets, its scale, and the rows that belong together.

The graph says which formula was differentiated, the call of a functional loss what went into it; where both are there,
the call is believed.
"""

import dataclasses
import math
from typing import Any

import torch
from torch import Tensor

from rhobar.record import LossFacts
from rhobar.watch.data import term_value
from rhobar.watch.forwards import Forward
from rhobar.watch.graph import Graph, Node, out_shape, saved
from rhobar.watch.handmade import target_left_by
from rhobar.watch.hooks import LossCall
from rhobar.watch.layers import Layer
from rhobar.watch.loss import LossTrace, follow_prediction, silent_broadcast
from rhobar.watch.loss_term import LossTerm
from rhobar.watch.naming import Names
from rhobar.watch.operations import find_map
from rhobar.watch.penalty import is_penalty
from rhobar.watch.probe_rows import ProbeRows, probe_rows
from rhobar.watch.tracker import Tracker

__all__ = ["LossReading"]


class LossReading:
    """The loss of one backward pass, while its graph is there.

    Args:
        graph: Graph of the loss.
        trace: The terms found in it.
        pending: The passes that wait, with the losses called on their outputs.
        layers: The linear maps of the graph.
        names: Names of the parameters.
    """

    def __init__(
        self, graph: Graph, trace: LossTrace, pending: list[Forward], layers: list[Layer], names: Names
    ) -> None:
        self.graph, self.trace, self.pending, self.layers, self.names = graph, trace, pending, layers, names

    def note(self, tracker: Tracker, step: int, loss: float) -> None:
        """Tell a training the facts of its loss, its targets and the data pairs.

        Args:
            tracker: The training.
            step: Backward pass.
            loss: Value of the loss.
        """
        term = self.trace.main
        if term is None:
            return
        call = self._call_for(term)
        prediction = term.prediction_value
        target = term.target
        if call is None and target is None and (left := target_left_by(term)) is not None:
            target = left
            if prediction is not None and prediction.numel() == left.numel():
                prediction = prediction.reshape(left.shape)
        if call is not None:
            kind, made = call
            if isinstance(made.target, Tensor):
                target = made.target
            if isinstance(made.input, Tensor):
                prediction = made.input
            if kind in ("kl_div", "poisson_nll", "gaussian_nll", "l1") or term.kind == "custom":
                if term.kind == "custom" and made.input is not None and made.input.grad_fn is not None:
                    _relink(self.graph, term, made.input.grad_fn)
                term.kind = kind
                if kind == "cross_entropy" and isinstance(target, Tensor) and target.is_floating_point():
                    term.kind = "soft_cross_entropy"
            if kind in ("mse", "l1", "huber") and isinstance(made.input, Tensor) and isinstance(made.target, Tensor):
                wide = torch.broadcast_shapes(made.input.shape, made.target.shape)
                if made.input.shape != made.target.shape:
                    term.broadcast = tuple(wide)
        if term.broadcast is None:
            term.broadcast = silent_broadcast(self.graph, self.layers[-1].map.node if self.layers else None)
        num_terms = self._num_terms(call[1] if call is not None else None)
        self._note_facts(tracker, term, prediction, target, num_terms, _smoothing(call[1]) if call is not None else 0.0)
        if target is not None and target.ndim > 0 and target.numel() > 0:
            tracker.targets.add(target, step)
            if not tracker.pairs.each_step and tracker.wants_pairs() and (rows := self._rows_for(target)) is not None:
                tracker.pairs.add(rows)
        value = _called_value(call[1]) if call is not None else None
        if value is None:
            value = self._value(term, prediction, target)
        if value and num_terms == 1 and loss and math.isfinite(loss):
            scale = loss / value
            tracker.rescale(scale if abs(scale - 1) > 0.01 else 1.0)

    def _call_for(self, term: LossTerm) -> Any:  # noqa: ANN401
        """The functional loss call that made this term, by its graph node."""
        path = self._path(term.node)
        for kind, call in reversed([c for f in self.pending for c in f.calls]):
            node = getattr(call.value, "grad_fn", None)
            if node is not None and node in path:
                return kind, call
        return None

    def _num_terms(self, call: LossCall | None) -> int:
        """Terms that the loss is a sum of; what one loss function added up itself, as with smoothed labels, is one."""
        node = getattr(call.value, "grad_fn", None) if call is not None else None
        inside = sum(node in self._path(term.node) for term in self.trace.terms) if node is not None else 0
        return len(self.trace.terms) - max(inside - 1, 0)

    def _path(self, node: Node) -> set[Node]:
        """The node and all operations between it and the loss."""
        found, front = {node}, [node]
        while front:
            for user in self.graph.consumers.get(front.pop(), ()):
                if user not in found:
                    found.add(user)
                    front.append(user)
        return found

    def _value(self, term: LossTerm, prediction: Tensor | None, target: Tensor | None) -> float | None:
        """The term's own mean value, so that scalings of the loss (accumulation, AMP) can be told."""
        if term.kind in ("cross_entropy", "nll"):
            total = 0.0
            node = term.node
            kept, labels = saved(node, "self"), saved(node, "target")
            if not isinstance(kept, Tensor) or not isinstance(labels, Tensor) or kept.ndim != 2 or labels.ndim != 1:
                return None
            if saved(node, "weight") is not None or len(self.trace.terms) > 1:
                return None
            ignore = int(saved(node, "ignore_index") if saved(node, "ignore_index") is not None else -100)
            mask = labels != ignore
            if not bool(mask.any()) or int(labels[mask].min()) < 0:
                return None
            picked = -kept.detach()[mask].gather(1, labels[mask].unsqueeze(1))
            total = float(picked.double().mean())
            return total if math.isfinite(total) else None
        return term_value(term.kind, prediction, target)

    def _rows_for(self, target: Tensor) -> ProbeRows | None:
        """The input whose rows the targets belong to: a model's argument, else what entered the first map."""
        passes = [forward for forward in self.pending if forward.recorded]
        if passes:
            return probe_rows(passes, target)
        for layer in self.layers:
            found = layer.map
            if found.reads_data and found.input is not None and found.input.shape[:1] == target.shape[:1]:
                return ProbeRows(found.input, target)
        return None

    def _note_facts(
        self,
        tracker: Tracker,
        term: LossTerm,
        prediction: Tensor | None,
        target: Tensor | None,
        num_terms: int,
        smoothing: float,
    ) -> None:
        if prediction is not None and prediction.is_nested:
            prediction = None  # rows of different lengths have no shape to compare
        if prediction is not None and prediction.is_floating_point() and prediction.numel():
            low, high = (float(v) for v in torch.aminmax(prediction.detach().float()))
            old = tracker.outputs_range or (math.inf, -math.inf)
            tracker.outputs_range = (min(low, old[0]), max(high, old[1]))
        output = find_map(self.graph, term.output_node) if term.output_node is not None else None
        shape = (
            tuple(prediction.shape) if prediction is not None else out_shape(term.prediction) if term.prediction else ()
        )
        first = tracker.loss
        facts = LossFacts(
            kind=term.kind,
            chain=tuple(c for c in term.chain if not c.startswith("residual")),
            link=tuple(term.link),
            link_dim=term.link_dim,
            output_shape=shape,
            target_shape=tuple(target.shape) if target is not None else None,
            broadcast=term.broadcast or (first.broadcast if first else None),
            num_terms=num_terms,
            num_penalties=sum(is_penalty(self.graph, t.node) for t in self.trace.terms),
            output_min=tracker.outputs_range[0] if tracker.outputs_range else None,
            output_max=tracker.outputs_range[1] if tracker.outputs_range else None,
            output_layer=self.names.layer(output.weight) if output is not None else None,
            reduction=term.reduction,
            weighted=term.weighted or (first is not None and first.weighted),
            smoothing=smoothing,
        )
        if term.weighted and tracker.class_weight is None and term.weight is not None:
            tracker.class_weight = term.weight.detach().double().cpu()
        tracker.loss = (
            facts
            if first is None or first.kind == facts.kind or first.kind == "custom"
            else dataclasses.replace(first, output_min=facts.output_min, output_max=facts.output_max)
        )


def _called_value(call: LossCall) -> float | None:
    """What the loss function returned, if that is a mean."""
    told = [call.kwargs.get(name) for name in ("reduce", "size_average")]
    plain = len(call.args) <= 3 and told == [None, None] and call.kwargs.get("reduction", "mean") == "mean"
    value = call.value
    if not plain or not isinstance(value, Tensor) or value.numel() != 1 or value.is_complex():
        return None
    number = float(value.item())
    return number if math.isfinite(number) else None


def _smoothing(call: LossCall) -> float:
    """Share of each label that cross-entropy spreads over all classes."""
    given = call.kwargs.get("label_smoothing", call.args[7] if len(call.args) > 7 else 0.0)
    return float(given) if isinstance(given, (int, float)) and 0 <= given < 1 else 0.0


def _relink(graph: Graph, term: LossTerm, node: Node) -> None:
    """Follow the prediction again from the node that the loss function received."""
    term.prediction, term.link, term.chain, term.output_node = node, [], [], None
    term.prediction_value = None
    follow_prediction(graph, term, {})
