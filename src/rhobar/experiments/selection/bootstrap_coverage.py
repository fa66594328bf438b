"""The bootstrap: its standard error of a mean is s/√n, its 95 % interval covers the truth in 95 of 100 data sets."""

import torch

from rhobar.experiments.checks import equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import mean_of, share_of
from rhobar.select import bootstrap

__all__ = ["EXPERIMENT"]

_N, _CLUSTER = 50, 5
_LEVELS = (0.5, 0.8, 0.95)


def _run(setting: Setting) -> Result:
    generator = setting.generator()
    covered: dict[float, list[bool]] = {level: [] for level in _LEVELS}
    ratios = []
    for _ in range(setting.size(150, 1500)):
        x = 1 + torch.randn(_N // _CLUSTER if setting.broken else _N, generator=generator, dtype=torch.float64)
        if setting.broken:
            x = x.repeat_interleave(_CLUSTER)
        for level in _LEVELS:
            found = bootstrap(
                x, lambda rows: rows.mean(), confidence=level, num_draws=200, method="percentile", generator=generator
            )
            covered[level].append(found.low <= 1 <= found.high)
        ratios.append(found.stderr / (x.std(correction=0).item() / _N**0.5))
    shares = [share_of(torch.tensor(hits)) for hits in covered.values()]
    return Result(
        checks=(
            *(
                equal(f"share of {level:.0%} intervals that hold the true mean", level, share, bias=1 / _N)
                for level, share in zip(_LEVELS, shares, strict=True)
            ),
            equal("standard error over σ̂/√n", 1.0, mean_of(torch.tensor(ratios)), bias=1 / 200),
        ),
        figures=(versus("Coverage", "promised", "share that hold the true mean", _LEVELS, _LEVELS, shares),),
        notes=(
            "The coverage of an interval of percentiles errs by O(1/n), which the test grants.",
            "With independent draws the standard error is that of the plug-in σ̂ (divided by n, not n − 1).",
        ),
    )


EXPERIMENT = Experiment(
    name="bootstrap-coverage",
    claim="For independent samples, the bootstrap's standard error of a mean is σ̂/√n and its intervals cover at their "
    "promised level up to O(1/n).",
    source="Efron and Tibshirani (1993), An introduction to the bootstrap, sections 6.2 and 13.3.",
    textbook=("B69",),
    control=f"samples in clusters of {_CLUSTER} that are alike, resampled as if independent",
    run=_run,
    findings=("train-validation-overlap",),
    formulas=("rhobar.select.bootstrap",),
)
