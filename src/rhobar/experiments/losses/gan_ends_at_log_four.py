"""The adversarial game over tables: D* = p/(p + q), a value of 2 JSD − ln 4, and −ln 4 where the generator ends."""

import math

import torch
from torch import Tensor

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.nn.losses import gan_discriminator, kl_divergence

__all__ = ["EXPERIMENT"]

_RATE = 4.0
"""Of both players: below 2/L = 4 · 2/max(p + q), as the value has curvature (p + q)D(1 − D) in a logit."""


def _table(counts: Tensor) -> Tensor:
    """Return the symbols, each as often as it is counted: a sample that has exactly that distribution."""
    return torch.arange(len(counts)).repeat_interleave(counts)


def _answer(p: Tensor, q: Tensor, d: Tensor, steps: int, *, blind: bool) -> Tensor:
    """Take steps of D uphill on Σ p ln D + Σ q ln(1 − D); in the control all symbols get one logit."""
    for _ in range(steps):
        D = torch.sigmoid(d)
        slope = p * (1 - D) - q * D
        d = d + _RATE * (slope.mean() if blind else slope)
    return d


def _generate(p: Tensor, logits: Tensor, steps: int, *, blind: bool) -> tuple[list[float], float]:
    """Train q = softmax(g) against a discriminator that answers it; return the values and the distance |p − q|/2."""
    d, values = torch.zeros_like(p), []
    g = logits.clone()
    for _ in range(steps):
        q = g.softmax(0)
        d = _answer(p, q, d, 10, blind=blind)
        D = torch.sigmoid(d)
        values.append(float((p * D.log() + q * (1 - D).log()).sum()))
        cost = (1 - D).log()
        g = g - _RATE * q * (cost - (q * cost).sum())  # ∂/∂g of Σ q ln(1 − D), through the softmax
    return values, float((p - g.softmax(0)).abs().sum() / 2)


def _run(setting: Setting) -> Result:
    generator, symbols = setting.generator(), setting.size(8, 64)
    counts = 1 + torch.randint(8, (2, symbols), generator=generator)
    p, q = (c.double() / c.sum() for c in counts)
    d = _answer(p, q, torch.zeros(symbols, dtype=torch.float64), setting.size(4000, 40_000), blind=setting.broken)
    best = p / (p + q)
    value = -float(gan_discriminator(d[_table(counts[0])], d[_table(counts[1])]))
    mean = (p + q) / 2
    twice_jsd = float(kl_divergence(p, mean) + kl_divergence(q, mean))
    values, distance = _generate(p, torch.zeros_like(p), setting.size(1500, 15_000), blind=setting.broken)
    order = torch.arange(symbols).tolist()
    return Result(
        checks=(
            at_most("largest |D − p/(p + q)| over the symbols", 1e-6, float((torch.sigmoid(d) - best).abs().max())),
            near("value at the best D: 2 JSD(p, q) − ln 4", twice_jsd - math.log(4), value, relative=1e-6),
            near("value where the generator ends: −ln 4", -math.log(4), values[-1], relative=1e-3),
            at_most("total variation of p and q there", 0.01, distance),
        ),
        figures=(versus("The best discriminator", "symbol", "D", order, best.tolist(), torch.sigmoid(d).tolist()),
                 versus("Value of the game while the generator trains", "step", "nats", tuple(range(len(values))),
                        [-math.log(4)] * len(values), values)),
        notes=("D is brought to its answer before each step of G; without that the game may circle.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="gan-ends-at-log-four",
    claim="Against fixed q the best discriminator is p/(p + q), with the value 2 JSD(p, q) − ln 4; a generator that "
    "descends on it ends at q = p and −ln 4.",
    source="Goodfellow et al. (2014), Generative adversarial nets, proposition 1 and theorem 1.",
    textbook=("C88",),
    control="a discriminator that does not see the symbol",
    run=_run,
    formulas=("rhobar.nn.losses.gan_discriminator", "rhobar.nn.losses.kl_divergence"),
)
