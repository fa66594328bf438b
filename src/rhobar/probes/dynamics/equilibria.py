"""Fixed points of a map and their stability.

    F(x) = f(x) − x = 0,       Newton: x ← x − t (J − I)⁻¹ F(x),   t halved until ‖F‖ falls

A fixed point is stable if and only if the spectral radius ρ(J) < 1. Points at which ‖F‖ is small but not zero ("slow
points") are not counted: the search ends by a tolerance on ‖F‖.

Textbook: B53[Adv].

Reference: Sussillo and Barak (2013), Opening the black box: low-dimensional dynamics in high-dimensional recurrent
neural networks, section 2.
"""

from dataclasses import dataclass, field

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from rhobar.probes.dynamics.maps import Map, derivative
from rhobar.probes.samples import checked_samples

__all__ = ["FixedPoint", "FixedPoints", "fixed_points"]


@dataclass(frozen=True)
class FixedPoint:
    """A point with f(x) = x.

    Attributes:
        point: x.
        residual: ‖f(x) − x‖.
        radius: ρ(J), below one where it is stable.
        eigenvalues: Of J, the largest first.
        share: Share of the starts that came to it; the basin of Newton's method, not of the map.
    """

    point: Float[Tensor, " dim"] = field(repr=False)
    residual: float
    radius: float
    eigenvalues: Complex[Tensor, " dim"] = field(repr=False)
    share: float

    @property
    def kind(self) -> str:
        """Stable, a saddle (some directions leave it), or unstable (all do)."""
        sizes = self.eigenvalues.abs()
        return "stable" if sizes[0] < 1 else "unstable" if sizes[-1] > 1 else "saddle"

    @property
    def num_unstable(self) -> int:
        """Number of directions that leave it."""
        return int((self.eigenvalues.abs() > 1).sum())


@dataclass(frozen=True)
class FixedPoints:
    """The fixed points that were found; there may be more.

    Attributes:
        points: The most visited first.
        num_starts: Starts.
        num_lost: Starts that came to none.
    """

    points: tuple[FixedPoint, ...]
    num_starts: int
    num_lost: int


def fixed_points(
    f: Map,
    starts: Float[Tensor, "starts dim"],
    *,
    tol: float = 1e-8,
    max_steps: int = 50,
    separation: float = 1e-4,
) -> FixedPoints:
    """Find fixed points by Newton's method from many starts, in float64 where the map allows it.

    Args:
        f: The map, of many points at once, each on its own (see `recurrent_map`).
        starts: Where to start, for instance states that the map was seen in.
        tol: On ‖f(x) − x‖, relative to 1 + ‖x‖; float32 cannot do better than about 1e-6.
        max_steps: Newton steps.
        separation: Two solutions nearer than this, relative to 1 + ‖x‖, are one.

    Returns:
        The points, with eigenvalues.

    Raises:
        ValueError: If there is no start, or the map is not differentiable or changes the shape.

    Example:
        >>> from rhobar.probes.dynamics import fixed_points
        >>> found = fixed_points(lambda x: 3.2 * x * (1 - x), torch.tensor([[0.1], [0.6]]).double())
        >>> sorted((abs(round(p.point.item(), 4)), round(p.radius, 4), p.kind) for p in found.points)
        [(0.0, 3.2, 'unstable'), (0.6875, 1.2, 'unstable')]
    """
    if starts.dim() != 2:
        raise ValueError(f"starts must have the shape (starts, dim), got {tuple(starts.shape)}.")
    checked_samples(starts, "starts", least=1)
    x = starts.detach().clone()
    for _ in range(max_steps):
        y, J = derivative(f, x)
        F = y - x
        size = torch.linalg.vector_norm(F, dim=1)
        if bool((size <= 0.1 * tol * (1 + torch.linalg.vector_norm(x, dim=1)))[size.isfinite()].all()):
            break
        x = _damped(f, x, F, J)
    y, J = derivative(f, x)
    size = torch.linalg.vector_norm(y - x, dim=1)
    good = (size <= tol * (1 + torch.linalg.vector_norm(x, dim=1))) & J.isfinite().all((1, 2))
    indices = good.nonzero()[:, 0]
    points = []
    for best, count in _distinct(x[good], size[good], separation):
        i = indices[best]
        eigenvalues = torch.linalg.eigvals(J[i].double())
        eigenvalues = eigenvalues[eigenvalues.abs().argsort(descending=True)]
        radius = eigenvalues[0].abs().item()
        points.append(FixedPoint(x[i], size[i].item(), radius, eigenvalues, count / starts.shape[0]))
    return FixedPoints(tuple(points), starts.shape[0], int((~good).sum()))


def _damped(f: Map, x: Tensor, F: Tensor, J: Tensor) -> Tensor:
    """Take a Newton step from each point, halved up to eight times until ‖F‖ is smaller; else stay."""
    eye = torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    usable = F.isfinite().all(1) & J.isfinite().all((1, 2))
    A = torch.where(usable[:, None, None], J - eye, eye)
    right = torch.where(usable[:, None], F, 0.0)[..., None]
    step = -torch.linalg.lstsq(A, right).solution[..., 0] if _singular(A) else -torch.linalg.solve(A, right)[..., 0]
    best, size, t = x.clone(), torch.linalg.vector_norm(F, dim=1), 1.0
    waiting = usable.clone()
    with torch.no_grad():
        for _ in range(8):
            trial = x + t * step
            new = torch.linalg.vector_norm(f(trial) - trial, dim=1)
            better = waiting & (new < size)
            best = torch.where(better[:, None], trial, best)
            waiting &= ~better
            t /= 2
            if not waiting.any():
                break
    return best


def _singular(A: Tensor) -> bool:
    _, info = torch.linalg.inv_ex(A)
    return bool((info != 0).any())


def _distinct(x: Tensor, size: Tensor, separation: float) -> list[tuple[int, int]]:
    """Return the best of each group of equal solutions, and the size of the group, the largest first."""
    found: list[tuple[int, int]] = []
    left = torch.ones(x.shape[0], dtype=torch.bool, device=x.device)
    while left.any():
        i = int(left.int().argmax())
        near = torch.linalg.vector_norm(x - x[i], dim=1) <= separation * (1 + torch.linalg.vector_norm(x[i]))
        near &= left
        near[i] = True
        left &= ~near
        found.append((int(torch.where(near, size, torch.inf).argmin()), int(near.sum())))
    return sorted(found, key=lambda item: -item[1])
