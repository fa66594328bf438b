"""Four losses of two parameters on which the update rules can be seen at work."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["LANDSCAPES", "Landscape", "plateau", "quadratic", "rosenbrock", "saddle"]


@dataclass(frozen=True)
class Landscape:
    """A loss with its start and the window that shows it.

    Attributes:
        name: Its name.
        formula: The loss in x and y, or in the turned axes u and v.
        lesson: What is hard about it.
        loss: θ = (x, y) in the last axis ↦ L.
        start: θ₀.
        minima: All global minima.
        window: (x from, x to, y from, y to).
    """

    name: str
    formula: str
    lesson: str
    loss: Callable[[Tensor], Tensor]
    start: tuple[float, float]
    minima: tuple[tuple[float, float], ...]
    window: tuple[float, float, float, float]

    def gradient(self, theta: Float[Tensor, "*batch 2"]) -> Float[Tensor, "*batch 2"]:
        """Return ∇L by automatic differentiation.

        Example:
            >>> LANDSCAPES["rosenbrock"].gradient(torch.tensor([0.0, 1.0]))
            tensor([ -2., 200.])
        """
        with torch.enable_grad():
            theta = theta.detach().requires_grad_()
            return torch.autograd.grad(self.loss(theta).sum(), theta)[0]


def _turned(theta: Tensor) -> tuple[Tensor, Tensor]:
    """Return (u, v): the axes turned by 30° around (1, ½).

    On the axes and around the origin, rules that scale each coordinate, or decay towards 0, would be led to the
    minimum.
    """
    x, y = theta[..., 0] - 1.0, theta[..., 1] - 0.5
    c, s = math.cos(math.pi / 6), math.sin(math.pi / 6)
    return c * x + s * y, c * y - s * x


def quadratic(theta: Float[Tensor, "*batch 2"]) -> Float[Tensor, "*batch"]:
    """A valley of condition 20, L = ½u² + 10v²: the rate that v allows is slow for u.

    Example:
        >>> quadratic(torch.tensor([1.0, 0.5]))
        tensor(0.)

    Textbook: A55, B27.
    """
    u, v = _turned(theta)
    return 0.5 * u**2 + 10 * v**2


def rosenbrock(theta: Float[Tensor, "*batch 2"]) -> Float[Tensor, "*batch"]:
    """A bent valley, L = (1 − x)² + 100(y − x²)²: down into it at once, along it for long.

    Example:
        >>> rosenbrock(torch.tensor([1.0, 1.0]))
        tensor(0.)

    Reference: Rosenbrock (1960), An automatic method for finding the greatest or least value of a function.
    """
    x, y = theta.unbind(-1)
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def saddle(theta: Float[Tensor, "*batch 2"]) -> Float[Tensor, "*batch"]:
    """A saddle, L = ½x² − ½y² + ¼y⁴: attractive along x, repelling along y, with minima at y = ±1.

    Example:
        >>> saddle(torch.tensor([0.0, 1.0]))
        tensor(-0.2500)

    Textbook: B61, B63.
    """
    x, y = theta.unbind(-1)
    return 0.5 * x**2 - 0.5 * y**2 + 0.25 * y**4


def plateau(theta: Float[Tensor, "*batch 2"]) -> Float[Tensor, "*batch"]:
    """A pit in a plain, L = 1 − exp(−½(u² + 2v²)): far away there is almost no gradient, near it there is much.

    Example:
        >>> plateau(torch.tensor([1.0, 0.5]))
        tensor(0.)

    Textbook: B64.
    """
    u, v = _turned(theta)
    return 1 - torch.exp(-0.5 * (u**2 + 2 * v**2))


LANDSCAPES: dict[str, Landscape] = {
    row.name: row
    for row in (
        Landscape("quadratic", "½u² + 10v²", "a valley of condition 20, turned by 30°",
                  quadratic, (-3.0, -0.8), ((1.0, 0.5),), (-3.6, 2.4, -2.4, 1.8)),
        Landscape("rosenbrock", "(1 − x)² + 100(y − x²)²", "a bent valley, hardly sloping along its ground",
                  rosenbrock, (-1.2, 1.0), ((1.0, 1.0),), (-1.8, 1.6, -0.5, 2.2)),
        Landscape("saddle", "½x² − ½y² + ¼y⁴", "almost on the ridge of a saddle",
                  saddle, (-2.0, 0.001), ((0.0, 1.0), (0.0, -1.0)), (-2.4, 1.4, -1.5, 1.5)),
        Landscape("plateau", "1 − exp(−½(u² + 2v²))", "a plain almost without slope, then a pit",
                  plateau, (-1.8, 0.2), ((1.0, 0.5),), (-2.5, 2.5, -1.3, 2.2)),
    )
}  # fmt: skip
"""Name ↦ landscape."""
