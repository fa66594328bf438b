"""Whether a hyperplane separates two classes, with a certificate either way, and how many mistakes finding it may cost.

With augmented inputs x̃ = (x, 1), exactly one of these holds (Gordan 1873):

    there is w̃ with yᵢ w̃·x̃ᵢ > 0 for all i                      (a separating hyperplane)
    there are λᵢ ≥ 0, Σ λᵢ = 1, with Σ λᵢ yᵢ x̃ᵢ = 0              (contradictory inequalities)

The second says that a weighted mean of one class is one of the other: the convex hulls meet there.

Textbook: A7, A8, A9, A10, C-§2.2, C-§3.1.2

References:
    Minsky and Papert (1969), Perceptrons.
    Novikoff (1962), On convergence proofs on perceptrons.
    Lawson and Hanson (1974), Solving least squares problems, section 23.4 (least distance programming).
"""

import importlib
import math
from dataclasses import dataclass
from types import ModuleType

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["NovikoffBound", "Separability", "distance_to_hyperplane", "novikoff_bound", "separability"]

_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Separability:
    """The answer, and what proves it.

    Attributes:
        separable: Whether a hyperplane leaves the classes strictly on its two sides.
        weight: w of such a hyperplane w·x + b = 0, NaN if there is none.
        bias: b.
        multipliers: λ, one a sample, if there is none: Σ λᵢ yᵢ (xᵢ, 1) = 0; zeros otherwise.
        meeting_point: A point in the convex hulls of both classes, if there is no hyperplane; NaN otherwise.
        residual: What the certificate leaves: the least yᵢ (w·xᵢ + b), above 0; or ‖Σ λᵢ yᵢ (xᵢ, 1)‖ with every feature
            scaled to at most 1, which is rounding.
    """

    separable: bool
    weight: Float[Tensor, " n"]
    bias: float
    multipliers: Float[Tensor, " samples"]
    meeting_point: Float[Tensor, " n"]
    residual: float


@dataclass(frozen=True)
class NovikoffBound:
    """How often a perceptron that starts at zero may be wrong.

    Attributes:
        updates: ⌊R²/γ²⌋, at most so many updates; infinite if the classes are not separable.
        radius: R, the largest length of an input (augmented by 1 if there is a bias).
        margin: γ, the distance of the best separator from the nearest input (augmented); 0 if there is none.
        weight: The best separator, of unit length; its last entry is the bias if there is one.
    """

    updates: float
    radius: float
    margin: float
    weight: Float[Tensor, " n"]


def separability(X: Float[Tensor, "samples n"], y: Float[Tensor, " samples"]) -> Separability:
    """Decide by one linear program whether y = ±1 is strictly linearly separable, and prove it.

    max t  so that  yᵢ (w·xᵢ + b) ≥ t,  −1 ≤ w, b ≤ 1

    t > 0 separates; t = 0 does not, and the multipliers of the inequalities are λ. Needs SciPy (extra `data`).

    Args:
        X: Inputs.
        y: Labels ±1, both of them.

    Refused if the labels are not ±1, or an input is not finite (ValueError).

    Raises:
        RuntimeError: If the solver gives up.

    Example:
        >>> corners = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        >>> separability(corners, torch.tensor([-1.0, -1.0, -1.0, 1.0])).separable  # AND
        True
        >>> separability(corners, torch.tensor([-1.0, 1.0, 1.0, -1.0])).meeting_point  # XOR
        tensor([0.5000, 0.5000], dtype=torch.float64)
    """
    augmented = _augmented(X, y)
    scale = augmented.abs().amax(0).clamp(min=torch.finfo(torch.float64).tiny)
    signed = y.double().unsqueeze(1) * augmented / scale  # every column at most 1: the tolerance means the same for all
    samples, columns = signed.shape
    A = torch.cat([-signed, torch.ones(samples, 1, dtype=torch.float64)], 1)  # t − yᵢ w̃·x̃ᵢ ≤ 0
    cost = torch.zeros(columns + 1, dtype=torch.float64)
    cost[-1] = -1
    bounds = [(-1.0, 1.0)] * columns + [(None, None)]
    found = _scipy("optimize").linprog(
        cost.numpy(), A_ub=A.numpy(), b_ub=torch.zeros(samples).numpy(), bounds=bounds, method="highs"
    )
    if found.status != 0:
        raise RuntimeError(f"The linear program must have an optimum, but the solver says: {found.message}")
    nan = torch.full((columns - 1,), math.nan, dtype=torch.float64)
    if -found.fun > _TOLERANCE:
        w = torch.as_tensor(found.x[:-1], dtype=torch.float64) / scale
        least = (y.double() * (X.double() @ w[:-1] + w[-1])).min().item()
        return Separability(True, w[:-1], w[-1].item(), torch.zeros(samples, dtype=torch.float64), nan, least)
    multipliers = (-torch.as_tensor(found.ineqlin.marginals.copy(), dtype=torch.float64)).clamp(min=0)
    multipliers = multipliers / multipliers.sum()
    positive = multipliers * (y > 0)
    point = positive @ X.double() / positive.sum()
    residual = torch.linalg.vector_norm(multipliers @ signed).item()
    return Separability(False, nan, math.nan, multipliers, point, residual)


def novikoff_bound(X: Float[Tensor, "samples n"], y: Float[Tensor, " samples"], *, bias: bool = True) -> NovikoffBound:
    """Return ⌊R²/γ²⌋ with the margin γ of the best separator: the perceptron, from zero, is wrong at most so often.

    γ = max_{‖w‖=1} min yᵢ w·xᵢ is the distance of the origin from the convex hull of {yᵢ xᵢ}. That distance comes from
    one non-negative least-squares problem, exact but for rounding: min ‖Z u − e‖, u ≥ 0, Z = (yᵢ xᵢ; 1), e = (0, 1).

    With a bias, inputs are augmented by 1 and so are R and γ: a bias is a weight like the others. The proof: with w_t
    after t updates, t γ ≤ w_t·w* ≤ ‖w_t‖ ≤ √t R. Needs SciPy (extra `data`).

    Args:
        X: Inputs.
        y: Labels ±1.
        bias: Whether the perceptron has one.

    Refused if the labels are not ±1, or an input is not finite (ValueError).

    Example:
        >>> novikoff_bound(torch.tensor([[2.0, 1.0], [-1.0, 2.0]]), torch.tensor([1.0, -1.0]), bias=False).updates
        2.0
    """
    signed = y.double().unsqueeze(1) * (_augmented(X, y) if bias else _augmented(X, y)[:, :-1])
    radius = torch.linalg.vector_norm(signed, dim=1).max().item()
    signed = signed / radius
    Z = torch.cat([signed.T, torch.ones(1, len(signed), dtype=torch.float64)])
    e = torch.zeros(len(Z), dtype=torch.float64)
    e[-1] = 1
    u, _ = _scipy("optimize").nnls(Z.numpy(), e.numpy(), maxiter=100 * len(signed))
    r = e - Z @ torch.as_tensor(u)
    # At the optimum r ∝ (−p, ‖p‖²), p the hull's point nearest to the origin; γ = ‖p‖.
    w = -r[:-1] / torch.linalg.vector_norm(r[:-1]).clamp(min=torch.finfo(torch.float64).tiny)
    margin = (signed @ w).min().item()
    if margin <= _TOLERANCE:
        return NovikoffBound(math.inf, radius, 0.0, torch.full_like(w, math.nan))
    return NovikoffBound(float(math.floor(margin**-2 * (1 + 1e-12))), radius, margin * radius, w)


def distance_to_hyperplane(
    X: Float[Tensor, "samples n"], weight: Float[Tensor, " n"], bias: float
) -> Float[Tensor, " samples"]:
    """Return the signed distance (w·x + b) / ‖w‖; that of the origin is b / ‖w‖, not b.

    Textbook: C-§3.1.2

    Example:
        >>> distance_to_hyperplane(torch.zeros(1, 2), torch.tensor([3.0, 4.0]), 10.0)
        tensor([2.])
    """
    value: Tensor = (X @ weight + bias) / torch.linalg.vector_norm(weight)
    return value


def _augmented(X: Tensor, y: Tensor) -> Tensor:
    """Return (xᵢ, 1) in double precision, once inputs and labels are what they must be.

    Raises:
        ValueError: If the labels are not ±1, or an input is not finite.
    """
    if not bool((y.abs() == 1).all()) or len(y.unique()) < 2:
        raise ValueError(f"y must hold −1 and +1, both of them, got {sorted(set(y.tolist()))[:5]}.")
    if not bool(X.isfinite().all()):
        raise ValueError("X must be finite; drop or fill what is missing first.")
    return torch.cat([X.double(), torch.ones(len(X), 1, dtype=torch.float64)], 1)


def _scipy(name: str) -> ModuleType:
    try:
        return importlib.import_module(f"scipy.{name}")
    except ImportError as error:
        raise ImportError("This needs SciPy; install the extra: pip install 'rhobar[data]'.") from error
