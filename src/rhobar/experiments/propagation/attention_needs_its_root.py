"""Attention divides by √d: scores then have variance 1 and the softmax passes gradients; without, it saturates."""

import math

import torch
from torch import Tensor

from rhobar.experiments.checks import equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.layers import attention_entropy, attention_weights
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_KEYS = 64
_DIMS = (4, 16, 64, 256, 1024, 4096)


def _draw(d: int, queries: int, setting: Setting) -> tuple[Tensor, Tensor]:
    generator = setting.generator(d)
    Q = torch.randn(queries, 1, d, generator=generator)
    return Q, torch.randn(queries, _KEYS, d, generator=generator)


def _weights(Q: Tensor, K: Tensor, *, scaled: bool) -> Tensor:
    """Return the weights; scaling the queries by √d undoes the division."""
    return attention_weights(Q if scaled else Q * Q.shape[-1] ** 0.5, K)[:, 0]


def _passed(weights: Tensor) -> Tensor:
    """Return the trace of the softmax's Jacobian, 1 − Σ p²: what it lets pass of a gradient."""
    return 1 - weights.square().sum(-1)


def _softmax_of_normals(setting: Setting) -> tuple[float, float, Estimate]:
    """Return E of the entropy and of 1 − Σ p² for independent N(0, 1) scores; and how the latter falls if N(0, d).

    The fall is the slope in ln d between the two largest dimensions.
    """
    s = torch.randn(setting.size(20_000, 400_000), _KEYS, generator=setting.generator(1), dtype=torch.float64)
    p = torch.softmax(s, -1)
    low, high = (mean_of(_passed(torch.softmax(s * d**0.5, -1))) for d in _DIMS[-2:])
    ratio = math.log(_DIMS[-1] / _DIMS[-2])
    error = math.hypot(low.stderr / low.value, high.stderr / high.value) / ratio
    fall = Estimate(math.log(high.value / low.value) / ratio, error)
    return float(attention_entropy(p).mean()), float(_passed(p).mean()), fall


def _run(setting: Setting) -> Result:
    queries = setting.size(100, 1000)
    raw, kept, entropies, frozen = [], [], [], []
    for d in _DIMS:
        Q, K = _draw(d, queries, setting)
        raw.append(mean_of((Q @ K.mT).flatten(1).square().mean(1)))
        w = _weights(Q, K, scaled=not setting.broken)
        kept.append(mean_of(_passed(w)))
        entropies.append(mean_of(attention_entropy(w)))
        frozen.append(mean_of(_passed(_weights(Q, K, scaled=False))))
    entropy, passed, fall = _softmax_of_normals(setting)
    d = _DIMS[-1]
    places = tuple(map(float, _DIMS))
    return Result(
        checks=(
            equal(f"d = {d}: mean entropy of the weights: that of N(0, 1) scores, nats", entropy, entropies[-1],
                  bias=5 / d),
            equal(f"d = {d}: 1 − Σ p², which the softmax passes: that of N(0, 1) scores", passed, kept[-1],
                  bias=5 / d),
            equal(f"d = {d}: variance of q·k: d", float(d), raw[-1]),
            # Only the gap of the two largest scores counts then: C/√d (1 + O(1/√d)).
            equal("without the root 1 − Σ p² falls as d^(−½)", -0.5, fall, bias=1 / _DIMS[-2] ** 0.5),
        ),
        figures=(
            Plot(
                "What the softmax passes of a gradient",
                "dimension d of the keys",
                "1 − Σ p²",
                (
                    Curve("N(0, 1) scores", places, (passed,) * len(places)),
                    Curve("divided by √d", places, tuple(e.value for e in kept), tuple(e.stderr for e in kept)),
                    Curve("not divided", places, tuple(e.value for e in frozen), tuple(e.stderr for e in frozen)),
                ),
                log=True,
            ),
        ),
        notes=(f"At the largest entropy, ln {_KEYS}, all keys weigh the same; N(0, 1) scores stay about ½ below it.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="attention-needs-its-root",
    claim="With unit-variance queries and keys q·k/√d has variance 1: the softmax is as open at any dimension d.",
    source="Vaswani et al. (2017), Attention is all you need, section 3.2.1, footnote 4.",
    textbook=("C65", "B32"),
    control="the scores are not divided by √d",
    run=_run,
    formulas=("rhobar.nn.layers.attention_weights", "rhobar.nn.layers.attention_entropy"),
    findings=("vanishing-gradient", "attention-logit-growth"),
)
