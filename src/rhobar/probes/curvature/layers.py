"""The curvature of each layer: the diagonal blocks of a matrix, with their largest eigenvalue and trace.

Textbook: B61 (part 13).
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import nn

from rhobar.linalg import LinearOperator, eigenpairs, hutchinson_trace, symmetry_error
from rhobar.probes.curvature.hessian import hessian
from rhobar.probes.curvature.parameters import layer_names
from rhobar.probes.curvature.risk import Batch, Loss

__all__ = ["LayerCurvature", "layer_curvature"]

_NAN = float("nan")


@dataclass(frozen=True)
class LayerCurvature:
    """What the block of one layer's parameters is like.

    Attributes:
        name: The module that holds the parameters; empty for the model itself.
        size: Number of its parameters.
        sharpness: Its largest eigenvalue, from below.
        residual: It has an eigenvalue within this distance of `sharpness`.
        trace: Its trace, by Hutchinson.
        trace_stderr: Standard error of `trace`.
        num_matvecs: Products with it.
        reason: Why numbers are missing (NaN); empty if none are.
    """

    name: str
    size: int
    sharpness: float = _NAN
    residual: float = _NAN
    trace: float = _NAN
    trace_stderr: float = _NAN
    num_matvecs: int = 0
    reason: str = ""


def layer_curvature(
    model: nn.Module,
    loss: Loss,
    batches: Iterable[Batch],
    *,
    matrix: Callable[..., LinearOperator] = hessian,
    num_matvecs: int = 16,
    tol: float = 1e-2,
    generator: torch.Generator | None = None,
) -> tuple[LayerCurvature, ...]:
    """Measure the block of every module that holds trainable parameters.

    Args:
        model: Any module.
        loss: As for `matrix`.
        batches: As for `matrix`.
        matrix: `hessian`, `ggn`, `fisher` or `empirical_fisher`.
        num_matvecs: Products for the trace, at least two.
        tol: Relative residual at which the eigenvalue is final.
        generator: Source of the random vectors; by default one seeded with zero.

    Returns:
        One entry a module. One whose block cannot be had, because an operation after it has no second derivative or its
        values are not finite, has its `reason` and NaN; the others are measured.

    Note:
        A `ValueError` is raised if the model, the loss or the batches are refused by `matrix`.

    Example:
        >>> model = nn.Sequential(nn.Linear(1, 1, bias=False))
        >>> layer_curvature(model, nn.MSELoss(), [(torch.tensor([[1.0], [3.0]]), torch.zeros(2, 1))])[0].sharpness
        10.0
    """
    generator, batches = generator or torch.Generator().manual_seed(0), list(batches)
    measured = []
    for name, names in layer_names(model).items():
        A = matrix(model, loss, batches, names=names, max_kept=1)
        try:
            measured.append(_measure(name, A, num_matvecs, tol, generator))
        except RuntimeError as error:  # an operation without a second derivative
            reason = str(error).strip().partition("\n")[0]
            measured.append(LayerCurvature(name, A.shape[0], reason=reason))
    return tuple(measured)


def _measure(name: str, A: LinearOperator, num_matvecs: int, tol: float, generator: torch.Generator) -> LayerCurvature:
    size = A.shape[0]
    if symmetry_error(A, generator) > 10 * torch.finfo(A.dtype).eps ** 0.5:
        reason = "an operation after it loses its second derivative: the block is not symmetric"
        return LayerCurvature(name, size, num_matvecs=2, reason=reason)
    top = eigenpairs(A, which="largest", tol=tol, generator=generator)
    trace = hutchinson_trace(A, num_matvecs=num_matvecs, generator=generator)
    finite = math.isfinite(trace.value + top.values[0].item())
    return LayerCurvature(
        name,
        size,
        sharpness=top.values[0].item(),
        residual=top.residuals[0].item(),
        trace=trace.value,
        trace_stderr=trace.stderr,
        num_matvecs=2 + top.num_matvecs + trace.num_matvecs,
        reason="" if finite else "its curvature is not finite",
    )
