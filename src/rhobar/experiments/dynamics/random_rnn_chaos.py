"""Large random recurrent nets are chaotic beyond gain 1: the Lyapunov exponent crosses zero there."""

import math

import torch

from rhobar.experiments.checks import at_least, at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.theory.mean_field import mean_field_limit

__all__ = ["EXPERIMENT"]

_GAINS = (0.5, 0.8, 1.5, 2.0, 3.0)


def _theory(gain: float) -> float:
    """Return λ = ½ ln χ, χ = g² E φ'(√q z)² with q = g² E φ(√q z)² the variance that reproduces itself."""
    return 0.5 * math.log(mean_field_limit(torch.tanh, weight_variance=gain**2).chi)


def _exponents(gain: float, setting: Setting) -> torch.Tensor:
    """Return the largest exponent of several nets h → tanh(g W h), W ~ N(0, 1/N), along one orbit each."""
    size, nets = setting.size(200, 600), 4
    generator = setting.generator(round(10 * gain))
    W = torch.randn(nets, size, size, generator=generator) / size**0.5
    if setting.broken:
        W = (W + W.mT) / 2**0.5
    h = torch.randn(nets, size, 1, generator=generator)
    v = torch.randn(nets, size, 1, generator=generator)
    logs, transient = [], 200
    for t in range(transient + setting.size(300, 1000)):
        h = torch.tanh(gain * W @ h)
        v = (1 - h.square()) * (gain * W @ v)
        length = v.norm(dim=1, keepdim=True)
        v = v / length
        if t >= transient:
            logs.append(length[:, 0, 0].log())
    return torch.stack(logs).double().mean(0)


def _run(setting: Setting) -> Result:
    size = setting.size(200, 600)
    predicted = [_theory(gain) for gain in _GAINS]
    measured = [mean_of(_exponents(gain, setting)) for gain in _GAINS]
    finite = size**-0.5
    return Result(
        checks=(
            at_most("exponent at gain 0.8: below zero", 0.0, Estimate(measured[1].value, 0.0)),
            at_least("exponent at gain 2: above zero", 0.0, Estimate(measured[3].value, 0.0)),
            *(
                equal(f"exponent at gain {gain}: mean-field theory", p, m, bias=finite)
                for gain, p, m in zip(_GAINS, predicted, measured, strict=True)
            ),
        ),
        figures=(
            versus(
                "Random recurrent nets", "gain g", "largest Lyapunov exponent, nats a step", _GAINS, predicted, measured
            ),
        ),
        notes=(
            "The theory is for infinitely many units; 1/√N is granted.",
            "Below gain 1 the exponent is ln g; just above it a finite net often ends in a cycle.",
        ),
    )


EXPERIMENT = Experiment(
    name="random-rnn-chaos",
    claim="Large nets h → tanh(gWh) with independent weights N(0, 1/N) forget their start for g < 1 and are chaotic "
    "for g > 1, with the largest exponent ½ ln(g² E φ′²).",
    source="Sompolinsky, Crisanti and Sommers (1988), Chaos in random neural networks; Molgedey et al. (1992), eq. 11.",
    textbook=("B56",),
    control="symmetric weights: the net settles on a cycle",
    run=_run,
    formulas=("rhobar.theory.mean_field.mean_field_limit",),
    findings=("exploding-gradient", "vanishing-gradient"),
)
