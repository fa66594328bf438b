"""The information bottleneck of a Gaussian pair keeps nothing below β = 1/ρ², and a known amount beyond."""

import torch

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.theory.information import gaussian_bottleneck, mutual_information

__all__ = ["EXPERIMENT"]

_CORRELATION = 0.8
_BETAS = (1.2, 1.4, 1.8, 2.5, 5.0)
_GRID = 40


def _joint(setting: Setting) -> torch.Tensor:
    """Return p(x, y) on a grid: a Gaussian pair, or in the control one whose correlation sits in its tails."""
    grid = torch.linspace(-4, 4, _GRID, dtype=torch.float64)
    x, y = grid[:, None], grid[None, :]
    rho = torch.where(x.abs() > 1.2, 0.97, 0.3) if setting.broken else torch.full_like(x, _CORRELATION)
    p = torch.exp(-x.square() / 2 - (y - rho * x).square() / (2 * (1 - rho.square()))) / (1 - rho.square()).sqrt()
    return p / p.sum()


def _bottleneck(p: torch.Tensor, beta: float, num_steps: int) -> tuple[float, float]:
    """Iterate p(t|x) ∝ p(t) exp(−β KL(p(y|x)‖p(y|t))) from T near X; return I(X; T) and I(T; Y)."""
    p_x = p.sum(1)
    y_x = p / p_x[:, None]
    t_x = torch.eye(_GRID, dtype=p.dtype) * 0.9 + 0.1 / _GRID
    for _ in range(num_steps):
        p_t = p_x @ t_x
        y_t = (t_x * p_x[:, None]).T @ y_x / p_t[:, None]
        cross = y_x @ y_t.clamp_min(1e-300).log().T
        t_x = torch.softmax(p_t.log() + beta * cross, dim=1).clamp_min(1e-300)
    joint = t_x * p_x[:, None]
    return mutual_information(joint), mutual_information(joint.T @ y_x)


def _closed(beta: float) -> tuple[float, float]:
    """Return both for the Gaussian pair: I(X; T) = ½ ln((β − 1)ρ²/(1 − ρ²)) beyond β = 1/ρ², nothing before."""
    covariance = torch.tensor([[1.0, _CORRELATION], [_CORRELATION, 1.0]], dtype=torch.float64)
    found = gaussian_bottleneck(covariance, 1, beta)
    return found.complexity, found.relevance


def _run(setting: Setting) -> Result:
    p = _joint(setting)
    predicted = [_closed(beta) for beta in _BETAS]
    measured = [_bottleneck(p, beta, setting.size(1500, 20_000)) for beta in _BETAS]
    below = [i for i, beta in enumerate(_BETAS) if beta * _CORRELATION**2 <= 1]
    above = [i for i in range(len(_BETAS)) if i not in below]
    return Result(
        checks=(
            *(at_most(f"I(X; T) at β = {_BETAS[i]}: nothing, nats", 1e-3, measured[i][0]) for i in below),
            *(near(f"I(X; T) at β = {_BETAS[i]}", predicted[i][0], measured[i][0], relative=0.01) for i in above),
            *(near(f"I(T; Y) at β = {_BETAS[i]}", predicted[i][1], measured[i][1], relative=0.01) for i in above),
        ),
        figures=(
            versus(
                "Bottleneck, ρ = 0.8", "β", "I(X; T), nats", _BETAS, [a for a, _ in predicted], [a for a, _ in measured]
            ),
            versus(
                "What it keeps of Y", "β", "I(T; Y), nats", _BETAS, [b for _, b in predicted], [b for _, b in measured]
            ),
        ),
        notes=(
            f"min I(X; T) − β I(T; Y); threshold β = 1/ρ² = {1 / _CORRELATION**2:.4f}. With max I(T; Y) − β I(X; T) it "
            "is the reciprocal.",
            f"A grid of {_GRID} values; one step of it is the error of 1 % that is granted.",
        ),
    )


EXPERIMENT = Experiment(
    name="gaussian-bottleneck",
    claim="For a Gaussian pair of correlation ρ, min I(X; T) − β I(T; Y) keeps nothing for β ≤ 1/ρ² and "
    "I(X; T) = ½ ln((β − 1)ρ²/(1 − ρ²)) beyond.",
    source="Chechik, Globerson, Tishby and Weiss (2005), Information bottleneck for Gaussian variables, theorem 3.1.",
    textbook=("B49", "C93"),
    control="a pair that is not Gaussian: it is correlated in the tails",
    run=_run,
    formulas=("rhobar.theory.information.gaussian_bottleneck", "rhobar.theory.information.mutual_information"),
)
