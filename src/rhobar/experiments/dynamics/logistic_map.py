"""The logistic map x → r x (1 − x): its Lyapunov exponent is ln 2 at r = 4, and negative where it has a cycle."""

import math

import torch

from rhobar.experiments.checks import equal, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.dynamics import lyapunov_spectrum
from rhobar.probes.estimate import Estimate

__all__ = ["EXPERIMENT"]

_PREDICTED = {
    2.8: math.log(2.8 - 2),
    3.2: 0.5 * math.log(abs(4 + 2 * 3.2 - 3.2**2)),
    4.0: math.log(2),
}
"""r ↦ λ: ln|2 − r| at the fixed point 1 − 1/r, ½ ln|4 + 2r − r²| on the cycle of two, ln 2 by the map's conjugacy to
the tent map."""


def _exponent(r: float, setting: Setting) -> Estimate:
    """Measure the exponent along a number of orbits."""
    starts = torch.rand(setting.size(40, 400), 1, generator=setting.generator(), dtype=torch.float64)
    used = r - 0.1 if setting.broken else r
    steps = setting.size(500, 5000)
    found = lyapunov_spectrum(lambda x: used * x * (1 - x), starts, num_steps=steps, num_transient=500)
    return Estimate(found.values[0].item(), found.stderr[0].item())


def _run(setting: Setting) -> Result:
    measured = [_exponent(r, setting) for r in _PREDICTED]
    rates, predicted = list(_PREDICTED), list(_PREDICTED.values())
    return Result(
        checks=(
            equal("exponent at r = 4: ln 2, nats a step", predicted[-1], measured[-1]),
            *(
                near(f"exponent at r = {r}, on a cycle", p, m.value, relative=1e-6)
                for r, p, m in zip(rates[:-1], predicted[:-1], measured[:-1], strict=True)
            ),
        ),
        figures=(versus("Logistic map", "r", "Lyapunov exponent, nats a step", rates, predicted, measured),),
    )


EXPERIMENT = Experiment(
    name="logistic-map",
    claim="The logistic map's Lyapunov exponent is ln 2 at r = 4, ½ ln|4 + 2r − r²| on its cycle of two and ln|2 − r| "
    "at its fixed point.",
    source="Ott (2002), Chaos in dynamical systems, section 2.3; May (1976).",
    textbook=("B56",),
    control="another map: r is 0.1 less than the prediction supposes",
    run=_run,
    formulas=("rhobar.probes.dynamics.lyapunov_spectrum",),
)
