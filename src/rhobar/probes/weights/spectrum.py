"""The singular values of every weight matrix, beside those of a matrix of independent entries.

What lies beyond the random-matrix edge is structure: learned, or put there. A layer that is all bulk could be
drawn anew.

    stable rank  ‖W‖_F²/σ₁²        energy of rank k  Σ_{i≤k} σ_i²/‖W‖_F²

Textbook: A73

References:
    Martin and Mahoney (2021), Implicit self-regularization in deep neural networks, sections 3 and 4.
    Rudelson and Vershynin (2007), Sampling from large matrices (stable rank).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rhobar.linalg import Band, singular_value_band
from rhobar.probes.weights.matrices import as_matrix, energy_kept, least_rank, matrix_parameters
from rhobar.probes.weights.power_law import PowerLaw, fit_power_law

__all__ = ["WeightSpectrum", "weight_spectra"]


@dataclass(frozen=True)
class WeightSpectrum:
    """One weight matrix.

    Attributes:
        name: The parameter.
        shape: Rows (outputs) and columns (inputs, times places for a kernel).
        singular_values: σ, descending, in float64.
        stable_rank: ‖W‖_F²/σ₁², at most the rank; 0 for a zero matrix.
        band: Where the bulk would lie if it were random with the variance it has.
        spikes: How many singular values are beyond the band by more than two of its scales.
        spike_energy: Their share of ‖W‖_F².
        power_law: Of the tail of the eigenvalues σ² of WᵀW; `None` if they are too few.
        reason: Why numbers are missing (NaN); empty if none are.
    """

    name: str
    shape: tuple[int, int]
    singular_values: Float[Tensor, " rank"] = field(repr=False)
    stable_rank: float
    band: Band
    spikes: int
    spike_energy: float
    power_law: PowerLaw | None
    reason: str = ""

    def energy(self, rank: int) -> float:
        """Return the share of ‖W‖_F² that the best approximation of this rank keeps."""
        return energy_kept(self.singular_values, rank)

    def rank_for(self, energy: float) -> int:
        """Return the least rank that keeps a share of ‖W‖_F², in (0, 1]."""
        return least_rank(self.singular_values, energy)


def weight_spectra(
    model: nn.Module,
    *,
    names: Sequence[str] | None = None,
    min_tail: int = 10,
    num_bootstrap: int = 100,
    generator: torch.Generator | None = None,
) -> tuple[WeightSpectrum, ...]:
    """Decompose every weight matrix; kernels as outputs × (inputs · places), embeddings as they are.

    Args:
        model: Any module.
        names: Parameters by name; by default all with two rows and two columns at least, a tied one once.
        min_tail: The least number of eigenvalues in a power law's tail.
        num_bootstrap: Samples for its goodness of fit; 0 for none.
        generator: Source of their randomness; by default one seeded with zero.

    Returns:
        One entry a matrix; one that is not finite has its `reason`.

    Note:
        A `ValueError` is raised if a name is not that of a matrix, or there is none.

    Example:
        >>> model = nn.Linear(50, 40)
        >>> _ = nn.init.normal_(model.weight), model.weight.data.add_(1.0)  # noise, and one direction of size √(40·50)
        >>> weight_spectra(model, num_bootstrap=0)[0].spikes
        1
    """
    generator = generator or torch.Generator().manual_seed(0)
    found = matrix_parameters(model, names)
    return tuple(_spectrum(name, as_matrix(p), min_tail, num_bootstrap, generator) for name, p in found.items())


def _spectrum(name: str, W: Tensor, min_tail: int, num_bootstrap: int, generator: torch.Generator) -> WeightSpectrum:
    m, n = W.shape
    nan = float("nan")
    if not bool(W.isfinite().all()):
        empty = torch.full((min(m, n),), nan, dtype=torch.float64)
        return WeightSpectrum(name, (m, n), empty, nan, Band(nan, nan, nan), 0, nan, None, "it is not finite")
    sigma = torch.linalg.svdvals(W)
    squares, total = sigma.square(), sigma.square().sum().item()
    band, spikes = _bulk(squares, m, n)
    kept, law = squares[squares > 1e-12 * squares[0]], None
    if kept.unique().numel() >= 2 * min_tail and kept[0] > (1 + 1e-6) * kept[-1]:
        law = fit_power_law(kept, min_tail=min_tail, num_bootstrap=num_bootstrap, generator=generator)
    return WeightSpectrum(
        name,
        (m, n),
        sigma,
        total / squares[0].item() if total else 0.0,
        band,
        spikes,
        squares[:spikes].sum().item() / total if total else 0.0,
        law,
    )


def _bulk(squares: Tensor, m: int, n: int) -> tuple[Band, int]:
    """Return the band of the bulk and how many are beyond it, which are taken out of the variance until none is new."""
    spikes = 0
    while True:
        rest = max((m - spikes) * (n - spikes), 1)
        std = (squares[spikes:].sum().item() / rest) ** 0.5
        band = singular_value_band(m, n, std)
        beyond = int((squares.sqrt() > band.high + 2 * band.scale).sum())
        if beyond <= spikes or beyond >= len(squares) // 2:
            return band, max(spikes, min(beyond, len(squares)))
        spikes = beyond
