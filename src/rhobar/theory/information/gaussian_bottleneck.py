"""The information bottleneck of normal variables in closed form: T = AX + noise, one direction after another.

With λ_i the eigenvalues and v_i the left eigenvectors of Σ_{x|y} Σ_x⁻¹, smallest λ first (most informative), direction
i is kept once β exceeds β_i = 1/(1 − λ_i), with the length

    α_i² = (β(1 − λ_i) − 1)/(λ_i v_iᵀΣ_x v_i),     rows of A: α_i v_i,     noise N(0, I),

    I(X; T) = ½ Σ ln((β − 1)(1 − λ_i)/λ_i),     I(T; Y) = I(X; T) − ½ Σ ln(β(1 − λ_i)),

summed over the directions kept. Below β = 1/(1 − λ_min) nothing is. β multiplies I(T; Y), as in Tishby's form.

Textbook: B49, C93

Reference: Chechik, Globerson, Tishby and Weiss (2005), Information bottleneck for Gaussian variables, theorem 3.1 and
    eqs. (18), (19).
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["GaussianBottleneck", "gaussian_bottleneck"]


@dataclass(frozen=True)
class GaussianBottleneck:
    """The optimum.

    Attributes:
        projection: A; a row of zeros for a direction that is not kept.
        complexity: I(X; T), in nats.
        relevance: I(T; Y), in nats.
        thresholds: β_i, ascending; infinite for a direction that says nothing of Y.
    """

    projection: Float[Tensor, "x x"]
    complexity: float
    relevance: float
    thresholds: Float[Tensor, " x"]


def gaussian_bottleneck(covariance: Float[Tensor, "n n"], split: int, beta: float) -> GaussianBottleneck:
    """Minimise I(X; T) − β I(T; Y) over all T, for jointly normal X and Y.

    Args:
        covariance: Of (X, Y), positive definite.
        split: Dimension of X.
        beta: β.

    Raises:
        ValueError: If one of the two has no dimension.

    Example:
        >>> two = torch.tensor([[1.0, 0.6], [0.6, 1.0]])  # λ = 1 − 0.36
        >>> below, above = (gaussian_bottleneck(two, 1, beta) for beta in (2.7, 2.8))
        >>> round(above.thresholds.item(), 4), below.complexity, above.complexity > 0
        (2.7778, 0.0, True)

    Textbook: B49, C93
    """
    S = covariance.double()
    if not 0 < split < len(S):
        raise ValueError(f"split must lie between 1 and {len(S) - 1}, got {split}.")
    Sx, Sxy, Sy = S[:split, :split], S[:split, split:], S[split:, split:]
    L = torch.linalg.cholesky(Sx)
    # In white coordinates Σ_x^{-½} Σ_{x|y} Σ_x^{-½} is symmetric; v = L⁻ᵀ u then has vᵀΣ_x v = 1.
    white = torch.linalg.solve_triangular(L, Sxy, upper=False)
    explained = white @ torch.linalg.solve(Sy, white.mT)
    told, U = torch.linalg.eigh((explained + explained.mT) / 2)
    told, U = told.flip(0).clamp(0, 1 - 1e-15), U.flip(1)  # 1 − λ, largest first
    told = torch.where(told < 1e-12, 0.0, told)
    V = torch.linalg.solve_triangular(L.mT, U, upper=True)
    gain = ((beta * told - 1) / (1 - told)).clamp_min(0)
    kept = gain > 0
    complexity = float(torch.log((beta - 1) * told[kept] / (1 - told[kept])).sum()) / 2
    relevance = complexity - float(torch.log(beta * told[kept]).sum()) / 2
    thresholds = torch.where(told > 0, 1 / told.clamp_min(1e-300), math.inf)
    return GaussianBottleneck(gain.sqrt()[:, None] * V.mT, complexity, relevance, thresholds)
