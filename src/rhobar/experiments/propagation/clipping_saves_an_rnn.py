"""Clipping: at the cliff of a recurrent net one gradient step leaves for good; a clipped one is at most ηc long."""

import math

import torch
from torch import Tensor, nn

from rhobar.experiments.checks import at_most, true
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.initializers import orthogonal_
from rhobar.probes.survey import Curve, Plot
from rhobar.train import clip_norm_

__all__ = ["EXPERIMENT"]

_RATE, _CLIP, _TIME = 0.02, 1.0, 40


def _train(clip: float, steps: int, setting: Setting) -> tuple[list[float], list[float], float]:
    """Teach a linear recurrent net of gain 1.3 to end at rest; return losses, step lengths and ‖start − end‖."""
    generator, width = setting.generator(), setting.size(8, 32)
    W = nn.Parameter(orthogonal_(torch.empty(width, width, dtype=torch.float64), gain=1.3, generator=generator))
    h0 = torch.randn(4, width, generator=generator, dtype=torch.float64)
    start = W.detach().clone()
    losses: list[float] = []
    lengths: list[float] = []
    for _ in range(steps):
        h = h0
        for _ in range(_TIME):
            h = h @ W.T
        loss = h.square().mean()
        losses.append(float(loss.detach()))
        W.grad = None
        loss.backward()
        clip_norm_([W], clip)
        assert W.grad is not None
        with torch.no_grad():
            W -= _RATE * W.grad
        lengths.append(_RATE * float(W.grad.norm()))
    return losses, lengths, float((W.detach() - start).norm())


def _finite_log(losses: list[float]) -> tuple[float, ...]:
    return tuple(math.log10(x) if 0 < x < math.inf else math.nan for x in losses)


def _direction_kept(generator: torch.Generator) -> float:
    """Return 1 − cosine between a gradient and what clipping makes of it."""
    p = nn.Parameter(torch.zeros(50, dtype=torch.float64))
    g: Tensor = 100 * torch.randn(50, generator=generator, dtype=torch.float64)
    p.grad = g.clone()
    clip_norm_([p], 1.0)
    return 1 - float(torch.cosine_similarity(p.grad, g, dim=0))


def _run(setting: Setting) -> Result:
    # To bring every singular value from 1.3 to 1 takes a way of 0.3 √width; two such ways are granted.
    needed = math.ceil(2 * 0.3 * math.sqrt(setting.size(8, 32)) / (_RATE * _CLIP))
    clipped, lengths, _ = _train(math.inf if setting.broken else _CLIP, needed, setting)
    free, jumps, _ = _train(math.inf, needed, setting)
    steps = tuple(map(float, range(needed)))
    return Result(
        checks=(
            at_most("longest step: at most ηc", _RATE * _CLIP * (1 + 1e-6), max(lengths)),
            at_most("loss in the end, over that at the start: below 10⁻⁶", 1e-6, clipped[-1] / clipped[0]),
            true("without clipping the loss is not finite in the end", not math.isfinite(free[-1])),
            at_most("1 − cosine to what was clipped: rounding", 1e-12, _direction_kept(setting.generator(1))),
        ),
        figures=(
            Plot(
                "Loss of a recurrent net of gain 1.3, 40 steps of time",
                "update",
                "log₁₀ loss",
                (Curve("clipped at 1", steps, _finite_log(clipped)), Curve("not clipped", steps, _finite_log(free))),
            ),
            Plot(
                "Length of each update",
                "update",
                "log₁₀ ‖Δθ‖",
                (
                    Curve("bound ηc", steps, (math.log10(_RATE * _CLIP),) * needed),
                    Curve("clipped", steps, _finite_log(lengths)),
                    Curve("not clipped", steps, _finite_log(jumps)),
                ),
            ),
        ),
        notes=("A norm that is NaN is not clipped away: see nan-spreads-in-one-step.",),
    )


EXPERIMENT = Experiment(
    name="clipping-saves-an-rnn",
    claim="Where a recurrent gain above 1 makes descent diverge, clipping to norm c bounds steps by ηc, and it learns.",
    source="Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent neural networks, algorithm 1.",
    textbook=("A66", "C-§10.2.1a", "C-§10.2.1b"),
    control="the bound is infinite: nothing is clipped",
    run=_run,
    formulas=("rhobar.train.clip_norm_",),
    findings=("exploding-gradient", "learning-rate-too-high"),
)
