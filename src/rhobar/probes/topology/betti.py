"""Betti curves: how many clusters and loops there are at each scale.

    β_k(r) = number of classes of degree k with birth ≤ r < death

Textbook: B57[Adv].

Reference: Edelsbrunner and Harer (2010), Computational topology, section VII.1.
"""

from jaxtyping import Float, Int
from torch import Tensor

from rhobar.probes.topology.persistence import Persistence

__all__ = ["betti_curve"]


def betti_curve(found: Persistence, radii: Float[Tensor, " points"], *, degree: int = 0) -> Int[Tensor, " points"]:
    """Count the classes that are alive at each scale.

    Args:
        found: Diagrams.
        radii: r, in the diagrams' units.
        degree: 0 for clusters, 1 for loops.

    Note:
        A `ValueError` is raised if the degree is another one.

    Example:
        >>> import torch
        >>> from rhobar.probes.topology import persistent_homology
        >>> x = torch.tensor([[0.0], [1.0], [3.0], [7.0]])
        >>> found = persistent_homology(x, loops=False, normalized=False)
        >>> betti_curve(found, torch.tensor([0.0, 1.5, 2.5, 9.0]))
        tensor([4, 3, 2, 1])
    """
    diagram = found.diagram(degree)
    r = radii.to(diagram)[:, None]
    alive: Tensor = ((diagram[:, 0] <= r) & (r < diagram[:, 1])).sum(1)
    return alive
