"""A fixed point of a recurrent net is stable just if the spectral radius of its Jacobian is below 1."""

import torch

from rhobar.experiments.checks import near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.dynamics import fixed_points

__all__ = ["EXPERIMENT"]

_UNITS = 6
_GAINS = (0.3, 0.5, 0.7, 0.9, 1.1, 1.4, 1.8)


def _points(gain: float, net: int, setting: Setting) -> list[tuple[float, float]]:
    """Return for each fixed point ρ(J) and the factor by which a small displacement changes a step."""
    generator = setting.generator(round(10 * gain) + 100 * net)
    W = torch.randn(_UNITS, _UNITS, generator=generator, dtype=torch.float64)
    W = gain * W / torch.linalg.eigvals(W).abs().max()
    bias = 0.1 * torch.randn(_UNITS, generator=generator, dtype=torch.float64)

    def step(h: torch.Tensor) -> torch.Tensor:
        return torch.tanh(h @ W.T + bias)

    starts = torch.randn(20, _UNITS, generator=generator, dtype=torch.float64)
    found = []
    for point in fixed_points(step, starts).points:
        size = 1.0 if setting.broken else 1e-9
        kick = torch.randn(1, _UNITS, generator=generator, dtype=torch.float64)
        moved = point.point + size * kick / kick.norm()
        # Renormalised as the displacement shrinks or grows, so that it stays small while it turns to the leading mode.
        logs = []
        for _ in range(400):
            after = step(moved) - point.point
            before = moved - point.point
            logs.append((after.norm() / before.norm()).log().item())
            moved = point.point + size * after / after.norm()
        found.append((point.radius, float(torch.tensor(logs[200:]).mean().exp())))
    return found


def _run(setting: Setting) -> Result:
    nets = setting.size(1, 5)
    pairs = sorted(pair for gain in _GAINS for net in range(nets) for pair in _points(gain, net, setting))
    radii, factors = [r for r, _ in pairs], [f for _, f in pairs]
    agree = sum((r < 1) == (f < 1) for r, f in pairs) / len(pairs)
    worst = max(range(len(pairs)), key=lambda i: abs(factors[i] / radii[i] - 1))
    return Result(
        checks=(
            near("share of fixed points that attract just if ρ(J) < 1", 1.0, agree, relative=0.0),
            near("factor a step where it differs most from ρ(J)", radii[worst], factors[worst], relative=0.02),
        ),
        figures=(versus("Small displacements", "spectral radius ρ(J)", "factor a step", radii, radii, factors),),
        notes=(
            f"{len(pairs)} fixed points of {nets * len(_GAINS)} random nets; stability is local, in discrete time.",
        ),
    )


EXPERIMENT = Experiment(
    name="fixed-point-stability",
    claim="Small displacements from a fixed point h* of h → f(h) change by the factor ρ(J(h*)) a step: it attracts "
    "just if ρ < 1.",
    source="Sussillo and Barak (2013), Opening the black box, section 2; Strogatz (2015), section 10.1.",
    textbook=("B53",),
    control="displacements of length 1, for which the Jacobian does not speak",
    run=_run,
    findings=("exploding-gradient", "vanishing-gradient"),
    formulas=("rhobar.probes.dynamics.fixed_points",),
)
