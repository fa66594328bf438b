"""From online to batch: the average of the iterates has an excess risk of at most the regret over T."""

import torch

from rhobar.experiments.checks import at_most
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import mean_of
from rhobar.theory.convergence import gradient_descent_regret

__all__ = ["EXPERIMENT"]

_RADIUS, _CENTRE = 1.0, 0.5
_TIMES = (16, 64, 256, 1024)


def _risk(w: torch.Tensor) -> torch.Tensor:
    """Return E|w − y| for y uniform on [_CENTRE − ½, _CENTRE + ½]."""
    u = (w - _CENTRE).abs()
    return torch.where(u <= 0.5, u.square() + 0.25, u)


def _play(T: int, setting: Setting) -> tuple[torch.Tensor, torch.Tensor]:
    """Play projected gradient steps on |w − y_t|; return regret over T and the average's excess risk, one a stream."""
    streams = setting.size(500, 5000)
    y = torch.rand(streams, T, generator=setting.generator(T), dtype=torch.float64) - 0.5 + _CENTRE
    if setting.broken:
        y = y - 2 * _CENTRE
    w, rate = torch.full((streams,), -_RADIUS, dtype=torch.float64), 2 * _RADIUS / T**0.5
    total, average = torch.zeros_like(w), torch.zeros_like(w)
    for t in range(T):
        total, average = total + (w - y[:, t]).abs(), average + w / T
        w = (w - rate * (w - y[:, t]).sign()).clamp(-_RADIUS, _RADIUS)
    best = (y.median(1).values[:, None] - y).abs().sum(1)
    return (total - best) / T, _risk(average) - 0.25


def _run(setting: Setting) -> Result:
    played = [_play(T, setting) for T in _TIMES]
    regrets, excess = [mean_of(r) for r, _ in played], [mean_of(e) for _, e in played]
    bounds = [gradient_descent_regret(2 * _RADIUS, 1.0, T).value / T for T in _TIMES]
    checks = []
    for T, bound, regret, risk, (r, e) in zip(_TIMES, bounds, regrets, excess, played, strict=True):
        checks += [
            at_most(f"regret over T after {T} rounds: at most DG/√T", bound, regret),
            at_most("excess risk of the average: at most DG/√T", bound, risk),
            at_most("excess risk less regret over T", 0.0, mean_of(e - r)),
        ]
    return Result(
        checks=tuple(checks),
        figures=(versus("Excess risk of the average", "rounds T", "excess risk", _TIMES, bounds, excess, log=True),),
        notes=(f"Tightness at T = {_TIMES[-1]}: bound over excess risk {bounds[-1] / excess[-1].value:.0f}.",),
    )


EXPERIMENT = Experiment(
    name="online-to-batch",
    claim="On independent samples and a convex loss, the average iterate of an online method has an expected excess "
    "risk of at most its regret over T, for gradient steps DG/√T.",
    source="Cesa-Bianchi, Conconi and Gentile (2004), theorem 1; Zinkevich (2003), theorem 1.",
    textbook=("B41",),
    control="the stream comes from another distribution than the risk",
    run=_run,
    formulas=("rhobar.theory.convergence.gradient_descent_regret",),
)
