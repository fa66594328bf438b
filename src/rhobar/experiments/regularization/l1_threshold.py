"""L1 gives exact zeros, at the predicted threshold: with orthonormal columns the lasso soft-thresholds at λ."""

import math

import torch

from rhobar.experiments.checks import at_most, equal, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.optim import ProximalL1, soft_threshold
from rhobar.probes.estimate import share_of

__all__ = ["EXPERIMENT"]

_PENALTIES = (0.25, 0.5, 1.0, 2.0)


def _design(setting: Setting) -> torch.Tensor:
    """Return a matrix with orthonormal columns; in the control they are correlated."""
    generator, dim = setting.generator(1), setting.size(400, 1200)
    X = torch.randn(2 * dim, dim, generator=generator, dtype=torch.float64)
    if setting.broken:
        X = X + 2 * torch.randn(2 * dim, 1, generator=generator, dtype=torch.float64)
        X /= X.norm(dim=0)
        return X
    Q: torch.Tensor = torch.linalg.qr(X).Q
    return Q


def _descend(X: torch.Tensor, y: torch.Tensor, penalty: float, *, proximal: bool) -> torch.Tensor:
    """Minimise ½‖y − Xw‖² + λ‖w‖₁ by proximal steps, or by subgradient steps."""
    w = torch.zeros(X.shape[1], dtype=torch.float64, requires_grad=True)
    rate = 0.5 / torch.linalg.matrix_norm(X, 2).item() ** 2
    optimizer = ProximalL1([w], lr=rate, l1=penalty) if proximal else torch.optim.SGD([w], lr=rate)
    for _ in range(60):
        optimizer.zero_grad()
        loss = 0.5 * (y - X @ w).square().sum()
        if not proximal:
            loss = loss + penalty * w.abs().sum()
        loss.backward()
        optimizer.step()
    return w.detach()


def _run(setting: Setting) -> Result:
    X = _design(setting)
    # Each column alone sees z = w + ε with w, ε ~ N(0, ½), so z ~ N(0, 1).
    true_w, noise = torch.randn(2, X.shape[0], generator=setting.generator(2), dtype=torch.float64) / 2**0.5
    y = X @ true_w[: X.shape[1]] + noise
    z = X.T @ y
    predicted, measured, distances, same = [], [], [], []
    for penalty in _PENALTIES:
        w = _descend(X, y, penalty, proximal=True)
        target = soft_threshold(z, penalty)
        predicted.append(math.erf(penalty / 2**0.5))
        measured.append(share_of(w == 0))
        distances.append((w - target).abs().max().item())
        same.append(((w == 0) == (z.abs() <= penalty)).double().mean().item())
    sub = (_descend(X, y, 1.0, proximal=False) == 0).double().mean().item()
    return Result(
        checks=(
            at_most("largest distance to soft_threshold(Xᵀy, λ)", 1e-9, max(distances)),
            near("share of weights that are exactly 0 just where |xᵀy| ≤ λ", 1.0, min(same), relative=0.0),
            *(
                equal(f"share of exact zeros, λ = {penalty}: P(|z| ≤ λ)", p, m)
                for penalty, p, m in zip(_PENALTIES, predicted, measured, strict=True)
            ),
            at_most("share of exact zeros after subgradient steps: none", 0.0, sub),
        ),
        figures=(versus("Exact zeros", "penalty λ", "share of weights", _PENALTIES, predicted, measured, log=True),),
        notes=(
            "Only the mode under a Laplace prior is sparse, draws from it are not; subgradient steps never end at 0.",
            "For ½Σr² with noise σ² and prior scale b, λ = σ²/b.",
        ),
    )


EXPERIMENT = Experiment(
    name="l1-threshold",
    claim="With orthonormal columns, the minimum of ½‖y − Xw‖² + λ‖w‖₁ is soft_threshold(Xᵀy, λ): a weight is exactly "
    "0 where |xᵀy| ≤ λ, and proximal steps find it.",
    source="Tibshirani (1996), Regression shrinkage and selection via the lasso, section 2.2.",
    textbook=("A86", "A87", "B12"),
    control="columns that are correlated",
    run=_run,
    findings=("excessive-regularization",),
    formulas=("rhobar.optim.soft_threshold",),
)
