"""From a loss to its computational graph, whatever program computed it.

Textbook: A48.
"""

import re
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import BackwardCFunction

from rhobar.nn.backprop.graph import ComputationalGraph, GraphEdge, GraphNode, renumbered
from rhobar.nn.backprop.local_derivative import Node, local_derivatives

__all__ = ["computational_graph"]


def computational_graph(
    loss: Float[Tensor, "..."],
    names: nn.Module | Mapping[str, Tensor] | None = None,
    *,
    exact_up_to: int = 32,
    num_probes: int = 8,
    generator: torch.Generator | None = None,
) -> ComputationalGraph:
    """Read the graph that autograd built for a loss, and measure the derivative on every edge.

    Each size is the Frobenius norm ‖∂(outputs of the operation)/∂(one input)‖_F: exact for operations of few outputs,
    estimated with its standard error for others. It costs somewhat more than `num_probes` backward passes. Nothing is
    changed: no gradient accumulates, no hook runs, and the loss can be differentiated afterwards.

    Inputs are nodes only if they require a gradient: torch keeps no trace of constants.

    Textbook: A48.

    Args:
        loss: Any tensor with a history; mostly one number.
        names: A module whose parameters are to be called by their names, or any tensors by name.
        exact_up_to: Operations with at most so many outputs are measured exactly.
        num_probes: Random vectors for the others, at least two.
        generator: Source of these; by default one seeded with zero.

    Returns:
        The graph, as plain data.

    Raises:
        ValueError: If the loss has no history, its graph was freed, or fewer than two probes are allowed.

    Example:
        >>> w, x = torch.tensor(3.0, requires_grad=True), torch.tensor(2.0)
        >>> graph = computational_graph((w * x) ** 2, {"w": w})
        >>> [node.label for node in graph.nodes]
        ['w', 'Mul', 'Pow']
        >>> [edge.derivative.size for edge in graph.edges]  # x, and 2 w x; their product is the gradient
        [2.0, 12.0]

    Reference: Griewank and Walther (2008), Evaluating derivatives, section 2.2.
    """
    if loss.grad_fn is None:
        raise ValueError(
            "The loss must have been computed from something that requires a gradient, got a tensor without history; "
            "compute it outside torch.no_grad(), and do not detach it."
        )
    if num_probes < 2:
        raise ValueError(f"num_probes must be at least 2, got {num_probes}; one gives no standard error.")
    generator = generator or torch.Generator().manual_seed(0)
    order = _in_order(loss.grad_fn)
    places = {node: index for index, node in enumerate(order)}
    called = _names(names)
    nodes, edges = [], []
    for index, node in enumerate(order):
        nodes.append(_described(node, index, "loss" if node is loss.grad_fn else "operation", called))
        if _variable(node) is not None:
            continue
        sizes = local_derivatives(node, exact_up_to=exact_up_to, num_probes=num_probes, generator=generator)
        sources = [places[child] for child, _ in node.next_functions if child is not None]
        edges += [GraphEdge(source, index, size) for source, size in zip(sources, sizes, strict=True)]
    return renumbered(nodes, edges)


def _in_order(root: Node) -> list[Node]:
    """List every node after all that it uses, by depth first without recursion: graphs are deep."""
    order: list[Node] = []
    seen = {root}
    stack = [(root, iter(root.next_functions))]
    while stack:
        node, children = stack[-1]
        following = next((child for child, _ in children if child is not None and child not in seen), None)
        if following is None:
            order.append(node)
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(following.next_functions)))
    return order


def _variable(node: Node) -> Tensor | None:
    """The tensor at which a gradient accumulates, if the node is where one does."""
    if isinstance(node, BackwardCFunction) or node.next_functions:
        return None
    variable: Tensor | None = getattr(node, "variable", None)
    return variable


def _described(node: Node, index: int, kind: str, called: Mapping[object, str]) -> GraphNode:
    variable = _variable(node)
    if variable is not None:
        kind = "parameter" if isinstance(variable, nn.Parameter) else "input"
        return GraphNode(index, kind, "", tuple(variable.shape), called.get(id(variable), ""), 0)
    # The node of a custom Function is the context that its author may hang attributes on, `name` among them.
    written = type(node).__name__ if isinstance(node, BackwardCFunction) else node.name()
    operation = re.sub(r"Backward\d*$", "", written.rsplit("::", 1)[-1])
    shape = tuple(int(n) for n in node._input_metadata[0].shape)
    return GraphNode(index, kind, operation, shape, called.get(node, ""), 0)


def _names(names: nn.Module | Mapping[str, Tensor] | None) -> dict[object, str]:
    """Names of leaves by identity, and of other tensors by the node that made them."""
    if isinstance(names, nn.Module):
        names = dict(names.named_parameters())
    called: dict[object, str] = {}
    for name, tensor in (names or {}).items():
        called[id(tensor) if tensor.grad_fn is None else tensor.grad_fn] = name
    return called
