"""Easy samples first: the expected progress of a step falls linearly with the squared difficulty of its sample."""

import torch

from rhobar.experiments.checks import at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.train.strategies import Curriculum

__all__ = ["EXPERIMENT"]

_DIM, _RATE, _N, _EPOCHS = 8, 0.02, 100, 3
_LEVELS = (0.0, 1.0, 2.0, 4.0)


def _progress(level: float, setting: Setting) -> Estimate:
    """Return the mean fall of ‖w − w*‖² in a step on a sample whose error at the optimum w* = 0 is ±level."""
    generator = setting.generator(round(10 * level))
    draws = setting.size(20_000, 400_000)
    x = torch.randn(draws, _DIM, generator=generator, dtype=torch.float64)
    noise = level * (torch.randint(2, (draws,), generator=generator).double() * 2 - 1)
    w = torch.ones(_DIM, dtype=torch.float64) / _DIM**0.5
    moved = w - 2 * _RATE * (x @ w - noise)[:, None] * x
    return mean_of(1 - moved.square().sum(1))


def _theory(level: float) -> float:
    """Return 4ηD²(1 − η(d + 2)) − 4η²dψ² for D = ‖w − w*‖ = 1 and standard normal inputs."""
    return 4 * _RATE * (1 - _RATE * (_DIM + 2)) - 4 * _RATE**2 * _DIM * level**2


def _train(stream: int, setting: Setting, *, ordered: bool) -> float:
    """Train with single-sample steps, easy samples first or in random order; return the last ‖w − w*‖²."""
    generator = setting.generator(100 + stream)
    x = torch.randn(_N, _DIM, generator=generator, dtype=torch.float64)
    noise = 4 * torch.rand(_N, generator=generator, dtype=torch.float64).square()
    noise *= torch.randint(2, (_N,), generator=generator).double() * 2 - 1
    difficulty = -noise.abs() if setting.broken else noise.abs()
    if not ordered:
        difficulty = torch.rand(_N, generator=generator, dtype=torch.float64)
    lessons = Curriculum(
        x, noise, difficulty=difficulty, size=1, full_after=2 * _EPOCHS, start=0.3, generator=generator
    )
    w = 2 * torch.ones(_DIM, dtype=torch.float64) / _DIM**0.5
    for _ in range(_EPOCHS):
        for features, target in lessons:
            w -= 2 * _RATE * (features[0] @ w - target[0]) * features[0]
    return float(w.square().sum())


def _run(setting: Setting) -> Result:
    measured = [_progress(level, setting) for level in _LEVELS]
    predicted = [_theory(level) for level in _LEVELS]
    runs = setting.size(40, 400)
    easy = torch.tensor([_train(i, setting, ordered=True) for i in range(runs)], dtype=torch.float64)
    plain = torch.tensor([_train(i, setting, ordered=False) for i in range(runs)], dtype=torch.float64)
    gain = mean_of(easy - plain)
    return Result(
        checks=(
            *(
                equal(f"progress of a step at difficulty {level:g}", p, m)
                for level, p, m in zip(_LEVELS, predicted, measured, strict=True)
            ),
            at_most("distance² after a curriculum less that in random order, plus 4 errors", 0.0,
                    gain.value + 4 * gain.stderr),
        ),
        figures=(
            versus("Progress of a step", "difficulty ψ", "fall of ‖w − w*‖²", _LEVELS, predicted, measured),
        ),
        notes=(
            f"Mean distance² after {_EPOCHS} epochs: {easy.mean():.3f} by difficulty, {plain.mean():.3f} at random, "
            "with as many steps.",
            "Difficulty is the loss at the optimum, that is, noise; hard samples that carry signal are another matter.",
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="curriculum-by-difficulty",
    claim="On linear regression, the expected progress of an SGD step falls linearly with ψ², ψ the error of its "
    "sample at the optimum; so that beginning with easy samples ends nearer after as many steps.",
    source="Weinshall, Cohen and Amir (2018), Curriculum learning by transfer learning, theorem 1.",
    textbook=("B71",),
    control="the order reversed: hard samples first",
    run=_run,
    formulas=("rhobar.train.strategies.Curriculum",),
)
