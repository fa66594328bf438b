"""RMS norm is layer norm without the centring: equal on centred data, and off by the mean otherwise."""

import torch

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.normalization import layer_norm, rms_norm
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_WIDTH = 256


def _run(setting: Setting) -> Result:
    x = torch.randn(64, _WIDTH, generator=setting.generator(), dtype=torch.float64)
    x = (x - x.mean(-1, keepdim=True)) / x.std(-1, correction=0, keepdim=True)
    x = 3 * x + (0.5 if setting.broken else 0.0)
    difference = float((rms_norm(x, eps=1e-5) - layer_norm(x, eps=1e-5)).abs().max())
    offsets = (0.0, 0.1, 0.3, 1.0, 3.0)
    # With unit variance and the mean c both norms are along x: ‖RMS − LN‖²/n = 2 − 2/√(1 + c²).
    unit = layer_norm(x, eps=0.0)
    theory = tuple(2 - 2 / (1 + c**2) ** 0.5 for c in offsets)
    found = tuple(float((rms_norm(unit + c, eps=0.0) - layer_norm(unit + c, eps=0.0)).square().mean()) for c in offsets)
    shift = float((layer_norm(2 * x + 7, eps=0.0) - layer_norm(x, eps=0.0)).abs().max())
    scaled = float((rms_norm(2 * x, eps=0.0) - rms_norm(x, eps=0.0)).abs().max())
    return Result(
        checks=(
            at_most("largest difference on centred rows: rounding", 1e-12, difference),
            near("mean square difference for mean c = 1, variance 1: 2 − 2/√2", theory[3], found[3], relative=1e-9),
            at_most("layer norm of 2x + 7 against that of x: rounding", 1e-12, shift),
            at_most("RMS norm of 2x against that of x: rounding", 1e-12, scaled),
        ),
        figures=(
            Plot(
                "Difference of RMS norm and layer norm",
                "mean of the features, in standard deviations",
                "mean square difference",
                (Curve("2 − 2/√(1 + c²)", offsets, theory), Curve("measured", offsets, found)),
            ),
        ),
    )


EXPERIMENT = Experiment(
    name="rms-norm-is-centred-layer-norm",
    claim="On rows of mean zero RMS norm equals layer norm without its affine part; both ignore the scale of a row.",
    source="Zhang and Sennrich (2019), Root mean square layer normalization, section 4.",
    textbook=("A79", "A80"),
    control="the rows have a mean",
    run=_run,
    formulas=("rhobar.nn.normalization.rms_norm", "rhobar.nn.normalization.layer_norm"),
    exact="the norms agree to rounding, whatever the width.",
)
