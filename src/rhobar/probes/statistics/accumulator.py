"""Statistics of a tensor that comes in pieces, in one pass, with the error of what was not read.

Piece b has N_b elements, of which whole positions are read. The sum of any q(x) over it is estimated as N_b q̄_b, where
q̄_b is the mean of the P_b positions' means, with variance (s_b²/P_b)(1 − P_b/P) for P positions in all; sums and
variances add up over pieces. So unequal pieces count by their elements, and reading everything leaves no error.

Reference: Cochran (1977), Sampling techniques, eqs. (2.20) and (9.4): means of equal clusters, without replacement.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.probes.statistics.reading import Read, read

__all__ = ["EXPONENTS", "Accumulator", "TensorStatistics"]

EXPONENTS = (-48, 48)
"""Range of the log-histogram: bin k holds 2^k ≤ |x| < 2^(k+1), the outer ones all beyond."""
_NAN = float("nan")


@dataclass(frozen=True)
class TensorStatistics:
    """What the elements of a tensor are like. Moments, extremes and the histogram are those of its finite elements.

    Attributes:
        mean: Their mean.
        mean_stderr: Its standard error; zero if all were read, as are the other errors.
        rms: Their root mean square.
        rms_stderr: Its standard error.
        smallest: The smallest element read.
        largest: The largest element read.
        zeros: The share that is exactly zero.
        zeros_stderr: Its standard error.
        nonfinite: The share that is NaN or infinite; exact always.
        saturated: The share where the activation's slope is below 1 % of its largest; `None` if it has no such part.
        saturated_stderr: Its standard error; `None` likewise.
        dead: The share of units that were zero wherever they were read; `None` if units could not be told apart.
        reads_per_unit: How often each was read: "dead" is over so many.
        histogram: Shares of the elements by ⌊log₂|x|⌋, from `EXPONENTS[0]` on; what is missing to 1 is zero.
        num_elements: N, over all pieces.
        num_read: How many of them were read.
    """

    mean: float
    mean_stderr: float
    rms: float
    rms_stderr: float
    smallest: float
    largest: float
    zeros: float
    zeros_stderr: float
    nonfinite: float
    saturated: float | None
    saturated_stderr: float | None
    dead: float | None
    reads_per_unit: int
    histogram: Float[Tensor, " bins"] = field(repr=False, compare=False)
    num_elements: int
    num_read: int


class Accumulator:
    """Takes pieces of a tensor, and merges with others of its kind.

    Args:
        max_elements: Elements read of each piece, about; `None` for all.
        generator: Chooses them; by default one seeded with zero.

    Example:
        >>> whole = Accumulator(max_elements=None)
        >>> whole.add(torch.tensor([[1.0, 0.0]]), unit_dim=1)
        >>> whole.add(torch.tensor([[3.0, 0.0], [5.0, 0.0]]), unit_dim=1)
        >>> found = whole.result()
        >>> found.mean, found.zeros, found.dead
        (1.5, 0.5, 0.5)
    """

    def __init__(self, *, max_elements: int | None = 1 << 16, generator: torch.Generator | None = None) -> None:
        if max_elements is not None and max_elements < 2:
            raise ValueError(f"max_elements must be at least 2, got {max_elements}; None reads everything.")
        self.max_elements, self.generator = max_elements, generator or torch.Generator().manual_seed(0)
        self.num_elements = self.num_read = self.num_nonfinite = self.reads_per_unit = 0
        self.sums = dict.fromkeys(("finite", "value", "square", "zero", "saturated"), 0.0)
        self.variances = dict(self.sums)
        self.has_saturation = False
        self.extremes = (math.inf, -math.inf)
        self.counts = torch.zeros(EXPONENTS[1] - EXPONENTS[0] + 1, dtype=torch.float64)
        self.alive: Tensor | None = None
        self.units_differ = False

    def add(self, x: Tensor, *, unit_dim: int = -1, saturated: Callable[[Tensor], Tensor] | None = None) -> None:
        """Take one piece.

        Args:
            x: The piece.
            unit_dim: Its dimension of units.
            saturated: Tells of elements whether they are.
        """
        if x.numel() == 0:
            return
        part = read(x.detach(), unit_dim, self.max_elements, self.generator)
        values = part.values.float() if part.values.dtype in (torch.bfloat16, torch.float16) else part.values
        finite = values.isfinite()
        if not x.detach().sum(dtype=torch.float64).isfinite():  # cheap, and sees any one
            self.num_nonfinite += int((~x.detach().isfinite()).sum())
        clean = values.where(finite, values.new_zeros(())).double()
        self._sum("finite", finite, part, x.numel())
        self._sum("value", clean, part, x.numel())
        self._sum("square", clean.square(), part, x.numel())
        self._sum("zero", values == 0, part, x.numel())
        if saturated is not None:
            self.has_saturation = True
            self._sum("saturated", saturated(clean), part, x.numel())
        if finite.any():
            low, high = values[finite].aminmax()
            self.extremes = (min(self.extremes[0], low.item()), max(self.extremes[1], high.item()))
        self._count(clean, x.numel() / values.numel())
        self._units((values != 0).any(0).cpu(), len(values))
        self.num_elements += x.numel()
        self.num_read += values.numel()

    def merge(self, other: "Accumulator") -> None:
        """Take over what another one has seen."""
        for name in self.sums:
            self.sums[name] += other.sums[name]
            self.variances[name] += other.variances[name]
        self.num_elements += other.num_elements
        self.num_read += other.num_read
        self.num_nonfinite += other.num_nonfinite
        self.has_saturation |= other.has_saturation
        self.extremes = min(self.extremes[0], other.extremes[0]), max(self.extremes[1], other.extremes[1])
        self.counts += other.counts
        self.units_differ |= other.units_differ
        if other.alive is not None:
            self._units(other.alive, other.reads_per_unit)

    def result(self) -> TensorStatistics | None:
        """Return the statistics of all pieces so far; `None` if there was none."""
        N = self.num_elements
        if N == 0:
            return None
        finite = self.sums["finite"] or _NAN
        rms = math.sqrt(self.sums["square"] / finite)
        error = {name: math.sqrt(value) for name, value in self.variances.items()}
        dead = None if self.alive is None or self.units_differ else 1 - self.alive.double().mean().item()
        any_finite = self.extremes[0] <= self.extremes[1]
        return TensorStatistics(
            self.sums["value"] / finite,
            error["value"] / finite,
            rms,
            error["square"] / finite / (2 * rms) if rms else 0.0,
            self.extremes[0] if any_finite else _NAN,
            self.extremes[1] if any_finite else _NAN,
            self.sums["zero"] / N,
            error["zero"] / N,
            self.num_nonfinite / N,
            self.sums["saturated"] / N if self.has_saturation else None,
            error["saturated"] / N if self.has_saturation else None,
            dead,
            self.reads_per_unit,
            self.counts / N,
            N,
            self.num_read,
        )

    def _sum(self, name: str, q: Tensor, part: Read, N: int) -> None:
        means = q.double().mean(1)
        self.sums[name] += N * means.mean().item()
        if not part.exact:
            P = len(means)
            self.variances[name] += N**2 * (means.var() / P * (1 - P / part.num_positions)).item()

    def _count(self, clean: Tensor, weight: float) -> None:
        exponent = torch.frexp(clean[clean != 0]).exponent - 1  # x = m 2^e with 1/2 ≤ m < 1
        bins = exponent.clamp(*EXPONENTS).long() - EXPONENTS[0]
        self.counts += weight * bins.bincount(minlength=len(self.counts)).double().cpu()

    def _units(self, alive: Tensor, reads: int) -> None:
        self.reads_per_unit += reads
        if self.alive is None:
            self.alive = alive
        elif self.alive.shape == alive.shape:
            self.alive = self.alive | alive
        else:
            self.units_differ = True
