"""L2 is the logarithm of a Gaussian prior: λ = σ²/τ² gives the mode of the posterior, and the least risk on average."""

import torch

from rhobar.experiments.checks import at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.losses import gaussian_nll
from rhobar.probes.estimate import mean_of
from rhobar.probes.survey import Curve, Plot
from rhobar.train import penalty

__all__ = ["EXPERIMENT"]

_N, _DIM, _NOISE, _PRIOR = 20, 10, 0.5, 0.4
_FACTORS = (0.1, 0.3, 1.0, 3.0, 10.0)


def _ridge(X: torch.Tensor, y: torch.Tensor, penalty: float) -> torch.Tensor:
    solution: torch.Tensor = torch.linalg.solve(
        X.mT @ X + penalty * torch.eye(_DIM, dtype=torch.float64), X.mT @ y[..., None]
    )
    return solution[..., 0]


def _mode(X: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Maximise ln p(y | w) + ln p(w), written as densities, by L-BFGS."""
    w = torch.zeros(_DIM, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [w], max_iter=200, tolerance_grad=1e-12, tolerance_change=0.0, line_search_fn="strong_wolfe"
    )

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        likelihood = gaussian_nll(X @ w, torch.full_like(y, _NOISE**2), y, reduction="sum")
        loss = likelihood + penalty([w], l1=0.0, l2=1 / _PRIOR**2)  # −ln of the prior, up to a constant
        loss.backward()
        return loss

    optimizer.step(closure)
    return w.detach()


def _run(setting: Setting) -> Result:
    generator = setting.generator()
    repetitions = setting.size(1000, 10_000)
    spread = 4 * _PRIOR if setting.broken else _PRIOR
    X = torch.randn(repetitions, _N, _DIM, generator=generator, dtype=torch.float64)
    w = spread * torch.randn(repetitions, _DIM, generator=generator, dtype=torch.float64)
    noise = _NOISE * torch.randn(repetitions, _N, generator=generator, dtype=torch.float64)
    y = (X @ w[..., None])[..., 0] + noise
    best = _NOISE**2 / _PRIOR**2
    risks = [(_ridge(X, y, f * best) - w).square().sum(1) for f in _FACTORS]
    centre = _FACTORS.index(1.0)
    distance = (_mode(X[0], y[0]) - _ridge(X[0], y[0], best)).norm() / _ridge(X[0], y[0], best).norm()
    # The mean posterior variance, tr(XᵀX/σ² + I/τ²)⁻¹, is the risk that the theory promises.
    posterior = torch.linalg.inv(X.mT @ X / _NOISE**2 + torch.eye(_DIM, dtype=torch.float64) / _PRIOR**2)
    promised = posterior.diagonal(dim1=1, dim2=2).sum(1)
    measured = [mean_of(risk) for risk in risks]
    return Result(
        checks=(
            at_most("distance of the posterior's mode to ridge with λ = σ²/τ², relative", 1e-6, distance.item()),
            *(
                at_most(f"risk at λ = σ²/τ² less that at {f:g} times it", 0.0, mean_of(risks[centre] - risk))
                for f, risk in zip(_FACTORS, risks, strict=True)
                if f != 1.0
            ),
            equal("its risk less the mean posterior variance", 0.0, mean_of(risks[centre] - promised)),
        ),
        figures=(
            Plot(
                "Risk of ridge regression, weights drawn from the prior",
                "penalty over σ²/τ²",
                "‖ŵ − w‖²",
                (
                    Curve("measured", _FACTORS, tuple(m.value for m in measured), tuple(m.stderr for m in measured)),
                    Curve("predicted least risk", _FACTORS, (promised.mean().item(),) * len(_FACTORS)),
                ),
                log=True,
            ),
        ),
        notes=(
            "For the loss ½Σr² + (λ/2)‖w‖²; λ = σ²/τ². With a mean over samples divide λ by N.",
            "Torch's weight_decay is this λ for SGD; under Adam it is no prior.",
        ),
    )


EXPERIMENT = Experiment(
    name="l2-is-map",
    claim="For Gaussian noise σ² and weights drawn from N(0, τ²), ridge with λ = σ²/τ² is the posterior's mode and "
    "has the least expected risk of all penalties.",
    source="Hoerl and Kennard (1970), Ridge regression; Bishop (2006), section 3.3.1.",
    textbook=("A83", "A84", "A92", "B12", "C76"),
    control="weights drawn from a prior four times as wide as the penalty says",
    run=_run,
    formulas=(
        "rhobar.nn.losses.gaussian_nll",
        "rhobar.train.penalty",
    ),
    findings=("excessive-regularization", "overfitting"),
)
