"""Critical batch size: a step on B samples gains 1/(1 + B_noise/B) of the best, so half of it at B = B_noise."""

import torch
from torch import Tensor, nn

from rhobar.experiments.checks import Check, equal, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.probes.noise import gradient_noise
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_DIM, _SIGMA = 20, 2.0
_SIZES = (2, 8, 32, 128, 512)


def _noise_scale(delta: Tensor) -> float:
    """Return tr Σ/‖G‖² of g = (x·δ − ε) x, x ~ N(0, I), ε ~ N(0, σ²): (d + 1) + d σ²/‖δ‖²."""
    return _DIM + 1 + _DIM * _SIGMA**2 / float(delta @ delta)


def _gain(B: int, delta: Tensor, setting: Setting) -> Estimate:
    """Return the fall of L = ½‖δ‖² by a step at the best rate 1/(1 + B_noise/B), over the best fall of all."""
    generator = setting.generator(B)
    repeats = setting.size(200, 3000)
    x = torch.randn(repeats, B, _DIM, generator=generator, dtype=torch.float64)
    noise = _SIGMA * torch.randn(repeats, B, generator=generator, dtype=torch.float64)
    if setting.broken:  # the batch is one sample, B times
        x, noise = x[:, :1].expand_as(x), noise[:, :1].expand_as(noise)
    g = torch.einsum("rb,rbd->rd", x @ delta - noise, x) / B
    rate = 1 / (1 + _noise_scale(delta) / B)
    after = (delta - rate * g).square().sum(1)
    return mean_of(1 - after / (delta @ delta))


def _measured_scale(delta: Tensor, setting: Setting) -> tuple[float, tuple[float, float]]:
    """Return B_noise as the probe finds it on a linear model that is δ away from the truth."""
    generator = setting.generator(1)
    model = nn.Linear(_DIM, 1, bias=False).double()
    with torch.no_grad():
        model.weight.copy_(delta[None])
    x = torch.randn(setting.size(2000, 20_000), _DIM, generator=generator, dtype=torch.float64)
    y = _SIGMA * torch.randn(len(x), 1, generator=generator, dtype=torch.float64)
    found = gradient_noise(model, nn.MSELoss(), [(x, y)], confidence=0.9999)
    return found.scale, found.interval


def _run(setting: Setting) -> Result:
    delta = torch.randn(_DIM, generator=setting.generator(), dtype=torch.float64)
    delta = 2 * delta / delta.norm()
    scale = _noise_scale(delta)
    gains = [_gain(B, delta, setting) for B in _SIZES]
    theory = [1 / (1 + scale / B) for B in _SIZES]
    probed, interval = _measured_scale(delta, setting)
    checks: list[Check] = [
        equal(f"B = {B}: fall of the loss over the best: 1/(1 + {scale:.0f}/B)", t, g)
        for B, t, g in zip(_SIZES, theory, gains, strict=True)
    ]
    half = (interval[1] - interval[0]) / 2
    checks.append(near("the probe's noise scale, within its interval of 99.99 %", scale, probed, relative=half / scale))
    places = tuple(map(float, _SIZES))
    return Result(
        checks=tuple(checks),
        figures=(
            Plot(
                "Fall of the loss in one step at the best rate",
                "batch size B",
                "share of the best",
                (
                    Curve("1/(1 + B_noise/B)", places, tuple(theory)),
                    Curve("measured", places, tuple(g.value for g in gains), tuple(g.stderr for g in gains)),
                    Curve("B_noise", (scale, scale), (0.0, 1.0)),
                ),
                log=True,
            ),
        ),
        notes=("Below B_noise doubling the batch nearly halves the steps; above it, it buys next to nothing.",),
    )


EXPERIMENT = Experiment(
    name="batch-beyond-noise-scale",
    claim="With Hessian I a batch of B independent samples gains 1/(1 + B_noise/B) of the best, B_noise = tr Σ/‖G‖².",
    source="McCandlish et al. (2018), An empirical model of large-batch training, eq. 2.6–2.8.",
    textbook=("B30",),
    control="the batch holds one sample B times",
    run=_run,
    formulas=("rhobar.probes.noise.gradient_noise",),
)
