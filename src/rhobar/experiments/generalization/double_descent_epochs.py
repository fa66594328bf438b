"""Double descent over epochs: fast features overfit first, slow ones are learned later."""

import torch

from rhobar.experiments.checks import at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import mean_of

__all__ = ["EXPERIMENT", "descent_error"]

_N, _RATE = 100, 0.1
_FAST, _SLOW, _RATIO = 40, 5, 0.1
"""Numbers of features of scale 1 and of scale `_RATIO`."""
_TIMES = (0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096)


def _problem() -> tuple[torch.Tensor, torch.Tensor]:
    """Return scales s and signals s²β² of the features: weak fast ones, strong slow ones."""
    scale = torch.cat([torch.ones(_FAST), torch.full((_SLOW,), _RATIO)]).double()
    signal = torch.cat([torch.full((_FAST,), 0.2 / _FAST), torch.full((_SLOW,), 1.0 / _SLOW)]).double()
    return scale, signal


def descent_error(scale: torch.Tensor, signal: torch.Tensor) -> list[float]:
    """Σ_i (1 − ηs_i²)^{2t} s_i²β_i² + (1 − (1 − ηs_i²)^t)² σ²/n with σ = 1.

    Example:
        >>> scale, signal = _problem()
        >>> round(descent_error(scale, signal)[0], 6)  # nothing learned yet: the whole signal
        1.2
    """
    left = [(1 - _RATE * scale.square()) ** t for t in _TIMES]
    return [float((q.square() * signal + (1 - q).square() / _N).sum()) for q in left]


def _measured(scale: torch.Tensor, signal: torch.Tensor, setting: Setting) -> dict[int, torch.Tensor]:
    """Descend from zero on many draws of the noise; return the errors at the times."""
    generator = setting.generator()
    Q = torch.linalg.qr(torch.randn(_N, len(scale), generator=generator, dtype=torch.float64)).Q
    X = Q * scale * _N**0.5
    beta = signal.sqrt() / scale
    y = X @ beta + torch.randn(setting.size(100, 1000), _N, generator=generator, dtype=torch.float64)
    rate = _RATE / scale.square() if setting.broken else _RATE
    w = torch.zeros(len(y), len(scale), dtype=torch.float64)
    gram, moment = X.T @ X / _N, y @ X / _N
    errors = {}
    for t in range(max(_TIMES) + 1):
        if t in _TIMES:
            errors[t] = ((w - beta) * scale).square().sum(1)
        w -= rate * (w @ gram - moment)
    return errors


def _run(setting: Setting) -> Result:
    scale, signal = _problem()
    predicted = descent_error(scale, signal)
    errors = _measured(scale, signal, setting)
    measured = [mean_of(errors[t]) for t in _TIMES]
    first, peak, last = _TIMES[2], _TIMES[5], _TIMES[-1]
    rise = predicted[5] - predicted[2]
    return Result(
        checks=(
            equal(f"rise from step {first} to step {peak}", rise, mean_of(errors[peak] - errors[first])),
            at_most("error after the first descent less that at the start", 0.0, mean_of(errors[first] - errors[0])),
            at_most("last error less that after the first descent", 0.0, mean_of(errors[last] - errors[first])),
            *(
                equal(f"error at step {t}", p, m)
                for t, p, m in zip(_TIMES[1:], predicted[1:], measured[1:], strict=True)
            ),
        ),
        figures=(
            versus(
                "Double descent over steps",
                "step + 1",
                "squared error",
                [t + 1 for t in _TIMES],
                predicted,
                measured,
                log=True,
            ),
        ),
        notes=("A sum of two U curves: each group of features first gains signal, then noise, at its own speed.",),
    )


EXPERIMENT = Experiment(
    name="double-descent-epochs",
    claim="With features of different scale, gradient descent on least squares with noise has a test error that falls, "
    "rises and falls again with the steps, as a sum of U curves predicts.",
    source="Heckel and Yilmaz (2021), Early stopping in deep networks: double descent and how to eliminate it, "
    "theorem 1.",
    textbook=("A95",),
    control="rates that make all features equally fast: one U, no second descent",
    run=_run,
    formulas=("rhobar.experiments.generalization.double_descent_epochs.descent_error",),
    findings=("overfitting",),
)
