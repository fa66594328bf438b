"""Persistent homology of samples: the clusters (H₀) and loops (H₁) that last over scales.

In the Vietoris–Rips complex at scale r all samples nearer than r are joined. A class is born at one scale and dies at
another; those that live long are of the shape, those that live shortly of the sampling.

Which are long is judged by as many samples drawn from these with replacement, of which the (1 − α) quantile is taken:

    H₀   a class counts if it dies later than 2 c, c the Hausdorff distance to the resample: deaths move by no more
    H₁   a class counts if it lives longer than 2 c, c the bottleneck distance to the diagram of the resample

The second is the bottleneck bootstrap, a rule of thumb for this filtration: it is proven for smoother ones.

Textbook: B57[Adv].

References:
    Edelsbrunner, Letscher and Zomorodian (2002), Topological persistence and simplification.
    Fasy et al. (2014), Confidence sets for persistence diagrams, section 3.
    Chazal, Fasy, Lecci, Michel, Rinaldo and Wasserman (2018), Robust topological inference, section 6 (bootstrap).
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.probes.samples import checked_samples, distances
from rhobar.probes.topology.components import spanning_edges

__all__ = ["Persistence", "gudhi", "persistent_homology"]


@dataclass(frozen=True)
class Persistence:
    """Births and deaths, in units of `scale`.

    Attributes:
        components: H₀, births at 0; the last one never dies.
        loops: H₁; empty if it was not asked for.
        noise: 2 c of H₀ and of H₁, the life beyond which a class counts.
        scale: What distances were divided by; one if they were not.
        num_samples: Samples used.
    """

    components: Float[Tensor, "classes 2"] = field(repr=False)
    loops: Float[Tensor, "loops 2"] = field(repr=False)
    noise: tuple[float, float]
    scale: float
    num_samples: int

    def num_significant(self, degree: int) -> int:
        """Return the number of classes of H₀ or H₁ that live longer than the noise."""
        diagram = self.diagram(degree)
        return int((diagram[:, 1] - diagram[:, 0] > self.noise[degree]).sum())

    def diagram(self, degree: int) -> Float[Tensor, "classes 2"]:
        """Return births and deaths of H₀ or H₁.

        Raises:
            ValueError: If the degree is another one.
        """
        if degree not in (0, 1):
            raise ValueError(f"degree must be 0 or 1, got {degree}.")
        return self.loops if degree else self.components


def persistent_homology(
    x: Float[Tensor, "samples ..."],
    *,
    loops: bool = True,
    normalized: bool = True,
    max_samples: int = 200,
    confidence: float = 0.95,
    num_resamples: int = 20,
    generator: torch.Generator | None = None,
) -> Persistence:
    """Find the clusters and loops of samples.

    Args:
        x: Samples along the first axis.
        loops: Whether to find H₁ too, which needs the extra `topology`.
        normalized: Whether to divide distances by their median, so that layers of different size compare.
        max_samples: More are thinned out to a random subset; time grows as their cube.
        confidence: 1 − α.
        num_resamples: Of the bootstrap.
        generator: Source of subset and resamples; by default one seeded with zero.

    Returns:
        The diagrams.

    Raises:
        ValueError: If there are fewer than four samples, a value is not finite, or the confidence is not in (0, 1).

    Example:
        >>> x = torch.cat([torch.zeros(10, 1), torch.full((10, 1), 5.0)])
        >>> x = x + 0.01 * torch.arange(20)[:, None]
        >>> persistent_homology(x, loops=False).num_significant(0)
        2
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be in (0, 1), got {confidence}.")
    rows = checked_samples(x, least=4)
    generator = generator or torch.Generator().manual_seed(0)
    rows = rows[torch.randperm(rows.shape[0], generator=generator)[:max_samples]]
    d = distances(rows)
    scale = d[d > 0].median().item() if normalized and (d > 0).any() else 1.0
    d = d / scale
    n = d.shape[0]
    deaths = torch.cat([spanning_edges(d), d.new_tensor([torch.inf])])
    components = torch.stack([torch.zeros_like(deaths), deaths], 1)
    found = _loops(d) if loops else d.new_zeros(0, 2)
    noise = _noise(d, found if loops else None, confidence, num_resamples, generator)
    return Persistence(components, found, noise, scale, n)


def _loops(d: Float[Tensor, "n n"]) -> Float[Tensor, "loops 2"]:
    rips = gudhi("gudhi.sklearn.rips_persistence").RipsPersistence(
        homology_dimensions=1, input_type="full distance matrix"
    )
    (found,) = rips.fit_transform([d.numpy()])
    diagram = torch.as_tensor(found, dtype=torch.float64).reshape(-1, 2)
    return diagram[(diagram[:, 1] - diagram[:, 0]).argsort(descending=True)]


def gudhi(module: str) -> Any:  # noqa: ANN401
    """Import a module of gudhi.

    Raises:
        ImportError: If it is not installed.
    """
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"This needs gudhi ({error}); install the extra: pip install 'rhobar[topology]'. Clusters alone "
            "(loops=False) need nothing."
        ) from error


def _noise(
    d: Tensor,
    loops: Tensor | None,
    confidence: float,
    num_resamples: int,
    generator: torch.Generator,
) -> tuple[float, float]:
    """Return twice the quantiles of the distances to resamples, of the samples for H₀ and the diagrams for H₁."""
    n = d.shape[0]
    moved: list[list[float]] = [[], []]
    for _ in range(num_resamples):
        rows = torch.randint(n, (n,), generator=generator)
        part = d[rows][:, rows]
        moved[0].append(d[:, rows].amin(1).max().item())
        if loops is not None:
            moved[1].append(float(gudhi("gudhi").bottleneck_distance(_loops(part).numpy(), loops.numpy())))
    first, second = (2 * torch.tensor(m or [0.0]).quantile(confidence).item() for m in moved)
    return first, second
