"""Double descent of a net with random ReLU features: the test error peaks where features equal samples."""

import torch

from rhobar.experiments.checks import at_least, at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.generalization.gaussian_regression import least_norm
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_N, _DIM, _NOISE = 60, 10, 0.5
_WIDTHS = (5, 10, 20, 40, 60, 90, 150, 400, 1000)


def _errors(width: int, setting: Setting) -> tuple[torch.Tensor, torch.Tensor]:
    """Return test and training errors of the output weights on `width` ReLU features, for several training sets."""
    repetitions = setting.size(30, 300)
    data, weights = setting.generator(1), setting.generator(1000 + width)
    x = torch.randn(repetitions, _N + 200, _DIM, generator=data, dtype=torch.float64) / _DIM**0.5
    teacher = torch.randn(repetitions, _DIM, 1, generator=data, dtype=torch.float64)
    y = (x @ teacher)[..., 0]
    y[:, :_N] += _NOISE * torch.randn(repetitions, _N, generator=data, dtype=torch.float64)
    W = torch.randn(repetitions, _DIM, width, generator=weights, dtype=torch.float64)
    features = torch.relu(x @ W) / width**0.5
    fitted = least_norm(features[:, :_N], y[:, :_N], ridge=1.0 if setting.broken else 0.0)
    squares = ((features @ fitted[..., None])[..., 0] - y).square()
    return squares[:, _N:].mean(1), squares[:, :_N].mean(1)


def _run(setting: Setting) -> Result:
    both = [_errors(width, setting) for width in _WIDTHS]
    test = [e.median().item() for e, _ in both]
    train = [e.max().item() for _, e in both]
    peak = _WIDTHS[max(range(len(_WIDTHS)), key=test.__getitem__)]
    threshold = _WIDTHS.index(_N)
    places = tuple(map(float, _WIDTHS))
    return Result(
        checks=(
            near(
                "features at the peak of the median test error: as many as samples",
                float(_N),
                float(peak),
                relative=0.0,
            ),
            at_most("largest training error from there on: the data are interpolated", 1e-6, max(train[threshold:])),
            at_least("training error before: they are not", 1e-3, min(train[:threshold])),
            at_most("median test error of the widest net: below that at half the samples", test[3], test[-1]),
        ),
        figures=(
            Plot(
                "Test error of random ReLU features",
                "features",
                "median squared error",
                (
                    Curve("measured", places, tuple(min(t, 10.0) for t in test)),
                    Curve("predicted place of the peak", (float(_N), float(_N)), (0.0, 10.0)),
                ),
                log=True,
            ),
        ),
        notes=(
            "The figure is cut at 10.",
            "With K outputs the threshold is at N·K weights.",
        ),
    )


EXPERIMENT = Experiment(
    name="double-descent-random-features",
    claim="With noisy targets and no regularisation, the test error of a net with random hidden weights peaks where "
    "its width equals the number of samples, where the training error first reaches zero.",
    source="Belkin, Hsu, Ma and Mandal (2019), Reconciling modern machine-learning practice and the classical "
    "bias–variance trade-off, figure 2.",
    textbook=("A95",),
    control="a ridge penalty: the data are not interpolated, and the peak is gone",
    run=_run,
    findings=("overfitting",),
    formulas=("rhobar.experiments.generalization.gaussian_regression.least_norm",),
)
