"""A PAC-Bayes bound of a random linear classifier: it holds, says something, and needs a prior blind to the data."""

import torch

from rhobar.experiments.checks import at_most
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import mean_of, share_of
from rhobar.theory.learning import pac_bayes

__all__ = ["EXPERIMENT"]

_DIM, _SPREAD, _DELTA, _FLIPS = 40, 0.5, 0.05, 0.1
_SIZES = (50, 100, 200, 400)


def _draw(shape: tuple[int, ...], generator: torch.Generator, noise: float) -> torch.Tensor:
    """Draw yx with y the sign of the first feature, flipped with a probability."""
    x = torch.randn(*shape, _DIM, generator=generator, dtype=torch.float64)
    flipped = torch.rand(shape, generator=generator) < noise
    y: torch.Tensor = x[..., 0].sign() * (1 - 2 * flipped.double())
    return x * y[..., None]


def _risk(w: torch.Tensor, yx: torch.Tensor) -> torch.Tensor:
    """Return the mean error of classifiers v ~ N(w, s²I): E Φ(−y w·x / (s‖x‖))."""
    errors: torch.Tensor = torch.special.ndtr(-(yx @ w[..., None])[..., 0] / (_SPREAD * yx.norm(dim=-1)))
    return errors.mean(-1)


def _run(setting: Setting) -> Result:
    noise = 0.5 if setting.broken else _FLIPS
    test = _draw((4000,), setting.generator(99), noise)
    shares, bounds, risks = [], [], []
    for stream, n in enumerate(_SIZES):
        yx = _draw((setting.size(100, 1000), n), setting.generator(stream), noise)
        gram = yx.mT @ yx + torch.eye(_DIM, dtype=torch.float64)
        w: torch.Tensor = torch.linalg.solve(gram, yx.sum(1))
        w = 3 * w / w.norm(dim=1, keepdim=True)
        divergence = 0.0 * w[:, 0] if setting.broken else w.square().sum(1) / (2 * _SPREAD**2)
        pairs = zip(_risk(w, yx).tolist(), divergence.tolist(), strict=True)
        bound = torch.tensor([pac_bayes(empirical, kl, n, _DELTA).value for empirical, kl in pairs]).double()
        risk = _risk(w, test.expand(len(w), -1, -1))
        shares.append(share_of(risk > bound))
        bounds.append(mean_of(bound))
        risks.append(mean_of(risk))
    return Result(
        checks=(
            *(
                at_most(f"share of training sets with a risk above the bound, n = {n}: at most δ", _DELTA, share)
                for n, share in zip(_SIZES, shares, strict=True)
            ),
            at_most("mean bound at the largest n: less than that of guessing", 0.5, bounds[-1]),
        ),
        figures=(
            versus(
                "Risk of the random classifier",
                "samples n",
                "error",
                _SIZES,
                [b.value for b in bounds],
                risks,
                log=True,
            ),
        ),
        notes=(f"Tightness, bound over risk: {bounds[-1].value / risks[-1].value:.1f} at n = {_SIZES[-1]}.",),
    )


EXPERIMENT = Experiment(
    name="pac-bayes-bound",
    claim="For independent samples and a prior P fixed before they were drawn, kl(R̂(Q)‖R(Q)) ≤ (KL(Q‖P) + ln(2√n/δ))/n "
    "holds for all posteriors Q with probability at least 1 − δ.",
    source="Maurer (2004), A note on the PAC-Bayesian theorem, theorem 5.",
    textbook=("B46",),
    control="a prior that is the posterior learned from the same data (KL = 0), labels without signal",
    run=_run,
    formulas=("rhobar.theory.learning.pac_bayes",),
    findings=("memorized-noise",),
)
