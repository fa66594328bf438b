"""Batch norm answers a sample together with its batch in training, alone in evaluation: by how much they differ."""

import math

import torch
from torch import nn

from rhobar.experiments.checks import Check, at_least, equal, true
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.normalization import batch_norm, batch_norm_inference
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_SIZES = (4, 8, 16, 32, 64, 128)


def _predicted(B: int) -> float:
    """Return E(x̂ − x)² = 2(1 − E s) for N(0, 1) samples, s the standard deviation of a batch of B, by 1/B.

    E s = √(2/B) Γ(B/2)/Γ((B − 1)/2), since the mean over a batch of x̂² is 1 and of x̂x is s.
    """
    return 2 - 2 * math.sqrt(2 / B) * math.exp(math.lgamma(B / 2) - math.lgamma((B - 1) / 2))


def _difference(B: int, setting: Setting) -> Estimate:
    """Return the mean square difference of both modes' outputs, the running statistics being those of the data."""
    features = setting.size(2000, 50_000)
    x = torch.randn(B, features, generator=setting.generator(B), dtype=torch.float64)
    mean, variance = torch.zeros(2, features, dtype=torch.float64)
    alone = batch_norm_inference(x, mean, variance + 1, eps=1e-12)
    together = alone if setting.broken else batch_norm(x, eps=1e-12)
    return mean_of((together - alone).square().mean(0))


def _moved(*, training: bool, setting: Setting) -> float:
    """Return how far a sample's output moves when the others of its batch are replaced."""
    norm = nn.BatchNorm1d(10).train(training and not setting.broken)
    generator = setting.generator(1000)
    x, others = torch.randn(16, 10, generator=generator), torch.randn(15, 10, generator=generator)
    with torch.no_grad():
        return float((norm(x)[0] - norm(torch.cat([x[:1], others]))[0]).abs().max())


def _run(setting: Setting) -> Result:
    found = [_difference(B, setting) for B in _SIZES]
    theory = [_predicted(B) for B in _SIZES]
    checks: list[Check] = [
        equal(f"batch of {B}: mean square difference of train and eval: 2(1 − E s)", t, f)
        for B, t, f in zip(_SIZES, theory, found, strict=True)
    ]
    places = tuple(map(float, _SIZES))
    return Result(
        checks=(
            *checks,
            true("an output in eval ignores its batch", _moved(training=False, setting=setting) == 0),
            at_least("in train it moves with them", 0.01, _moved(training=True, setting=setting)),
        ),
        figures=(
            Plot(
                "Difference of the outputs in train and eval mode",
                "batch size B",
                "mean square difference",
                (
                    Curve("2(1 − E s)", places, tuple(theory)),
                    Curve("1.5/B", places, tuple(1.5 / B for B in _SIZES)),
                    Curve("measured", places, tuple(f.value for f in found), tuple(f.stderr for f in found)),
                ),
                log=True,
            ),
        ),
        notes=("The running statistics are exact here; in training they lag behind, which adds to the difference.",),
    )


EXPERIMENT = Experiment(
    name="batch-norm-in-train-and-eval",
    claim="For N(0, 1) inputs batch norm's outputs in train and eval differ by 2(1 − E s) ≈ 1.5/B in mean square.",
    source="Ioffe and Szegedy (2015), section 3.1; Ioffe (2017), Batch renormalization, section 2.",
    textbook=("A75", "A77", "C73", "C74"),
    control="the module stays in eval mode while it should train",
    run=_run,
    formulas=("rhobar.nn.normalization.batch_norm", "rhobar.nn.normalization.batch_norm_inference"),
    findings=("degenerate-batch-norm", "train-mode-evaluation", "eval-mode-training"),
)
