"""The error of bfloat16 and int8 is that of rounding: relative for the one, a fixed step for the other."""

import math

import torch

from rhobar.experiments.backprop.rounding_of_formats import rounding_error
from rhobar.experiments.checks import equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate, mean_of

__all__ = ["EXPERIMENT"]

_SIZES = (16, 64, 256, 1024)
_BF16 = math.sqrt(rounding_error(8))
"""RMS relative error of rounding to 8 significant bits, for magnitudes that are uniform in the logarithm."""


_PRODUCT = 2 * 2**-14 / 12 * (2 * math.log(2) / 3)
"""Squared error of w x over (w x)²: both factors are rounded, and large mantissas, which count more, err less."""


def _int8(w: torch.Tensor) -> tuple[torch.Tensor, float]:
    """Round to 255 even steps between ±max |w|; return the values and the step."""
    step = w.abs().max().item() / 127
    return torch.round(w / step).clamp(-127, 127) * step, step


def _product_errors(n: int, setting: Setting) -> Estimate:
    """Return the squared error of products w·x of vectors rounded to bfloat16, over Σ (w_i x_i)²."""
    draws = setting.size(1000, 20_000)
    generator = setting.generator(n)
    signs = torch.randint(2, (2, draws, n), generator=generator).double() * 2 - 1
    w, x = signs * 2 ** (4 * torch.rand(2, draws, n, generator=generator, dtype=torch.float64) - 2)
    rounded = (w.bfloat16().double() * x.bfloat16().double()).sum(1)
    return mean_of((rounded - (w * x).sum(1)).square() / (w * x).square().sum(1))


def _run(setting: Setting) -> Result:
    generator = setting.generator()
    w = torch.randn(setting.size(20_000, 1_000_000), generator=generator, dtype=torch.float64)
    if setting.broken:
        w[0] = 1000.0
    quantised, step = _int8(w)
    relative = ((w.bfloat16().double() - w) / w).square()
    products = [_product_errors(n, setting) for n in _SIZES]
    return Result(
        checks=(
            equal("int8: mean squared error over step²/12", 1.0, mean_of((quantised - w).square() / (step**2 / 12))),
            equal("bfloat16: mean squared relative error", _BF16**2, mean_of(relative), bias=0.03 * _BF16**2),
            # The mean of a ratio: large mantissas, which err less, stand in the denominator, too, and weigh 1/n there.
            *(
                equal(f"bfloat16 products of {n} terms: 2 · step²/12 / E m²", _PRODUCT, m, bias=_PRODUCT / n)
                for n, m in zip(_SIZES, products, strict=True)
            ),
        ),
        figures=(
            versus(
                "Products in bfloat16", "terms", "squared error over Σ(w x)²", _SIZES,
                [_PRODUCT] * len(_SIZES), products, log=True,
            ),
        ),
        notes=(
            f"u = {_BF16:.2e} is the root mean square; the largest relative error is 2⁻⁸.",
            "Relative to √n-sized sums of random signs the error does not grow with n; sums are kept in float64 here.",
            "For a normal law the logarithm of the magnitude is not exactly uniform, hence the 3 %.",
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="low-precision-error",
    claim="Rounding to int8 has the mean squared error step²/12, step = max|w|/127, where the values fill the range; "
    "bfloat16 has the relative error 1.7·10⁻³ RMS at any scale, in products of any length.",
    source="Widrow and Kollár (2008), Quantization noise, section 4; Higham (2002), section 2.2.",
    textbook=("B84", "B81"),
    control="one outlier, a thousand times the rest: the steps of int8 are wider than all other values",
    run=_run,
    formulas=("rhobar.experiments.backprop.rounding_of_formats.rounding_error",),
)
