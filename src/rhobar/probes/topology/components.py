"""Persistent homology in degree 0: how clusters merge as the scale grows.

Every sample is a component born at 0. Two components merge, and one dies, at the length of an edge of the minimum
spanning tree; one never dies. So the deaths are the n − 1 edge lengths of that tree.

Textbook: B57[Adv].

Reference: Edelsbrunner and Harer (2010), Computational topology, section VII.1; Prim (1957), Shortest connection
networks (on the full matrix of distances, repeated samples included, which sparse routines take for missing edges).
"""

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["component_distance", "spanning_edges"]


def spanning_edges(d: Float[Tensor, "n n"]) -> Float[Tensor, " edges"]:
    """Return the edge lengths of the minimum spanning tree of a matrix of distances, ascending.

    Example:
        >>> x = torch.tensor([[0.0], [1.0], [5.0]])
        >>> spanning_edges(torch.cdist(x, x))
        tensor([1., 4.])
    """
    n = d.shape[0]
    nearest = d[0].clone()
    inside = torch.zeros(n, dtype=torch.bool)
    inside[0] = True
    edges = d.new_zeros(max(n - 1, 0))
    for i in range(n - 1):
        candidates = nearest.masked_fill(inside, torch.inf)
        j = int(candidates.argmin())
        edges[i] = candidates[j]
        inside[j] = True
        nearest = torch.minimum(nearest, d[j])
    return edges.sort().values


def component_distance(a: Float[Tensor, " n"], b: Float[Tensor, " m"]) -> float:
    """Return the bottleneck distance of two diagrams of components, given by their finite deaths.

    All are born at 0, so the k longest are matched in order and the rest with the diagonal, at half their length:
    the distance is the smallest over k of the larger of both.

    Example:
        >>> component_distance(torch.tensor([1.0, 5.0]), torch.tensor([6.0]))
        1.0
    """
    a, b = (x.sort(descending=True).values for x in (a, b))
    best = torch.inf
    for k in range(min(a.numel(), b.numel()) + 1):
        matched = (a[:k] - b[:k]).abs().max().item() if k else 0.0
        rest = [x[k].item() / 2 for x in (a, b) if x.numel() > k]
        best = min(best, max([matched, *rest]))
    return float(best)
