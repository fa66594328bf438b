"""A dense reading of one backward pass: the graph before it, the gradients on its way, the parameters after it."""

import dataclasses
import math
import time
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from rhobar.record import BEFORE, AttentionReading, Reading
from rhobar.watch.attention import read_attentions
from rhobar.watch.beside import data_beside
from rhobar.watch.data import InputStatistics
from rhobar.watch.forwards import tensors_in
from rhobar.watch.graph import Graph, Node, op_name, out_shape, saved
from rhobar.watch.handmade import handmade_call
from rhobar.watch.hooks import LossCall
from rhobar.watch.layers import Draft, find_layers, read_layer, structure
from rhobar.watch.loss import trace_loss
from rhobar.watch.loss_reading import LossReading
from rhobar.watch.nonfinite import find_origin, nonfinite, note_bad_gradient, refine
from rhobar.watch.operations import Map
from rhobar.watch.quiet import quiet
from rhobar.watch.replicas import Note, row_prints
from rhobar.watch.scaling import LossScale, unscaled
from rhobar.watch.shards import ShardedReading, is_sharded, shards_of
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
) -> "StepReading | ShardedReading | None":
    """Read the graph of `loss` and find (or start) the training that it belongs to.

    Args:
        observer: Who reads.
        loss: What is about to be differentiated.
        tracker: The training that this place in the program was seen to be.
        scale: A factor that a scaler has put on `loss`.
    """
    models = [model for f in observer.passes.pending if (model := f.model()) is not None]
    spread = [p for model in models if is_sharded(model) for p in shards_of(model)]
    if spread:  # the graph holds their gathered weights, which have no memory now: to read them would end the program
        return _read_shards(observer, spread, loss, tracker, scale)
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


def _read_shards(
    observer: "Observer", parameters: list[Tensor], loss: Tensor, tracker: Tracker | None, scale: LossScale | None
) -> ShardedReading | None:
    reached = {id(p) for p in parameters if p.requires_grad}
    if observer.only is not None and not reached & observer.only:
        return None
    tracker = _find_tracker(observer, tracker, reached)
    if tracker is None:
        return None
    tracker.reached |= reached
    for p in parameters:
        tracker.parameters.track(p)
    return ShardedReading(observer, loss, tracker, scale)


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
        self.attentions: tuple[AttentionReading, ...] = ()
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
        LossReading(self.graph, self.trace, self.pending, self.layers, self.names).note(tracker, step, loss)
        tracker.hand_written.update(self.trace.hand_written)
        if step < 4 or not tracker.structure.num_maps:
            names = self.names
            tracker.structure = structure(self.graph, self.layers, names.layer, names.recurrent, names)
        used: dict[str, int] = {}
        for layer in self.layers:
            name = self.names.layer(layer.map.weight)
            if layer.map.reads_data and not self.drafts:
                tracker.sentinel.choose(tracker.parameters, layer.map.weight)
            if layer.map.in_first and step == 0:
                tracker.parameters.track(layer.map.weight).turn(layer.map.weight)
            tracker.parameters.weighs(layer.map.weight)
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
        self.attentions = read_attentions(self.graph, self.names.layer)
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
            start = time.thread_time()
            try:
                with quiet():
                    draft.rows["gradient"] = self.sheet.add(grads[0])
            except Exception as error:
                self.observer.guard.note("gradients of signals", f"{type(error).__name__}: {error}")
            clock.spent += time.thread_time() - start + clock.per_event

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
            attentions=self.attentions,
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


def _norm_batch(graph: Graph) -> int | None:
    """Fewest values per channel that a train-mode batch norm of this graph averages over."""
    counts = []
    for node in graph.nodes:
        if op_name(node) in ("NativeBatchNorm", "CudnnBatchNorm") and saved(node, "training") is not False:
            shape = out_shape(node)
            if len(shape) >= 2 and shape[1]:
                counts.append(math.prod(shape) // shape[1])
    return min(counts, default=None)
