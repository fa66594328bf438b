"""Where one layer ends and the next begins, on the graph of a forward pass.

A block starts at the input of a linear map and ends at the first later one whose input depends on it, or at
the output. Where the signal also flows around it (a skip connection), one more block spans the branch as a
whole, from one tensor that carries all of the signal to the next.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

from torch import nn

from rhobar.probes.dependence import Dependence, Edge
from rhobar.probes.tracing import Call, Signal, Trace, is_linear_map

__all__ = ["Block", "find_blocks"]


@dataclass(frozen=True)
class Block:
    """A stretch of the network from one tensor to another, or a linear map that begins none, with the reason.

    Attributes:
        name: Its linear maps.
        modules: All leaf modules called in it.
        chained: Whether all of the signal flows through its start and its end, with no such tensor between.
        start: The tensor that enters.
        end: The tensor that leaves.
        reason: Why there is no start or end.
    """

    name: str
    modules: tuple[str, ...] = ()
    chained: bool = False
    start: Signal | None = None
    end: Signal | None = None
    reason: str = ""


@dataclass(frozen=True)
class _Point:
    """A tensor between blocks, and the index of the call that it enters first."""

    signal: Signal
    index: int


def find_blocks(model: nn.Module, trace: Trace) -> list[Block]:
    """Return the blocks in forward order, and those linear maps that belong to none."""
    missing = [
        Block(name, reason="it was not called")
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear | nn.modules.conv._ConvNd | nn.RNNBase)
        and not any(call.name == (name or type(model).__name__) for call in trace.calls)
        and not _inside_linear_map(model, name)
    ]
    if trace.output is None:
        reason = "no derivative leads from the model's input to its output"
        return [Block(c.name, reason=c.reason or reason) for c in trace.calls if c.linear] + missing
    graph = Dependence(trace.output.edge, trace.sources)
    calls = [_judged(call, graph) for call in trace.calls]
    last = _Point(trace.output, len(trace.calls))
    chain = _chain(calls, graph, last)
    placed = [(a.index, _block(calls, a, b, True)) for a, b in pairwise(chain)]
    spans = {(block.start.edge, block.end.edge) for _, block in placed if block.start and block.end}
    points = _points([c if c.linear else None for c in calls], graph)
    for point in points:
        end = next((p for p in [*points, last] if _follows(p, point, graph)), None)
        if end is not None and (point.signal.edge, end.signal.edge) not in spans:
            placed.append((point.index, _block(calls, point, end, False)))
    unmeasured = [(i, c) for i, c in enumerate(calls) if c.linear and c.reason]
    placed += [(index, Block(call.name, (call.name,), reason=call.reason)) for index, call in unmeasured]
    return [block for _, block in sorted(placed, key=lambda item: item[0])] + missing


def _judged(call: Call, graph: Dependence) -> Call:
    """Set a linear map aside if nothing comes of it."""
    if call.linear and call.signal is not None and not any(edge in graph for edge in call.made):
        return replace(call, signal=None, reason="the model's (first) output does not depend on it")
    return call


def _follows(later: _Point, earlier: _Point, graph: Dependence) -> bool:
    return (
        later.index > earlier.index
        and later.signal.edge != earlier.signal.edge
        and graph.depends(later.signal.edge, earlier.signal.edge)
    )


def _points(calls: list[Call | None], graph: Dependence) -> list[_Point]:
    """Return the different tensors that enter the calls."""
    first: dict[Edge, _Point] = {}
    for index, call in enumerate(calls):
        if call is not None and call.signal is not None and call.signal.edge in graph:
            first.setdefault(call.signal.edge, _Point(call.signal, index))
    return list(first.values())


def _chain(calls: list[Call], graph: Dependence, last: _Point) -> list[_Point]:
    """Return the tensors that carry all of the signal, with a linear map between any two."""
    cuts = graph.cuts()
    chain: list[_Point] = []
    for point in [p for p in _points([*calls], graph) if p.signal.edge in cuts] + [last]:
        if chain and not any(call.linear for call in calls[chain[-1].index : point.index]):
            chain.pop()
        chain.append(point)
    return chain


def _block(calls: list[Call], start: _Point, end: _Point, chained: bool) -> Block:
    called = calls[start.index : end.index]
    entered = [c for c in called if c.linear and c.signal and c.signal.edge == start.signal.edge]
    linear = [c.name for c in called if c.linear and c.signal] if chained else [c.name for c in entered]
    modules = tuple(call.name for call in called if call.leaf)
    return Block("+".join(linear), modules, chained, start.signal, end.signal)


def _inside_linear_map(model: nn.Module, name: str) -> bool:
    parents = [name.rpartition(".")[0]]
    while parents[-1]:
        parents.append(parents[-1].rpartition(".")[0])
    return any(is_linear_map(model.get_submodule(parent)) for parent in parents)
