"""All bounds on one problem: which hold, how far each lies above the gap that is there, and which say nothing."""

import math
from itertools import product

import torch
from torch import Tensor

from rhobar.experiments.checks import at_least, at_most
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.probes.estimate import share_of
from rhobar.probes.survey import Curve, Plot
from rhobar.theory.learning import (
    finite_class_bound,
    linear_rademacher_limit,
    margin_bound,
    pac_bayes,
    perturbation_margin_bound,
    rademacher_bound,
    spectral_margin_bound,
    table_rademacher,
    uniform_gap,
    vc_bound,
)

__all__ = ["EXPERIMENT"]

_DIM, _NOISE, _DELTA, _MARGIN, _DISTINCT = 8, 0.1, 0.05, 0.1, 16
_SIZES = (128, 512, 2048)


def _draw(n: int, target: Tensor, generator: torch.Generator, *, broken: bool) -> Tensor:
    """Draw yx, x uniform on the sphere, y = sign(target·x) but for 10 % of the labels; copies of 16 in the control."""
    m = _DISTINCT if broken else n
    x = torch.randn(m, len(target), generator=generator, dtype=torch.float64)
    flips = torch.rand(m, generator=generator) < _NOISE
    y = (x @ target).sign() * torch.where(flips, -1.0, 1.0)
    signed: Tensor = y[:, None] * x / x.norm(dim=1, keepdim=True)
    return signed.repeat(n // m, 1)


def _risk(w: Tensor, target: Tensor) -> float:
    """Return P(y w·x ≤ 0): two unit vectors disagree on the share angle/π of the sphere."""
    angle = math.acos(max(-1.0, min(1.0, float(w @ target))))
    return _NOISE + (1 - 2 * _NOISE) * angle / math.pi


def _bounds(yx: Tensor, w: Tensor, errors: Tensor, best: int, generator: torch.Generator) -> dict[str, float]:
    """Return every bound on the risk of the chosen w that applies: a finite class, half-spaces, norms, a prior."""
    n, empirical, log_size = len(yx), float(errors[best].double().mean()), math.log(len(errors))
    scores = yx @ w
    small = float((scores < _MARGIN).double().mean())
    layers = [torch.stack([w, -w]) / 2]
    drawn = table_rademacher(errors.double(), num_draws=100, generator=generator)
    return {
        "PAC-Bayes, uniform prior": pac_bayes(empirical, log_size, n, _DELTA).value,
        "finite class": finite_class_bound(empirical, log_size, n, _DELTA).value,
        "uniform convergence": empirical + uniform_gap(log_size, n, _DELTA).value,
        "Rademacher, of the table": rademacher_bound(empirical, drawn.value, n, _DELTA).value,
        "VC": vc_bound(empirical, _DIM, n, _DELTA).value,
        "margin": margin_bound(small, linear_rademacher_limit(yx), _MARGIN, n, _DELTA).value,
        "spectral norms": spectral_margin_bound(small, layers, n**0.5, _MARGIN, n, _DELTA).value,
        "perturbed weights": perturbation_margin_bound(small, layers, 1.0, _MARGIN, n, _DELTA).value,
    }


def _run(setting: Setting) -> Result:
    repetitions = setting.size(20, 200)
    signs = torch.tensor(list(product((-1.0, 1.0), repeat=_DIM)), dtype=torch.float64) / _DIM**0.5
    target = torch.nn.functional.normalize(torch.arange(1.0, _DIM + 1, dtype=torch.float64), dim=0)  # in no class
    penalties: dict[str, list[float]] = {}
    checks, gaps = [], []
    for stream, n in enumerate(_SIZES):
        generator = setting.generator(stream)
        seen, found = [], []
        for _ in range(repetitions):
            yx = _draw(n, target, generator, broken=setting.broken)
            errors = signs @ yx.T <= 0
            best = int(errors.sum(1).argmin())
            risk, empirical = _risk(signs[best], target), float(errors[best].double().mean())
            seen.append(risk - empirical)
            found.append({k: (b - empirical, risk > b) for k, b in
                          _bounds(yx, signs[best], errors, best, generator).items()})  # fmt: skip
        gaps.append(float(torch.tensor(seen).quantile(1 - _DELTA)))
        for name in found[0]:
            penalties.setdefault(name, []).append(sum(f[name][0] for f in found) / repetitions)
            missed = torch.tensor([f[name][1] for f in found])
            checks.append(
                at_most(f"n = {n}, {name}: share of risks above the bound: at most δ", _DELTA, share_of(missed))
            )
    places = tuple(map(float, _SIZES))
    logs = {name: tuple(math.log10(p) for p in values) for name, values in penalties.items()}
    ratios = sorted((values[-1] / gaps[-1], name) for name, values in penalties.items())
    return Result(
        checks=(
            *checks,
            at_most(f"n = {_SIZES[-1]}: least penalty: below ½", 0.5, min(p[-1] for p in penalties.values())),
            at_least("spectral norms, the same n: says nothing, above 1", 1.0, penalties["spectral norms"][-1]),
        ),
        figures=(
            Plot(
                "What each bound adds to the training error, and the gap that is there",
                "samples n",
                "log₁₀ of risk − training error",
                (
                    *(Curve(name, places, values) for name, values in logs.items()),
                    Curve("measured, 95 % of the sets", places, tuple(math.log10(max(g, 1e-4)) for g in gaps)),
                ),
                log=True,
            ),
        ),
        notes=(
            f"Tightness at n = {_SIZES[-1]}, penalty over the gap that 95 % of the sets stay below: "
            + ", ".join(f"{name} {ratio:.3g}" for ratio, name in ratios) + ".",
            "Stability bounds need an algorithm that is stable; the best of a finite class is not.",
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="how-tight-the-bounds-are",
    claim="For the best of 2^d sign vectors as half-spaces, chosen on n independent samples, every bound holds with "
    "probability 1 − δ; those of the class are informative, those made for deep nets say nothing.",
    source="Shalev-Shwartz and Ben-David (2014), Understanding machine learning, chapters 4, 6, 26 and 31.",
    textbook=("B42", "B43", "B45", "B46", "C91"),
    control="16 distinct samples, each of which stands n/16 times",
    run=_run,
    formulas=(
        "rhobar.theory.learning.finite_class_bound",
        "rhobar.theory.learning.margin_bound",
        "rhobar.theory.learning.pac_bayes",
        "rhobar.theory.learning.perturbation_margin_bound",
        "rhobar.theory.learning.rademacher_bound",
        "rhobar.theory.learning.spectral_margin_bound",
        "rhobar.theory.learning.table_rademacher",
        "rhobar.theory.learning.uniform_gap",
        "rhobar.theory.learning.vc_bound",
    ),
    findings=("overfitting",),
)
