"""A linear autoencoder finds the principal subspace, from any start."""

import torch

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.geometry import principal_components

__all__ = ["EXPERIMENT"]

_CODES = (1, 2, 3, 5)


def _train(x: torch.Tensor, code: int, setting: Setting) -> tuple[torch.Tensor, float]:
    """Minimise the mean squared reconstruction error; return the decoder and the error."""
    generator = setting.generator(code)
    shapes = ((x.shape[1], code), (code, x.shape[1]))
    A, B = (torch.randn(s, generator=generator, dtype=torch.float64).mul(0.3).requires_grad_() for s in shapes)
    optimizer = torch.optim.LBFGS(
        [A, B], max_iter=500, tolerance_grad=1e-10, tolerance_change=0.0, line_search_fn="strong_wolfe"
    )

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        hidden = torch.relu(x @ A) if setting.broken else x @ A
        loss = (hidden @ B - x).square().sum(1).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    return B.detach(), closure().item()


def _run(setting: Setting) -> Result:
    generator, dim, n = setting.generator(), setting.size(8, 24), setting.size(100, 1000)
    scale = torch.linspace(2, 0.3, dim, dtype=torch.float64)
    x = torch.randn(n, dim, generator=generator, dtype=torch.float64) * scale
    x = (x - x.mean(0)) @ torch.linalg.qr(torch.randn(dim, dim, generator=generator, dtype=torch.float64)).Q
    found = principal_components(x, num_components=dim)
    variances, directions = found.variances * (n - 1) / n, found.directions
    errors, angles, predicted = [], [], []
    for code in _CODES:
        decoder, error = _train(x, code, setting)
        basis = torch.linalg.qr(decoder.T).Q
        cosines = torch.linalg.svdvals(directions[:code] @ basis)
        angles.append((1 - cosines.min().square()).clamp_min(0).sqrt().item())
        errors.append(error)
        predicted.append(variances[code:].sum().item())
    return Result(
        checks=(
            *(
                near(f"error with a code of {code}: the variances beyond it", p, m, relative=1e-6)
                for code, p, m in zip(_CODES, predicted, errors, strict=True)
            ),
            at_most("largest sine of an angle between decoder and principal subspace", 1e-3, max(angles)),
        ),
        figures=(versus("Linear autoencoder", "size of the code", "reconstruction error", _CODES, predicted, errors),),
        notes=("The subspace is found, not the components: any invertible mixing of the code has the same error.",),
    )


EXPERIMENT = Experiment(
    name="linear-autoencoder",
    claim="For centred data, a linear autoencoder with a code of k units has no local minimum but the span of the "
    "first k principal components, with the error Σ_{i>k} λ_i.",
    source="Baldi and Hornik (1989), Neural networks and principal component analysis, facts 1 to 4.",
    textbook=("B4",),
    control="a code with ReLU",
    run=_run,
    formulas=("rhobar.probes.geometry.principal_components",),
)
