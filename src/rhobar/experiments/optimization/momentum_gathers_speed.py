"""Momentum under a constant gradient reaches the speed η/(1 − β); where signs alternate it slows to η/(1 + β)."""

import torch

from rhobar.experiments.checks import Check, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.optim import RULES
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_RATE, _STEPS = 0.1, 200
_BETAS = (0.5, 0.9, 0.95)


def _speeds(beta: float, *, alternate: bool) -> list[float]:
    """Return |Δ_t|/η of gradients of size 1."""
    rule = RULES["momentum"]
    state = rule.start(torch.zeros(1, dtype=torch.float64))
    found = []
    for t in range(_STEPS):
        g = torch.tensor([-1.0 if alternate and t % 2 else 1.0], dtype=torch.float64)
        state, update = rule.step(state, g, lr=_RATE, beta=beta)
        found.append(float(update.abs()) / _RATE)
    return found


def _torch_after_a_change(beta: float) -> tuple[float, float]:
    """Return the step right after the rate is halved: torch's, and that of the form with η in the velocity."""
    p = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = torch.optim.SGD([p], lr=_RATE, momentum=beta)
    rule = RULES["momentum"]
    state = rule.start(p.detach())
    p.grad = torch.ones_like(p)
    for t in range(_STEPS + 1):
        lr = _RATE if t < _STEPS else _RATE / 2
        before = float(p.detach())
        optimizer.param_groups[0]["lr"] = lr
        optimizer.step()
        state, update = rule.step(state, torch.ones(1, dtype=torch.float64), lr=lr, beta=beta)
    return before - float(p.detach()), -float(update)


def _run(setting: Setting) -> Result:
    checks: list[Check] = []
    curves: list[Curve] = []
    places = tuple(map(float, range(1, _STEPS + 1)))
    for beta in _BETAS:
        along = _speeds(beta, alternate=setting.broken)
        theory = [(1 - beta**t) / (1 - beta) for t in range(1, _STEPS + 1)]
        checks.append(near(f"β = {beta}: speed in the end, in η: 1/(1 − β)", 1 / (1 - beta), along[-1], relative=1e-3))
        checks.append(near(f"β = {beta}: speed after 5 steps: (1 − β⁵)/(1 − β)", theory[4], along[4], relative=1e-9))
        across = _speeds(beta, alternate=True)
        checks.append(near(f"β = {beta}: alternating signs: 1/(1 + β)", 1 / (1 + beta), across[-1], relative=1e-3))
        curves.append(Curve(f"(1 − βᵗ)/(1 − β), β = {beta}", places, tuple(theory)))
        curves.append(Curve(f"β = {beta}", places, tuple(along)))
    outside, inside = _torch_after_a_change(0.9)
    checks += [
        near("torch, right after η is halved: half the step", 10 * _RATE / 2, outside, relative=1e-6),
        near(
            "η inside the velocity, the same moment: β of the old step and half of the new",
            9.5 * _RATE,
            inside,
            relative=1e-6,
        ),
    ]
    return Result(
        checks=tuple(checks),
        figures=(Plot("Speed under a constant gradient", "step t", "|Δ| / η", tuple(curves), log=True),),
        notes=("The two conventions agree while η is constant, and differ where a schedule changes it.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="momentum-gathers-speed",
    claim="Under a constant gradient momentum's step is η(1 − βᵗ)/(1 − β), so ten times η in the end for β = 0.9.",
    source="Polyak (1964); Sutskever et al. (2013), On the importance of initialization and momentum, section 2.",
    textbook=("B19", "C35", "C36", "C-§5.2.1"),
    control="the gradient changes its sign at every step",
    run=_run,
    formulas=("rhobar.optim.rules.momentum.momentum",),
    findings=("learning-rate-too-high",),
    exact="the speed is a number of β and t alone.",
)
