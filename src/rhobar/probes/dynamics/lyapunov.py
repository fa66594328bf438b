"""Lyapunov exponents: how fast nearby states part, along each direction.

Along an orbit x_{t+1} = f(x_t) with Q_0 = I,

    J(x_t) Q_t = Q_{t+1} R_{t+1},      λ_i = (1/(T τ)) Σ_t log |R_t,ii|,

τ the time of one step. λ_1 > 0 is chaos; Σ λ_i is the rate at which volume changes. Along one orbit the terms depend
on each other, so the error is that between blocks of it.

Textbook: B56[Adv].

Reference: Benettin, Galgani, Giorgilli and Strelcyn (1980), Lyapunov characteristic exponents, part 2;
Eckmann and Ruelle (1985), Ergodic theory of chaos, section V.C; Kaplan and Yorke (1979), on the dimension.
"""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.probes.dynamics.maps import Map, derivative
from rhobar.probes.samples import checked_samples

__all__ = ["LyapunovSpectrum", "lyapunov_spectrum"]


@dataclass(frozen=True)
class LyapunovSpectrum:
    """The exponents, the largest first.

    Attributes:
        values: λ, in nats per unit of time.
        stderr: Their standard errors.
        num_steps: Steps over all orbits.
    """

    values: Float[Tensor, " exponents"]
    stderr: Float[Tensor, " exponents"] = field(repr=False)
    num_steps: int

    @property
    def chaotic(self) -> bool:
        """Whether the largest exponent is above zero by two standard errors, and by more than rounding."""
        return bool(self.values[0] > 2 * self.stderr[0] + 1e-6)

    @property
    def dimension(self) -> float:
        """The Kaplan–Yorke dimension j + Σ_{i≤j} λ_i / |λ_{j+1}|, j the last with a sum that is not negative."""
        sums = self.values.cumsum(0)
        j = int((sums >= 0).sum())
        if j == 0 or j == len(sums):
            return float(j)
        return j + (sums[j - 1] / self.values[j].abs()).item()


def lyapunov_spectrum(
    f: Map,
    starts: Float[Tensor, "orbits dim"],
    *,
    num_exponents: int | None = None,
    num_steps: int = 2000,
    num_transient: int = 200,
    time_step: float = 1.0,
    num_blocks: int = 20,
    generator: torch.Generator | None = None,
) -> LyapunovSpectrum:
    """Measure the exponents along orbits.

    Args:
        f: The map, of many points at once; of a flow, its solution over `time_step`.
        starts: One orbit each, in parallel; their mean is returned.
        num_exponents: The leading ones, by default all.
        num_steps: T, steps of each orbit.
        num_transient: Steps before, for the orbit to come to its attractor.
        time_step: τ.
        num_blocks: Blocks of an orbit for the error; they should be longer than its memory.
        generator: Source of the first directions; by default one seeded with zero.

    Returns:
        The exponents; minus infinity where a direction is lost at once.

    Raises:
        ValueError: If the shape does not fit, an orbit leaves the finite numbers, or there are fewer than two blocks.

    Example:
        >>> f = lambda x: 4 * x * (1 - x)
        >>> found = lyapunov_spectrum(f, torch.tensor([[0.2]]).double())
        >>> abs(found.values[0] - 0.6931) < 4 * found.stderr[0]
        tensor(True)
    """
    if starts.dim() != 2 or num_blocks < 2 or num_steps < num_blocks:
        raise ValueError(
            f"starts must have the shape (orbits, dim), and at least two blocks of a step, got {tuple(starts.shape)}, "
            f"num_blocks {num_blocks} and num_steps {num_steps}."
        )
    checked_samples(starts, "starts", least=1)
    k = min(num_exponents or starts.shape[1], starts.shape[1])
    x = starts.detach().clone()
    generator = generator or torch.Generator().manual_seed(0)
    start = torch.randn(x.shape[0], x.shape[1], k, generator=generator, dtype=torch.float64)
    Q, _ = torch.linalg.qr(start.to(x))
    logs = []
    for t in range(num_transient + num_steps):
        x, J = derivative(f, x)
        if not bool(x.isfinite().all()):
            raise ValueError(f"The orbits must stay finite, but one left the finite numbers at step {t}; start nearer.")
        Q, R = torch.linalg.qr(J @ Q)
        if t >= num_transient:
            logs.append(R.diagonal(dim1=1, dim2=2).abs().log())
    steps = torch.stack(logs).double() / time_step
    blocks = torch.stack([part.mean(0) for part in steps.tensor_split(num_blocks)]).flatten(0, 1)
    values, stderr = steps.mean((0, 1)), blocks.std(0) / blocks.shape[0] ** 0.5
    order = values.argsort(descending=True)
    return LyapunovSpectrum(values[order], stderr[order], num_steps * x.shape[0])
