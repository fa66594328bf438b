"""How far two diagrams are apart, and how the shape of the data changes from layer to layer.

    d_B(D, E) = min over matchings of max ‖p − match(p)‖_∞,   any class may be matched with the diagonal

If samples move by at most ε, births and deaths move by at most 2 ε and so does d_B of the diagrams.

Textbook: B57[Adv].

Reference: Cohen-Steiner, Edelsbrunner and Harer (2007), Stability of persistence diagrams.
"""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.probes.topology.components import component_distance
from rhobar.probes.topology.persistence import Persistence, gudhi, persistent_homology

__all__ = ["LayerTopology", "bottleneck_distance", "layer_topology"]


@dataclass(frozen=True)
class LayerTopology:
    """The shape of the same samples in each layer.

    Attributes:
        layers: Diagrams by layer, all of the same samples, distances in units of each layer's median.
        distances: Bottleneck distances of all pairs, by degree.
        skipped: Layers left out, each with the reason.
    """

    layers: dict[str, Persistence]
    distances: dict[int, Float[Tensor, "layers layers"]] = field(repr=False)
    skipped: dict[str, str] = field(default_factory=dict)


def bottleneck_distance(a: Persistence, b: Persistence, *, degree: int = 1) -> float:
    """Return the bottleneck distance of two diagrams; for loops it needs the extra `topology`.

    Classes that never die are matched among themselves: both have one of degree 0, born at 0.

    Note:
        A `ValueError` is raised if the degree is neither 0 nor 1.

    Example:
        >>> x = torch.tensor([[0.0], [1.0], [3.0], [7.0]])
        >>> one, two = (persistent_homology(s * x, loops=False, normalized=False) for s in (1.0, 1.5))
        >>> round(bottleneck_distance(one, two, degree=0), 6)
        2.0
    """
    finite = [p.diagram(degree) for p in (a, b)]
    if degree == 0:
        return component_distance(*(d[:, 1][d[:, 1].isfinite()] for d in finite))
    first, second = (d[d[:, 1].isfinite()].numpy() for d in finite)
    return float(gudhi("gudhi").bottleneck_distance(first, second))


def layer_topology(
    layers: dict[str, Tensor],
    *,
    loops: bool = True,
    max_samples: int = 200,
    generator: torch.Generator | None = None,
) -> LayerTopology:
    """Compare the shape of the same samples across layers.

    Args:
        layers: Activations by layer, samples along the first axis (see `rhobar.probes.representations`).
        loops: Whether to compare H₁ too.
        max_samples: As for `persistent_homology`; the same subset in every layer.
        generator: Source of the subset; by default one seeded with zero.

    Returns:
        Diagrams and distances.

    Raises:
        ValueError: If no layer can be measured.

    Example:
        >>> x = torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
        >>> found = layer_topology({"a": x, "b": 3 * x}, loops=False)
        >>> round(found.distances[0][0, 1].item(), 6)
        0.0
    """
    generator = generator or torch.Generator().manual_seed(0)
    state = generator.get_state()
    found, skipped = {}, {}
    for name, x in layers.items():
        generator.set_state(state)
        try:
            found[name] = persistent_homology(x, loops=loops, max_samples=max_samples, generator=generator)
        except ValueError as error:
            skipped[name] = str(error)
    if not found:
        raise ValueError(f"layers must hold a layer that can be measured, and hold none: {skipped}.")
    pairs = {}
    for degree in (0, 1) if loops else (0,):
        matrix = torch.zeros(len(found), len(found), dtype=torch.float64)
        for i, a in enumerate(found.values()):
            for j, b in enumerate(list(found.values())[:i]):
                matrix[i, j] = matrix[j, i] = bottleneck_distance(a, b, degree=degree)
        pairs[degree] = matrix
    return LayerTopology(found, pairs, skipped)
