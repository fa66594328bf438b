"""Adam's moments start at zero: E[m_t] = (1 − β₁ᵗ) E[g] and E[v_t] = (1 − β₂ᵗ) E[g²], exactly for i.i.d. gradients."""

import torch
from torch import Tensor

from rhobar.experiments.checks import Check, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.optim.rules.moments import moments_start, next_moments
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_BETA1, _BETA2 = 0.9, 0.999
_MEAN, _SECOND = 1.0, 2.0
"""E[g] and E[g²] of gradients N(1, 1)."""
_TIMES = (1, 3, 10, 30, 100)


def _moments(setting: Setting) -> tuple[list[Tensor], list[Tensor]]:
    """Return m_t and v_t of many independent parameters at the times asked for."""
    generator = setting.generator()
    n = setting.size(5000, 200_000)
    state = moments_start(torch.zeros(n, dtype=torch.float64))
    m, v = [], []
    for t in range(1, _TIMES[-1] + 1):
        g = _MEAN + torch.randn(n, generator=generator, dtype=torch.float64)
        if setting.broken:
            g = g * 0.97**t  # gradients that shrink while training goes on
        state = next_moments(state, g, _BETA1, _BETA2)
        if t in _TIMES:
            m.append(state.m)
            v.append(state.v)
    return m, v


def _corrected(found: list[Estimate], beta: float) -> tuple[float, ...]:
    return tuple(e.value / (1 - beta**t) for e, t in zip(found, _TIMES, strict=True))


def _run(setting: Setting) -> Result:
    m, v = _moments(setting)
    first, second = [mean_of(x) for x in m], [mean_of(x) for x in v]
    theory_m = [(1 - _BETA1**t) * _MEAN for t in _TIMES]
    theory_v = [(1 - _BETA2**t) * _SECOND for t in _TIMES]
    checks: list[Check] = []
    for i, t in enumerate(_TIMES):
        checks.append(equal(f"E[m_t] at t = {t}: (1 − β₁ᵗ) E[g]", theory_m[i], first[i]))
        checks.append(equal(f"E[v_t] at t = {t}: (1 − β₂ᵗ) E[g²]", theory_v[i], second[i]))
        corrected = mean_of(m[i] / (1 - _BETA1**t))
        checks.append(equal(f"E[m_t/(1 − β₁ᵗ)] at t = {t}: E[g]", _MEAN, corrected))
    times = tuple(map(float, _TIMES))
    return Result(
        checks=tuple(checks),
        figures=tuple(
            Plot(
                title,
                "step t",
                "mean",
                (
                    Curve("theory", times, tuple(theory)),
                    Curve("measured", times, tuple(e.value for e in found), tuple(e.stderr for e in found)),
                    Curve("corrected", times, _corrected(found, beta)),
                ),
                log=True,
            )
            for title, theory, found, beta in (
                ("First moment m_t", theory_m, first, _BETA1),
                ("Second moment v_t", theory_v, second, _BETA2),
            )
        ),
        notes=(
            "For gradients that drift a remainder is left, as in the control; it comes from the drift, not from βᵗ.",
        ),
    )


EXPERIMENT = Experiment(
    name="adam-bias-correction",
    claim="For identically distributed gradients E[m_t] = (1 − β₁ᵗ)E[g] and E[v_t] = (1 − β₂ᵗ)E[g²].",
    source="Kingma and Ba (2015), Adam, section 3.",
    textbook=("C47", "C48", "C49", "C50", "C-§5.4"),
    control="the gradients shrink with time",
    run=_run,
    formulas=("rhobar.optim.rules.moments.next_moments",),
)
