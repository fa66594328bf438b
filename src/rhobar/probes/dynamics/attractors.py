"""Where orbits end: points, cycles, or something that never repeats, each with the share of starts that come to it.

After a transient an orbit is held against itself: if it returns to its state after p steps, and no fewer, it is on a
cycle of period p (a point for p = 1). What does not return within `max_period` steps is called chaotic if its largest
Lyapunov exponent is positive, else aperiodic (quasi-periodic, or not settled yet).

Textbook: B54[Adv].

Reference: Strogatz (2015), Nonlinear dynamics and chaos, sections 10.2 and 10.5.
"""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from rhobar.probes.dynamics.lyapunov import lyapunov_spectrum
from rhobar.probes.dynamics.maps import Map
from rhobar.probes.estimate import Estimate, share_of
from rhobar.probes.samples import checked_samples

__all__ = ["Attractor", "Attractors", "attractors"]


@dataclass(frozen=True)
class Attractor:
    """One end of orbits.

    Attributes:
        kind: "point", "cycle", "chaotic" or "aperiodic".
        period: p; 0 where there is none.
        basin: Share of the starts.
        states: The states of the cycle, or some of an orbit that has none.
        exponent: Largest Lyapunov exponent, for what has no period; NaN otherwise.
    """

    kind: str
    period: int
    basin: Estimate
    states: Float[Tensor, "states dim"] = field(repr=False)
    exponent: float = float("nan")


@dataclass(frozen=True)
class Attractors:
    """All ends that were seen.

    Attributes:
        found: The most visited first.
        escaped: Share of the starts whose orbit left the finite numbers.
    """

    found: tuple[Attractor, ...]
    escaped: float


def attractors(
    f: Map,
    starts: Float[Tensor, "starts dim"],
    *,
    num_transient: int = 1000,
    max_period: int = 64,
    tol: float = 1e-5,
) -> Attractors:
    """Follow orbits to where they end.

    Args:
        f: The map, of many points at once.
        starts: Where the orbits start; basins are shares of these.
        num_transient: Steps before an orbit is judged.
        max_period: The longest cycle to look for.
        tol: Two states nearer than this, relative to 1 + ‖x‖, are one.

    Returns:
        The attractors. All orbits without a period count as one, judged by the mean exponent of twenty of them.

    Raises:
        ValueError: If there is no start or the shape does not fit.

    Example:
        >>> found = attractors(lambda x: x - 0.3 * (x**3 - x), torch.tensor([[-1.5], [-0.2], [0.3], [2.0]]))
        >>> [(a.kind, round(a.states[0, 0].item(), 3), a.basin.value) for a in found.found]
        [('point', -1.0, 0.5), ('point', 1.0, 0.5)]
    """
    if starts.dim() != 2:
        raise ValueError(f"starts must have the shape (starts, dim), got {tuple(starts.shape)}.")
    checked_samples(starts, "starts", least=1)
    x = starts.detach().clone()
    with torch.no_grad():
        for _ in range(num_transient):
            x = f(x)
        orbit = [x]
        for _ in range(max_period):
            orbit.append(f(orbit[-1]))
    states = torch.stack(orbit, 1)
    finite = states.isfinite().all(2).all(1)
    room = tol * (1 + torch.linalg.vector_norm(states[:, 0], dim=1))
    returns = torch.linalg.vector_norm(states[:, 1:] - states[:, :1], dim=2) <= room[:, None]
    period = torch.where(returns.any(1), returns.int().argmax(1) + 1, 0)
    found = [*_cycles(states, period, finite, room), *_without_period(f, states, finite & (period == 0))]
    return Attractors(tuple(sorted(found, key=lambda a: -a.basin.value)), 1 - finite.double().mean().item())


def _cycles(states: Tensor, period: Tensor, finite: Tensor, room: Tensor) -> list[Attractor]:
    left, found = finite & (period > 0), []
    while left.any():
        i = int(left.int().argmax())
        p = int(period[i])
        cycle = states[i, :p]
        gaps = torch.linalg.vector_norm(states[:, :1] - cycle, dim=2).amin(1)
        same = left & (period == p) & (gaps <= 10 * room)
        same[i] = True
        left = left & ~same
        found.append(Attractor("point" if p == 1 else "cycle", p, share_of(same), cycle))
    return found


def _without_period(f: Map, states: Tensor, which: Tensor) -> list[Attractor]:
    if not which.any():
        return []
    orbits = states[which]
    spectrum = lyapunov_spectrum(f, orbits[:20, 0], num_exponents=1, num_steps=400, num_transient=0)
    kind = "chaotic" if spectrum.chaotic else "aperiodic"
    return [Attractor(kind, 0, share_of(which), orbits[0], spectrum.values[0].item())]
