"""A computational graph in the language of Mermaid, which many places draw from text."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rhobar.nn.backprop.graph import ComputationalGraph, GraphNode

__all__ = ["mermaid"]

_SHAPES = {"parameter": ("[[", "]]"), "input": ("([", "])"), "operation": ("[", "]"), "loss": ("((", "))")}


def mermaid(graph: "ComputationalGraph") -> str:
    """Write a flowchart from the top down, each edge labelled by the size of its derivative."""
    lines = ["flowchart TD"]
    for node in graph.nodes:
        opening, closing = _SHAPES[node.kind]
        lines.append(f'    n{node.index}{opening}"{_words(node)}"{closing}')
    for edge in graph.edges:
        size = edge.derivative.size
        words = "?" if size != size else ("" if edge.derivative.exact else "≈ ") + f"{size:.3g}"
        lines.append(f'    n{edge.source} -->|"{_escape(words)}"| n{edge.target}')
    return "\n".join(lines) + "\n"


def _words(node: "GraphNode") -> str:
    shape = " × ".join(map(str, node.shape))
    return _escape(node.label) + (f" #40;{shape}#41;" if shape else "")


def _escape(words: str) -> str:
    """Write all but letters, digits and a few harmless marks as Mermaid's character codes."""
    return re.sub(r"[^\w .,?≈×−+-]", lambda mark: f"#{ord(mark.group())};", words)
