"""Bias², variance and noise of polynomials: the error is their sum and has its least where their slopes cancel."""

import torch

from rhobar.experiments.checks import equal, near, true
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.probes.survey import Curve, Plot
from rhobar.theory.learning import bias_variance

__all__ = ["EXPERIMENT"]

_N, _NOISE, _TERMS = 100, 0.064, 24


def _run(setting: Setting) -> Result:
    generator = setting.generator()
    x = torch.linspace(-1, 1, _N, dtype=torch.float64)
    Q = torch.linalg.qr(torch.stack([torch.cos(k * torch.arccos(x)) for k in range(2 * _TERMS)], dim=1)).Q
    f = Q @ torch.arange(1, 2 * _TERMS + 1).double() ** -2 * _N**0.5  # bias² of k terms is Σ_{j>k} j⁻⁴
    terms = list(range(1, _TERMS + 1))
    bias = [(f - Q[:, :k] @ (Q[:, :k].T @ f)).square().mean().item() for k in terms]
    variance = [_NOISE**2 * k / _N for k in terms]
    total = [b + v + _NOISE**2 for b, v in zip(bias, variance, strict=True)]

    repetitions = setting.size(4000, 20_000)
    noise = _NOISE * torch.randn(2, repetitions, _N, generator=generator, dtype=torch.float64)
    if setting.broken:
        noise[0] = noise[0, :, :1]
    answers = [(f + noise[0]) @ Q[:, :k] @ Q[:, :k].T for k in terms]
    seen = [(f - answer).square().mean(1) for answer in answers]
    measured = [mean_of((f + noise[1] - answer).square().mean(1)) for answer in answers]
    best = min(range(_TERMS), key=total.__getitem__)
    crossing = next(i for i in range(_TERMS) if variance[i] >= bias[i])
    gap = mean_of(seen[crossing] - seen[best])
    draws = setting.size(1000, 4000)
    parts = bias_variance(answers[best][:draws], f + noise[1][:draws])
    chosen = sorted({0, 3, crossing, best, _TERMS - 1})
    places = tuple(map(float, terms))
    return Result(
        checks=(
            near(
                "number of terms with least error, where −Δbias² falls below Δvariance = σ²/n",
                float(terms[best]),
                float(terms[min(range(_TERMS), key=lambda i: seen[i].mean().item())]),
                relative=0.0,
            ),
            true("where the curves cross the error is larger", gap.value - 4 * gap.stderr > 0 and crossing != best),
            *(
                equal(f"{name} of {terms[best]} terms, from draws alone", p, Estimate(c.value, c.stderr))
                for name, p, c in (
                    ("bias²", bias[best], parts.bias_squared),
                    ("variance", variance[best], parts.variance),
                    ("noise", _NOISE**2, parts.noise),
                )
            ),
            *(equal(f"error of {terms[i]} terms: bias² + variance + noise", total[i], measured[i]) for i in chosen),
        ),
        figures=(
            Plot(
                "Error of a polynomial",
                "terms",
                "squared error",
                (
                    Curve("bias²", places, tuple(bias)),
                    Curve("variance", places, tuple(variance)),
                    Curve("predicted sum with noise", places, tuple(total)),
                    Curve("measured", places, tuple(m.value for m in measured), tuple(m.stderr for m in measured)),
                ),
            ),
        ),
        notes=(
            f"The texts put the optimum where bias² and variance cross ({terms[crossing]} terms); it is where their "
            f"slopes cancel ({terms[best]} terms).",
            "The expectation runs over the training set and over the noise of the new target.",
        ),
    )


EXPERIMENT = Experiment(
    name="bias-variance",
    claim="For squared error and independent noise, the expected error is bias² + variance + noise, and is least where "
    "d bias²/dc = −d variance/dc, not where the two curves cross.",
    source="Geman, Bienenstock and Doursat (1992), Neural networks and the bias/variance dilemma, section 3.",
    textbook=("A93", "A94", "A96", "B37"),
    control="noise that is the same at all points of a training set: more variance than σ²p/n, and elsewhere",
    run=_run,
    formulas=("rhobar.theory.learning.bias_variance",),
    findings=("overfitting", "underfitting"),
)
