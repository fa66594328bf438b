"""Maximum likelihood: Gaussian noise gives MSE, Laplace noise MAE, labels cross-entropy; each is best for its own."""

from collections.abc import Callable

import torch
from torch import Tensor

from rhobar.experiments.checks import Check, at_most, equal, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.losses import LOSSES, gaussian_nll, mse
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_PAIRS = ("mse", "mae", "binary_cross_entropy", "categorical_cross_entropy", "sparse_categorical_cross_entropy")


def _drift(name: str, likelihood: str, generator: torch.Generator) -> float:
    """Return how much loss + log-likelihood varies over predictions: not at all if one is −ln of the other."""
    outputs, targets = LOSSES[name].example(generator)
    log_likelihood = LOSSES[likelihood].log_likelihood
    assert log_likelihood is not None
    sums = []
    for _ in range(20):
        moved = outputs + torch.randn(outputs.shape, generator=generator, dtype=outputs.dtype)
        sums.append(LOSSES[name].production(moved, targets) + log_likelihood(moved, targets))
    return float(torch.stack(sums).std())


def _least(name: str, targets: Tensor) -> float:
    """Return the constant prediction at which a loss is least, on a fine grid around the targets' mean."""
    grid = targets.mean() + torch.linspace(-1, 1, 2001, dtype=torch.float64)
    losses = torch.stack([LOSSES[name].production(c.expand_as(targets), targets) for c in grid])
    return float(grid[losses.argmin()])


def _variances(samples: Tensor) -> tuple[Estimate, Estimate]:
    """Return n times the mean squared error of mean and median, over the rows; the truth is 0."""
    n = samples.shape[1]
    return mean_of(n * samples.mean(1).square()), mean_of(n * samples.median(1).values.square())


def _laplace_quantile(u: Tensor) -> Tensor:
    return -(u - 0.5).sign() * torch.log1p(-2 * (u - 0.5).abs())


def _median_variance(quantile: Callable[[Tensor], Tensor], n: int) -> float:
    """Return n E[median²] of n = 2k + 1 samples: the median's quantile is Beta(k + 1, k + 1) distributed."""
    u = (torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000
    log_density = (n // 2) * (u * (1 - u)).log()
    density = (log_density - log_density.max()).exp()
    return float(n * (quantile(u).square() * density).sum() / density.sum())


def _efficiency(setting: Setting) -> tuple[Check, ...]:
    shape = (setting.size(4000, 100_000), 201)
    normal = torch.randn(shape, generator=setting.generator(1), dtype=torch.float64)
    uniform = torch.rand(shape, generator=setting.generator(2), dtype=torch.float64) - 0.5
    laplace = _laplace_quantile(uniform + 0.5)
    (mean_n, median_n), (mean_l, median_l) = _variances(normal), _variances(laplace)
    n = shape[1]
    return (
        equal("n Var(mean), Gaussian noise: 1", 1.0, mean_n),
        equal("n Var(median), Gaussian noise: exact, → π/2", _median_variance(torch.special.ndtri, n), median_n),
        equal("n Var(mean), Laplace noise: 2", 2.0, mean_l),
        equal("n Var(median), Laplace noise: exact, → 1", _median_variance(_laplace_quantile, n), median_l),
    )


def _run(setting: Setting) -> Result:
    generator = setting.generator()
    other = {"mse": "mae", "mae": "mse"} if setting.broken else {}
    drift = max(_drift(name, other.get(name, name), generator) for name in _PAIRS)
    targets = -torch.log(torch.rand(501, generator=generator, dtype=torch.float64))
    least, median = _least("mse", targets), _least("mae", targets)
    variance = torch.linspace(0.2, 3, 2801, dtype=torch.float64)
    best = targets.mean().expand_as(targets)
    nll = torch.stack([gaussian_nll(best, v.expand_as(targets), targets) for v in variance])
    centre = torch.linspace(0, 2, 60, dtype=torch.float64)
    curves = [
        Curve(f"{name} − least", tuple(centre.tolist()), tuple((losses - losses.min()).tolist()))
        for name in ("mse", "mae")
        for losses in [torch.stack([LOSSES[name].production(c.expand_as(targets), targets) for c in centre])]
    ]
    marks = [
        Curve(name, (float(at), float(at)), (0.0, 1.0))
        for name, at in (("mean", targets.mean()), ("median", targets.median()))
    ]
    return Result(
        checks=(
            at_most("spread of loss + log-likelihood over predictions: rounding", 1e-12, drift),
            near("MSE is least at the mean (grid 0.001)", float(targets.mean()), least, relative=1e-3),
            near("MAE is least at the median", float(targets.median()), median, relative=2e-3),
            near(
                "the Gaussian likelihood's best variance is the MSE",
                float(mse(best, targets)),
                float(variance[nll.argmin()]),
                relative=1e-2,
            ),
            *_efficiency(setting),
        ),
        figures=(Plot("Losses of a constant prediction", "prediction", "loss − least", (*curves, *marks)),),
        notes=(
            "Which is better depends on the noise: as n grows, the mean by π/2 (Gaussian), the median by 2 (Laplace).",
        ),
    )


EXPERIMENT = Experiment(
    name="likelihood-gives-the-loss",
    claim="MSE, MAE and cross-entropy are −ln of a Gaussian, Laplace and categorical likelihood, up to a constant.",
    source="Gauss (1809); Laplace (1774); Bishop (2006), Pattern recognition and machine learning, section 5.2.",
    textbook=("A33", "A34", "A35", "A36", "A37", "A38", "A42", "A43", "B13"),
    control="the noise is taken for Laplace where the loss is MSE, and the other way round",
    run=_run,
    formulas=("rhobar.nn.losses.mse", "rhobar.nn.losses.mae", "rhobar.nn.losses.gaussian_nll"),
    findings=("loss-task-mismatch",),
)
