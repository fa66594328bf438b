"""Realisable PAC learning: m ≥ (ln|H| + ln(1/δ))/ε samples make every consistent function good."""

import math

import torch

from rhobar.experiments.checks import at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import share_of
from rhobar.theory.learning import realisable_samples

__all__ = ["EXPERIMENT"]

_ERROR, _DELTA = 0.1, 0.1
_SIZES = (10, 40, 160, 640)
_NOISE = 0.2


def _failures(size: int, m: int, setting: Setting) -> torch.Tensor:
    """Return for each training set whether a function with risk ε beyond the target's is fitted at least as well.

    Every function but the target disagrees with it with probability ε, independently: the worst case. In the control
    the labels are noisy, so that the target itself errs.
    """
    generator = setting.generator(size)
    repetitions = setting.size(400, 4000)
    wrong = torch.rand(repetitions, size - 1, m, generator=generator) < _ERROR
    noisy = torch.rand(repetitions, 1, m, generator=generator) < (_NOISE if setting.broken else 0.0)
    errors = (wrong ^ noisy).sum(-1)
    return (errors <= noisy.sum(-1)).any(1)


def _run(setting: Setting) -> Result:
    checks, predicted, measured = [], [], []
    for size in _SIZES:
        m = realisable_samples(math.log(size), _ERROR, _DELTA)
        share = share_of(_failures(size, m, setting))
        exact = 1 - (1 - (1 - _ERROR) ** m) ** (size - 1)
        checks += [
            at_most(f"share of failures with {size} functions and {m} samples: at most δ", _DELTA, share),
            equal("and for independent functions 1 − (1 − (1 − ε)^m)^(|H|−1)", exact, share),
        ]
        predicted.append(exact)
        measured.append(share)
    return Result(
        checks=tuple(checks),
        figures=(
            versus("Failures at the promised number of samples", "functions |H|", "share of training sets", _SIZES,
                   predicted, measured, log=True),
        ),
        notes=(f"Tightness: δ = {_DELTA} was promised; in the worst case {max(predicted):.3f} fail.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="pac-sample-complexity",
    claim="If the target is in a finite class, m ≥ (ln|H| + ln(1/δ))/ε independent samples make every consistent "
    "function have error at most ε, with probability at least 1 − δ.",
    source="Blumer, Ehrenfeucht, Haussler and Warmuth (1987), Occam's razor, theorem 1; Valiant (1984).",
    textbook=("B38", "C89", "B39", "B40"),
    control="noisy labels: the target is not consistent, the realisable bound promises too much",
    run=_run,
    formulas=("rhobar.theory.learning.realisable_samples",),
)
