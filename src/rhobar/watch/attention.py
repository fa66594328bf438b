"""How far apart the logits of an attention are, read where the graph kept its weights or its queries and keys.

    p_ij = softmax_j(s_ij),   σ_i = std_j(s_ij) = std_j(ln p_ij)      over the keys j that query i may see

Weights written out (`softmax(q @ k.T / √d) @ v`, `nn.MultiheadAttention` with its weights) are kept by softmax's
derivative; a fused attention keeps queries and keys, from which the logits of a few queries are computed again.
"""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from rhobar.record import AttentionReading
from rhobar.watch.graph import VIEWS, Graph, Node, op_name, saved
from rhobar.watch.operations import find_map

__all__ = ["read_attentions"]

FUSED = (
    "ScaledDotProductFlashAttentionForCpu",
    "ScaledDotProductFlashAttention",
    "ScaledDotProductEfficientAttention",
    "ScaledDotProductCudnnAttention",
)
MAX_ATTENTIONS = 16
QUERIES, KEYS = 64, 512
"""Queries of one attention, and keys of one query, that are read at most, evenly spread."""
SMALLEST = 1.4e-45
"""The smallest float32: of a weight that is 0 although no mask hides its key, no more is known than that it is less."""
_ON_THE_WAY = VIEWS | frozenset(["NativeDropout", "FusedDropout", "Mul"])
"""Between the weights and their product with the values."""


def read_attentions(graph: Graph, name_of: Callable[[Tensor], str]) -> tuple[AttentionReading, ...]:
    """Read every attention of a graph; `name_of` names the layer of a weight."""
    found: dict[str, AttentionReading] = {}
    for node, logits in _attentions(graph):
        name = _name(graph, node, name_of)
        reading = _reading(name, logits)
        if reading is not None:
            found.setdefault(name, reading)
        if len(found) == MAX_ATTENTIONS:
            break
    return tuple(found.values())


def _attentions(graph: Graph) -> Iterator[tuple[Node, Tensor]]:
    """Nodes of attentions, each with logits up to a constant of some queries (rows); −∞ where a key is not seen."""
    for node in graph.nodes:
        name = op_name(node)
        if name in ("Softmax", "SafeSoftmax") and _weighs_values(graph, node):
            p, dim = saved(node, "result"), saved(node, "dim")
            if isinstance(p, Tensor) and p.ndim >= 2 and p.numel():
                dim = dim - 2**64 if dim >= 2**63 else dim  # torch shows −1 as an unsigned number
                some = _thinned(p.detach().movedim(dim, -1)).float()
                yield node, torch.log(some if _masked(graph, node) else some.clamp_min(SMALLEST))
        elif name in FUSED:
            logits = _scores(node)
            if logits is not None:
                yield node, logits


def _weighs_values(graph: Graph, node: Node) -> bool:
    """Whether a softmax's result goes into a product of two signals."""
    for _ in range(6):
        users = graph.consumers.get(node, ())
        if len(users) != 1:
            return False
        node = users[0]
        if op_name(node) == "Bmm":
            return len(graph.signal_inputs(node)) == 2
        if op_name(node) not in _ON_THE_WAY:
            return False
    return False


def _masked(graph: Graph, node: Node) -> bool:
    """Whether anything but a scaling stands between the product of queries and keys and their softmax."""
    for _ in range(6):
        signals = graph.signal_inputs(node)
        if len(signals) != 1:
            return True
        node = signals[0]
        if op_name(node) == "Bmm":
            return False
        if op_name(node) not in VIEWS | {"Mul", "Div"}:
            return True
    return True


def _thinned(p: Tensor) -> Tensor:
    """Some rows of the last axis, and of each some entries."""
    p = p[..., :: -(-p.shape[-1] // KEYS)]
    while math.prod(p.shape[:-1]) > QUERIES:
        longest = max(range(p.ndim - 1), key=p.shape.__getitem__)
        excess = -(-math.prod(p.shape[:-1]) // QUERIES)
        # Odd steps visit every head and, of a causal mask, early and late queries alike.
        p = p.movedim(longest, 0)[:: min(excess, max(2, math.isqrt(p.shape[longest]))) | 1]
        p = p.movedim(0, longest)
    return p.reshape(-1, p.shape[-1])


def _scores(node: Node) -> Tensor | None:
    """Scaled products of some queries with the keys of a fused attention."""
    q, k = saved(node, "query"), saved(node, "key")
    if (
        not (isinstance(q, Tensor) and isinstance(k, Tensor))
        or q.ndim != 4
        or q.shape[1] != k.shape[1]
        or not q.numel()
    ):
        return None
    scale = saved(node, "scale") or 1 / math.sqrt(q.shape[-1])
    batch, heads, length, _ = q.shape
    samples = range(0, batch, -(-batch // 4))
    step = -(-length * heads * len(samples) // QUERIES)
    places = torch.arange(length - 1, -1, -step, device=q.device)  # from the last on, which sees most
    kept = torch.arange(0, k.shape[2], -(-k.shape[2] // KEYS), device=k.device)
    some = torch.tensor(samples, device=q.device)
    scores = q.detach()[some][:, :, places].float() @ k.detach()[some][:, :, kept].float().mT * scale
    if saved(node, "is_causal"):
        scores = scores.masked_fill(kept > places[:, None], -math.inf)
    mask = saved(node, "attn_mask")
    if isinstance(mask, Tensor):
        whole = mask.detach().expand(batch, heads, length, k.shape[2])
        scores = scores + whole[some][:, :, places][..., kept].float()
    return scores.flatten(0, -2)


def _reading(name: str, logits: Tensor) -> AttentionReading | None:
    """Spread of the logits over the keys of a query: the median over queries, with its standard error."""
    seen = torch.isfinite(logits)
    count = seen.sum(1)
    if bool(torch.isnan(logits).any()):
        return None
    filled = logits.masked_fill(~seen, 0.0)
    mean = filled.sum(1) / count.clamp_min(1)
    spread = ((filled - mean[:, None]) * seen).square().sum(1).div(count.clamp_min(1)).sqrt()[count >= 2]
    p = torch.softmax(logits[count >= 2], 1)
    if spread.numel() == 0:
        return AttentionReading(name, 1, 0.0, math.inf, 0.0)
    scatter = float(spread.std()) if spread.numel() > 1 else math.inf
    return AttentionReading(
        name=name,
        keys=int(count.median()),
        spread=float(spread.median()),
        stderr=math.sqrt(math.pi / 2) * scatter / math.sqrt(spread.numel()),
        passed=float((1 - p.square().sum(1)).mean()),
    )


def _name(graph: Graph, node: Node, name_of: Callable[[Tensor], str]) -> str:
    """The layer of the nearest map that the attention's signal comes from."""
    queue, seen = [node], {node}
    for _ in range(200):
        if not queue:
            break
        node = queue.pop(0)
        linear = find_map(graph, node)
        if linear is not None:
            return name_of(linear.weight)
        for child in graph.signal_inputs(node):
            if child not in seen:
                seen.add(child)
                queue.append(child)
    return "attention"
