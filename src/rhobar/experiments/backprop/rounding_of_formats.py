"""Number formats: bfloat16 rounds by at most 2⁻⁸ of a value, int8 by half a step of its range."""

import math

import torch
from torch import Tensor

from rhobar.experiments.checks import at_most, equal, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.probes.estimate import mean_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT", "rounding_error"]

_BITS = {torch.bfloat16: 8, torch.float16: 11, torch.float32: 24}
"""Significant bits p: the largest relative rounding error is 2^(−p) / (1 + 2^(−p))."""


def _relative(x: Tensor, dtype: torch.dtype) -> Tensor:
    return (x.to(dtype).double() - x) / x


def _log_uniform(setting: Setting, stream: int) -> Tensor:
    """Draw values whose logarithm is uniform over one octave, as those of data over many octaves are."""
    return 2 ** torch.rand(setting.size(50_000, 1_000_000), generator=setting.generator(stream), dtype=torch.float64)


def rounding_error(bits: int) -> float:
    """Return E[(error/x)²] = (u²/12) E[1/x²], u = 2^(1 − p) the step in [1, 2), with E[1/x²] = 3/(8 ln 2).

    Example:
        >>> round(rounding_error(8), 8)  # of bfloat16
        2.75e-06
    """
    return 2.0 ** (2 - 2 * bits) / 12 * 3 / (8 * math.log(2))


def _int8(x: Tensor) -> tuple[Tensor, float]:
    """Round to 255 steps of the range, as symmetric quantisation does; return the error and the step."""
    step = float(x.abs().max()) / 127
    return (x / step).round() * step - x, step


def _run(setting: Setting) -> Result:
    x = _log_uniform(setting, 0)
    if setting.broken:  # values that are not normal numbers of bfloat16 and float16
        x = x * 1e-41
    errors = {dtype: _relative(x, dtype) for dtype in _BITS}
    normal = torch.randn(setting.size(50_000, 1_000_000), generator=setting.generator(1), dtype=torch.float64)
    error, step = _int8(normal)
    squares = mean_of(error.square())
    names = [str(dtype).removeprefix("torch.") for dtype in _BITS]
    widths = tuple(float(b) for b in _BITS.values())
    checks = []
    for name, (dtype, bits) in zip(names, _BITS.items(), strict=True):
        largest = float(errors[dtype].abs().max())
        checks.append(at_most(f"{name}: largest relative error: 2^−{bits}", 2.0**-bits, largest))
        scaled = mean_of(errors[dtype].square() / rounding_error(bits))
        checks.append(
            equal(f"{name}: mean square relative error, over (u²/12) 3/(8 ln 2)", 1.0, scaled, bias=2.0**-bits)
        )
    return Result(
        checks=(
            *checks,
            equal("int8: mean square error: step²/12", step**2 / 12, squares, bias=1e-3 * step**2),
            near("int8: largest error: half a step", step / 2, float(error.abs().max()), relative=1e-2),
        ),
        figures=(
            Plot(
                "Root mean square relative error of a rounded number",
                "significant bits",
                "log₂ error",
                (
                    Curve("theory", widths, tuple(math.log2(rounding_error(b)) / 2 for b in _BITS.values())),
                    Curve("measured", widths, tuple(float(e.square().mean().log2()) / 2 for e in errors.values())),
                ),
            ),
        ),
        notes=("bfloat16 keeps float32's range, float16 its precision; below the least normal number neither holds.",),
    )


EXPERIMENT = Experiment(
    name="rounding-of-formats",
    claim="A format of p significant bits rounds a normal number by at most 2^(−p), int8 by half a step of the range.",
    source="Higham (2002), Accuracy and stability of numerical algorithms, theorem 2.2.",
    textbook=("B81", "B84"),
    control="numbers below the least normal one of the formats",
    run=_run,
    formulas=("rhobar.experiments.backprop.rounding_of_formats.rounding_error",),
    findings=("nonfinite-values",),
)
