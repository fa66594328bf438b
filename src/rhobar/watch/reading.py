"""A dense reading of one backward pass: the graph before it, the gradients on its way, the parameters after it."""

import dataclasses
import math
import time
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from rhobar.record import BEFORE, LossFacts, Reading
from rhobar.watch.beside import data_beside
from rhobar.watch.data import InputStatistics, term_value
from rhobar.watch.forwards import tensors_in
from rhobar.watch.graph import Graph, Node, op_name, out_shape, saved
from rhobar.watch.handmade import handmade_call, target_left_by
from rhobar.watch.hooks import LossCall
from rhobar.watch.layers import Draft, find_layers, read_layer, structure
from rhobar.watch.loss import follow_prediction, silent_broadcast, trace_loss
from rhobar.watch.loss_term import LossTerm
from rhobar.watch.nonfinite import find_origin, nonfinite, note_bad_gradient, refine
from rhobar.watch.operations import Map, find_map
from rhobar.watch.penalty import is_penalty
from rhobar.watch.probe_rows import ProbeRows, probe_rows
from rhobar.watch.quiet import quiet
from rhobar.watch.replicas import Note, row_prints
from rhobar.watch.scaling import LossScale, unscaled
from rhobar.watch.tracker import Tracker
from rhobar.watch.updates import OpenReading

if TYPE_CHECKING:
    from rhobar.watch.observer import Observer

__all__ = ["StepReading", "read_step"]

MAX_TRAININGS = 32
SAME_TRAINING = 0.5
"""Two losses from one place belong to one training if at least half of the parameters they reach agree."""


def read_step(
    observer: "Observer", loss: Tensor, tracker: Tracker | None, scale: LossScale | None
) -> "StepReading | None":
    """Read the graph of `loss` and find (or start) the training that it belongs to.

    Args:
        observer: Who reads.
        loss: What is about to be differentiated.
        tracker: The training that this place in the program was seen to be.
        scale: A factor that a scaler has put on `loss`.
    """
    models = [model for f in observer.passes.pending if (model := f.model()) is not None]
    if any(hasattr(module, "_get_fsdp_state") for model in models for module in model.modules()):
        # Outside their layer's own pass such weights have no memory: to read them would end the program.
        observer.guard.note("sharded models", "weights that fully_shard has spread over ranks are not read")
        return None
    graph = Graph(loss)
    given = {id(t) for f in observer.passes.pending for t in tensors_in([*f.args, *f.kwargs.values()])}
    # Data may ask for a gradient of their own; they are no parameters for that.
    leaves = {i: x for i, x in graph.leaves.items() if i not in given or isinstance(x, nn.Parameter)}
    reached = set(leaves)
    if graph.reentrant:
        reached |= {id(p) for model in models for p in model.parameters()}
    if observer.only is not None and not reached & observer.only:
        return None
    tracker = _find_tracker(observer, tracker, reached)
    if tracker is None:
        return None
    if not reached <= tracker.reached:
        tracker.reached |= reached
    for leaf in leaves.values():
        tracker.parameters.track(leaf).reached = True
    for forward in observer.passes.pending:
        model = forward.model()
        if model is not None and forward.recorded and not tracker.trains(model):
            for parameter in model.parameters():
                tracker.parameters.track(parameter)
    return StepReading(observer, graph, loss, tracker, scale)


def _find_tracker(observer: "Observer", tracker: Tracker | None, reached: set[int]) -> Tracker | None:
    """The training whose parameters agree with those reached."""
    candidates = ([tracker] if tracker else []) + list(reversed(observer.trackers))
    for candidate in candidates:
        alive = candidate.reached & {id(t) for _, t in candidate.parameters.live()}
        union = alive | reached
        if union and len(alive & reached) >= SAME_TRAINING * len(union):
            return candidate
    if len(observer.trackers) >= MAX_TRAININGS:
        observer.guard.note(
            "further trainings",
            f"more than {MAX_TRAININGS} trainings in one run; the first {MAX_TRAININGS} were watched",
        )
        return None
    fresh = observer.new_tracker()
    fresh.schedule.wants(0)
    return fresh


class StepReading:
    """The three stages of a dense reading."""

    def __init__(
        self, observer: "Observer", graph: Graph, loss: Tensor, tracker: Tracker, scale: LossScale | None = None
    ) -> None:
        self.observer, self.graph, self.tracker, self.scale = observer, graph, tracker, scale
        self.names = observer.names
        self.handles: list[Any] = []
        if graph.truncated:
            observer.guard.note("layers", "the graph has more than 100,000 operations; the rest was not read")
        opaque = next((op_name(n) for n in graph.nodes if "Compiled" in op_name(n)), None)
        if opaque:
            observer.guard.note("layers inside torch.compile", "a compiled function shows its inputs and outputs alone")
        self.reentrant = graph.reentrant
        if self.reentrant:
            observer.guard.note("layers inside a reentrant checkpoint", "it keeps no graph; use_reentrant=False does")
        self.layers = find_layers(graph)
        self.loss_tensor = loss
        self.outputs = {
            t.grad_fn: t
            for f in observer.passes.pending
            if f.recorded
            for t in tensors_in(f.output)[:8]
            if t.grad_fn is not None
        }
        self.trace = trace_loss(graph, self.outputs)
        self.hand_written = self.trace.hand_written
        self.pending = list(observer.passes.pending)
        self.drafts: list[Draft] = []
        self.rows: list[float] = []
        self.sheet = tracker.sheet
        self.sheet.start()

    def begin(self, tracker: Tracker) -> None:
        """Before the backward pass: structure, data and signals; listeners for the gradients."""
        tracker.settle_update()
        step = tracker.step - 1
        loss = float(self.loss_tensor.detach().float().mean()) / (self.scale.value if self.scale is not None else 1.0)
        if not math.isfinite(loss) and tracker.nonfinite is None:
            rows = tracker.recent.rows if tracker.recent is not None else 0
            tracker.nonfinite = find_origin(self.graph, self.names, step, self.loss_tensor, rows, self.outputs)
            refine(tracker)
        tracker.replica = self.observer.replicas.replica(
            id(tracker), self.observer.trackers.index(tracker), tracker.reached
        )
        self.rows = row_prints(self.pending) if tracker.replica is not None else []
        self._read_loss(tracker, step, loss)
        tracker.hand_written.update(self.trace.hand_written)
        if step < 4 or not tracker.structure.num_maps:
            tracker.structure = structure(self.graph, self.layers, self.names.layer, self.names.recurrent)
        used: dict[str, int] = {}
        for layer in self.layers:
            name = self.names.layer(layer.map.weight)
            if layer.map.reads_data and not self.drafts:
                tracker.sentinel.choose(tracker.parameters, layer.map.weight)
            if layer.map.in_first and step == 0:
                tracker.parameters.track(layer.map.weight).turn(layer.map.weight)
            used[name] = used.get(name, 0) + 1
            if used[name] > 1:
                continue
            self.drafts.append(read_layer(self.graph, layer, name, self.sheet))
            if (
                layer.map.reads_data
                and layer.map.input is not None
                and tracker.enters(layer.map.weight, layer.map.input)
            ):
                tracker.inputs = tracker.inputs or InputStatistics()
                self._read_input(tracker, layer.map, step)
            elif (data := data_beside(self.graph, layer.map)) is not None and tracker.enters(layer.map.weight, data):
                if tracker.inputs is None or tracker.inputs.integer:
                    tracker.inputs = InputStatistics()
                self._read_input(tracker, dataclasses.replace(layer.map, input=data), step)
            elif layer.map.kind.operation == "embedding" and tracker.inputs is None:
                tracker.inputs = InputStatistics(integer=True)
            self._listen(layer.map.node, self.drafts[-1])
        tracker.note_norm_batch(_norm_batch(self.graph))
        self._release()

    def _read_input(self, tracker: Tracker, entrance: Map, step: int) -> None:
        """Read the data that enter the network; of what is not finite, find out whether the model was given it."""
        inputs, x = tracker.inputs, entrance.input
        assert inputs is not None and x is not None
        before = inputs.bad
        inputs.add(x, entrance.kind.operation, step)
        given = [t for f in self.pending if f.recorded for t in tensors_in([*f.args, *f.kwargs.values()])]
        if inputs.bad == before or not given:
            return
        inputs.given_finite = inputs.given_finite is not False and not any(map(nonfinite, given))
        first = tracker.nonfinite
        if inputs.given_finite and first is not None and first.phase == "input" and first.step == step:
            tracker.nonfinite = dataclasses.replace(
                first,
                phase="forward",
                operation=BEFORE,
                born=True,
                detail="all that the model was given is finite, so its own steps before this layer made it",
            )

    def handmade(self) -> LossCall | None:
        """A functional call of the same value as a loss that was spelled out by hand; before `begin`."""
        return handmade_call(self.trace, self.loss_tensor)

    def _release(self) -> None:
        """Let go of the graph and of what it kept, so that the backward pass can free it as it goes."""
        self.graph = self.trace = self.loss_tensor = None  # type: ignore[assignment]
        self.pending, self.layers = [], []
        self.sheet.forget()

    def _listen(self, node: Node, draft: Draft) -> None:
        clock = self.observer.clock

        def on_gradient(grads: tuple[Tensor | None, ...]) -> None:
            if not grads or not isinstance(grads[0], Tensor):
                return
            start = time.perf_counter()
            try:
                with quiet():
                    draft.rows["gradient"] = self.sheet.add(grads[0])
            except Exception as error:
                self.observer.guard.note("gradients of signals", f"{type(error).__name__}: {error}")
            clock.spent += time.perf_counter() - start + clock.per_event

        self.handles.append(node.register_prehook(on_gradient))

    def end(self, tracker: Tracker) -> None:
        """After the backward pass: parameters and their gradients."""
        for handle in self.handles:
            handle.remove()
        moments = self.sheet.moments()
        parameters, weights, gradient, norm = tracker.parameters.read(reached=self.reentrant)
        step = tracker.step - 1
        value = tracker.losses[-1] if tracker.losses else math.nan
        reading = Reading(
            step=step,
            loss=value,
            layers=tuple(draft.reading(moments) for draft in self.drafts),
            parameters=tuple(parameters),
            gradient_norm=norm,
        )
        if tracker.loss_scale is not None:
            scale = tracker.loss_scale.value
            tracker.scaling.see(scale)
            reading, gradient = unscaled(reading, scale), gradient / scale
        # A gradient that overflows its loss scale is the scaler's business.
        scaled = tracker.loss_scale is not None and tracker.loss_scale.value >= 1
        if norm is not None and not math.isfinite(norm) and tracker.nonfinite is None and not scaled:
            note_bad_gradient(tracker, step, parameters, self.graph_risk())
        if tracker.replica is not None:
            tracker.replica.post(step, Note([p.name for p in parameters], weights, self.rows, value))
        tracker.keep_readings(tracker.updates.add(OpenReading(reading, weights, gradient)))
        tracker.updates.stepped = tracker.parameters.captured
        self._release()

    def drop(self) -> None:
        """Let go of the graph: its backward pass did not end."""
        for handle in self.handles:
            handle.remove()
        self._release()

    def graph_risk(self) -> str:
        """The operation whose derivative is not finite at a value it received, if the graph shows one."""
        return ", ".join(self.hand_written)

    def _read_loss(self, tracker: Tracker, step: int, loss: float) -> None:
        """Facts of the loss, its targets and the data pairs."""
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


def _norm_batch(graph: Graph) -> int | None:
    """Fewest values per channel that a train-mode batch norm of this graph averages over."""
    counts = []
    for node in graph.nodes:
        if op_name(node) in ("NativeBatchNorm", "CudnnBatchNorm") and saved(node, "training") is not False:
            shape = out_shape(node)
            if len(shape) >= 2 and shape[1]:
                counts.append(math.prod(shape) // shape[1])
    return min(counts, default=None)
