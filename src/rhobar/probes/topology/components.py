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

__all__ = ["spanning_edges"]


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
