"""The autograd graph of a loss, read backwards: operations, leaves, and what each operation kept.

torch names an operation by its backward node (``AddmmBackward0``), links it to the nodes of its inputs
(``next_functions``) and keeps the tensors that its derivative needs (``_saved_*``). From these, structure and
values of any program can be read while it runs, whatever style it is written in.
"""

import functools
import re
from collections import defaultdict
from typing import Any

from torch import Tensor
from torch.autograd.function import BackwardCFunction

__all__ = ["Graph", "Node", "op_name", "out_shape", "saved"]

Node = Any
"""torch.autograd.graph.Node; its dynamic attributes (`_saved_*`, `variable`) are unknown to type checkers."""

MAX_NODES = 100_000


def op_name(node: Node) -> str:
    """``AddmmBackward0`` → ``Addmm``."""
    # The node of a custom Function is the context that its author may hang attributes on, `name` among them.
    name = type(node).__name__ if isinstance(node, BackwardCFunction) else node.name()
    return _short(name)


@functools.lru_cache(maxsize=4096)
def _short(name: str) -> str:
    return re.sub(r"Backward\d*$", "", name.rsplit("::", 1)[-1])


def out_shape(node: Node) -> tuple[int, ...]:
    """Shape of the operation's (first) output."""
    try:
        return tuple(int(n) for n in node._input_metadata[0].shape)
    except (AttributeError, IndexError, RuntimeError, TypeError):
        return ()


def saved(node: Node, name: str) -> Any:  # noqa: ANN401
    """What the operation kept under `name`; None if nothing, or if it was freed or changed in place since.

    What is kept by hooks on saved tensors (checkpointing, offloading) is not read: that would run the hooks.
    """
    if isinstance(node, BackwardCFunction):
        return None
    try:
        raw = getattr(node, f"_raw_saved_{name}", None)
        for one in raw if isinstance(raw, tuple) else (raw,):
            if getattr(one, "unpack_hook", None) is not None:
                return None
        value = getattr(node, f"_saved_{name}", None)
        return None if isinstance(value, Tensor) and value.is_nested else value
    except RuntimeError:
        return None


class Graph:
    """All operations that a loss depends on.

    Attributes:
        root: The loss's own node.
        nodes: Operations in the order in which the forward pass ran them.
        leaves: Tensors without history that require a gradient, by identity.
        consumers: For each node the operations that use its output.
        truncated: Whether the graph has more than MAX_NODES operations and was cut.
    """

    def __init__(self, loss: Tensor) -> None:
        self.root: Node = loss.grad_fn
        self.leaves: dict[int, Tensor] = {}
        self.leaf_nodes: dict[Node, Tensor] = {}
        self.consumers: dict[Node, list[Node]] = defaultdict(list)
        self.truncated = False
        found: list[Node] = []
        seen = {self.root}
        stack = [self.root] if self.root is not None else []
        while stack:
            node = stack.pop()
            variable = None if isinstance(node, BackwardCFunction) else getattr(node, "variable", None)
            if variable is not None and not node.next_functions:
                self.leaves[id(variable)] = variable
                self.leaf_nodes[node] = variable
                continue
            found.append(node)
            if len(found) > MAX_NODES:
                self.truncated = True
                break
            for child, _ in node.next_functions:
                if child is None:
                    continue
                self.consumers[child].append(node)
                if child not in seen:
                    seen.add(child)
                    stack.append(child)
        self.nodes = sorted(found, key=_sequence)

    @functools.cached_property
    def reentrant(self) -> bool:
        """Whether a reentrant checkpoint hides a part of it."""
        return any(op_name(node) == "CheckpointFunction" for node in self.nodes)

    def holds(self, x: Tensor) -> bool:
        """Whether the loss depends on the operation that made x."""
        node = x.grad_fn
        return self.truncated or (node is not None and (node is self.root or node in self.consumers))

    def inputs(self, node: Node) -> list[Node | None]:
        """Nodes of the operation's inputs, ``None`` for an input without a gradient."""
        return [child for child, _ in node.next_functions]

    def leaf_of(self, node: Node | None, *, depth: int = 10) -> Tensor | None:
        """The parameter that `node` is a mere view, cast or scaling of, if it is one."""
        while node is not None and depth > 0:
            if node in self.leaf_nodes:
                return self.leaf_nodes[node]
            if op_name(node) not in VIEWS | SCALINGS:
                return None
            children = [c for c in self.inputs(node) if c is not None]
            if len(children) != 1:
                return None
            node, depth = children[0], depth - 1
        return None

    def signal_inputs(self, node: Node) -> list[Node]:
        """Inputs of the operation that carry a signal: neither constants nor parameters."""
        return [c for c in self.inputs(node) if c is not None and self.leaf_of(c) is None]


def _sequence(node: Node) -> int:
    try:
        return int(node._sequence_nr())
    except (AttributeError, RuntimeError):
        return 0


VIEWS = frozenset(
    [
        "View",
        "Reshape",
        "ReshapeAlias",
        "UnsafeView",
        "Transpose",
        "T",
        "Permute",
        "Squeeze",
        "Unsqueeze",
        "Expand",
        "Select",
        "Slice",
        "Clone",
        "Contiguous",
        "ToCopy",
        "Alias",
        "AsStrided",
        "Narrow",
        "Unbind",
        "Split",
        "SplitWithSizes",
        "UnsafeSplit",
        "Chunk",
        "Index",
        "IndexSelect",
        "Flip",
        "Roll",
        "Detach",
        "ViewAsReal",
        "Unfold",
        "Movedim",
        "CopySlices",
        "CopyBackwards",
        "Repeat",
    ]
)
SCALINGS = frozenset(["Mul", "Div", "Neg", "Mean", "Sum", "WeightNormInterface", "NativeDropout", "FusedDropout"])
