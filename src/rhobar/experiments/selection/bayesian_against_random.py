"""Search that learns from its trials (expected improvement) beats random search where the objective is smooth."""

import math

import torch

from rhobar.experiments.checks import at_least, at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.probes.estimate import mean_of
from rhobar.probes.survey import Curve, Plot
from rhobar.select import expected_improvement

__all__ = ["EXPERIMENT"]

_TRIALS, _START, _LENGTH, _JITTER = 25, 5, 0.4, 1e-6


def _posterior(seen: torch.Tensor, values: torch.Tensor, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and deviation of a Gaussian process with the kernel exp(−‖x − x'‖²/(2ℓ²)) after standardising."""
    centre, spread = values.mean(), values.std().clamp_min(1e-12)

    def kernel(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return torch.exp(-torch.cdist(a, b).square() / (2 * _LENGTH**2))

    K = kernel(seen, seen) + _JITTER * torch.eye(len(seen), dtype=seen.dtype)
    cross = kernel(places, seen)
    weights = torch.linalg.solve(K, cross.T)
    variance = 1 - (cross * weights.T).sum(1)
    return centre + spread * ((values - centre) / spread) @ weights, spread * variance.clamp_min(0).sqrt()


def _search(repetition: int, setting: Setting, *, learns: bool) -> tuple[torch.Tensor, float]:
    """Return ln of the best value so far after every trial, and the largest improvement expected at a seen point."""
    generator = setting.generator(repetition)
    target = 0.2 + 0.6 * torch.rand(2, generator=generator, dtype=torch.float64)

    def objective(x: torch.Tensor) -> torch.Tensor:
        if setting.broken:
            return torch.rand(len(x), generator=generator, dtype=torch.float64)
        return (x - target).square() @ torch.tensor([1.0, 3.0], dtype=torch.float64)

    x = torch.rand(_START if learns else _TRIALS, 2, generator=generator, dtype=torch.float64)
    y = objective(x)
    again = 0.0
    while len(x) < _TRIALS:
        candidates = torch.rand(1000, 2, generator=generator, dtype=torch.float64)
        gain = expected_improvement(*_posterior(x, y, candidates), y.min().item())
        again = expected_improvement(*_posterior(x, y, x), y.min().item()).max().item() / y.std().item()
        x = torch.cat([x, candidates[gain.argmax()][None]])
        y = torch.cat([y, objective(x[-1:])])
    return y.cummin(0).values.log(), again


def _run(setting: Setting) -> Result:
    repetitions = setting.size(20, 200)
    learned = [_search(r, setting, learns=True) for r in range(repetitions)]
    bayesian = torch.stack([curve for curve, _ in learned])
    random = torch.stack([_search(r, setting, learns=False)[0] for r in range(repetitions)])
    gain = mean_of(bayesian[:, -1] - random[:, -1])
    trials = tuple(float(t) for t in range(1, _TRIALS + 1))
    # The best of n uniform points near a quadratic minimum: n π r²/√3 ~ Exp(1), so E ln = ln(√3/π) − ln n − γ.
    expected = tuple(math.log(math.sqrt(3) / (math.pi * t)) - 0.5772 for t in trials)
    return Result(
        checks=(
            at_most("ln of the best value, Bayesian less random, plus 4 errors", 0.0, gain.value + 4 * gain.stderr),
            equal("ln of the best of random search: ln(√3/(π n)) − γ", expected[-1], mean_of(random[:, -1])),
            at_least("least expected improvement at a seen point", 0.0, min(again for _, again in learned)),
            at_most("largest of these, over the deviation of the values: the jitter's", 3 * math.sqrt(_JITTER),
                    max(again for _, again in learned)),
        ),
        figures=(
            Plot(
                "Best value so far", "trial", "ln of the best, mean over searches",
                (
                    Curve("predicted, random", trials, expected),
                    Curve("measured, random", trials, tuple(random.mean(0).tolist())),
                    Curve("measured, Bayesian", trials, tuple(bayesian.mean(0).tolist())),
                ),
            ),
        ),
        notes=(f"Gain {gain.value:.2f} ± {gain.stderr:.2f} in ln; it depends on the objective.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="bayesian-against-random",
    claim="On a smooth objective of two parameters, trials at the greatest expected improvement of a Gaussian process "
    "end lower than random ones, whose best has E ln = ln(√3/(πn)) − γ.",
    source="Jones, Schonlau and Welch (1998), Efficient global optimization, section 4; Snoek et al. (2012).",
    textbook=("C95",),
    control="an objective that is noise: there is nothing to learn",
    run=_run,
    formulas=("rhobar.select.expected_improvement",),
)
