"""Scaling law: with eigenvalues and targets that fall as powers, the error falls as a known power of the samples."""

import torch

from rhobar.experiments.checks import equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.theory.kernels import kernel_learning_curve

__all__ = ["EXPERIMENT"]

_FEATURES, _A, _B = 2000, 1.5, 2.0
"""Features, λ_i = i^−a, and λ_i w_i² = i^−b: the variance of the target along feature i."""
_SIZES = (10, 20, 40, 80, 160)


def _spectrum(setting: Setting) -> tuple[torch.Tensor, torch.Tensor]:
    """Return λ and the target's variances λ w², the latter flat in the control."""
    i = torch.arange(1, _FEATURES + 1, dtype=torch.float64)
    return i**-_A, i ** -(1.2 if setting.broken else _B)


def _errors(n: int, values: torch.Tensor, target: torch.Tensor, setting: Setting) -> torch.Tensor:
    """Return the test errors of least-norm regression on independent sets of Gaussian features."""
    errors, generator = [], setting.generator(n)
    for _ in range(setting.size(20, 200)):
        Z = torch.randn(n, _FEATURES, generator=generator, dtype=torch.float64)
        X, u = Z * values.sqrt(), target.sqrt()
        fitted = X.T @ torch.linalg.solve(X @ X.T, Z @ u)
        errors.append((fitted * values.sqrt() - u).square().sum())
    return torch.stack(errors)


def _run(setting: Setting) -> Result:
    i = torch.arange(1, _FEATURES + 1, dtype=torch.float64)
    predicted = [kernel_learning_curve(i**-_A, i ** (-_B / 2), n).error for n in _SIZES]
    errors = [_errors(n, *_spectrum(setting), setting) for n in _SIZES]
    measured = [mean_of(e) for e in errors]
    x = torch.tensor(_SIZES).double().log()
    x = x - x.mean()

    def slope(values: list[float]) -> float:
        return float((x * torch.tensor(values).double().log()).sum() / x.square().sum())

    relative = torch.tensor([m.stderr / m.value for m in measured]).double()
    error = float((x * relative).square().sum().sqrt() / x.square().sum())
    finite = abs(slope(predicted) + _B - 1)
    exponent = Estimate(slope([m.value for m in measured]), error)
    return Result(
        checks=(
            equal("exponent of the fitted law: −(b − 1)", -(_B - 1), exponent, bias=finite),
            *(
                equal(f"error with {n} samples", p, m, bias=p / n)
                for n, p, m in zip(_SIZES, predicted, measured, strict=True)
            ),
        ),
        figures=(
            versus("Error of kernel regression", "samples n", "squared error", _SIZES, predicted, measured, log=True),
        ),
        notes=(
            f"Fitted exponent {exponent.value:.3f} ± {exponent.stderr:.3f}; the theory for these sizes gives "
            f"{slope(predicted):.3f}, {finite:.3f} from its limit, which is granted.",
            "The law of the mean is up to O(1/n), which is granted. Laws of deep nets are fits without such a theory.",
        ),
    )


EXPERIMENT = Experiment(
    name="power-law-of-samples",
    claim="For Gaussian features with eigenvalues i^−a and target variances i^−b, 1 < b < 2a + 1, the error of "
    "least-norm regression without noise falls as n^−(b − 1).",
    source="Bordelon, Canatar and Pehlevan (2020), Spectrum dependent learning curves in kernel regression, eq. 5; "
    "Caponnetto and De Vito (2007).",
    textbook=("B76", "B7"),
    control="a target whose variance falls more slowly than the prediction supposes",
    run=_run,
    formulas=("rhobar.theory.kernels.kernel_learning_curve",),
)
