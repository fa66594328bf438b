"""Mixup asks for answers that run linearly from one sample to the other."""

import torch
from torch import nn

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.train import Mixture, draw_mixture, mixed_cost

__all__ = ["EXPERIMENT"]

_DEGREE = 6


class _Polynomial(nn.Module):
    """Σ_k c_k x^k, which can bend between the samples as it likes; it starts bent."""

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self.coefficients = nn.Parameter(torch.randn(_DEGREE + 1, generator=generator, dtype=torch.float64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[..., None] ** torch.arange(_DEGREE + 1) @ self.coefficients


def _fit(setting: Setting) -> tuple[_Polynomial, float]:
    """Minimise the squared error at two classes, each a point, over many mixtures; return the model and its loss."""
    generator = setting.generator()
    model = _Polynomial(generator)
    x = torch.tensor([-1.0, 1.0], dtype=torch.float64).repeat(8)
    y = (x > 0).double()
    mixtures = [draw_mixture(len(x), 1.0, generator) for _ in range(setting.size(60, 600))]
    if setting.broken:
        mixtures = [Mixture(1.0, mixture.partner) for mixture in mixtures]
    optimizer = torch.optim.LBFGS(
        model.parameters(), max_iter=400, tolerance_grad=1e-12, tolerance_change=0.0, line_search_fn="strong_wolfe"
    )

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        costs = [
            mixed_cost(model, nn.functional.mse_loss, (x, y), m) - m.share * (1 - m.share) * _spread(y, m)
            for m in mixtures
        ]
        loss = torch.stack(costs).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    return model, closure().item()


def _spread(y: torch.Tensor, mixture: Mixture) -> torch.Tensor:
    """Mean of (yᵢ − yⱼ)²: λ(f − yᵢ)² + (1 − λ)(f − yⱼ)² is (f − ỹ)² + λ(1 − λ)(yᵢ − yⱼ)², and only ỹ matters."""
    return (y - y[mixture.partner]).square().mean()


def _run(setting: Setting) -> Result:
    model, loss = _fit(setting)
    places = torch.linspace(-1, 1, 21, dtype=torch.float64)
    with torch.no_grad():
        answers = model(places)
    line = (1 + places) / 2
    at_samples = (answers[[0, -1]] - line[[0, -1]]).abs().max().item()
    return Result(
        checks=(
            at_most("largest distance of f(x) to the line", 1e-4, (answers - line).abs().max().item()),
            near("answer in the middle", 0.5, answers[10].item(), relative=1e-4),
            at_most("error at the samples themselves", 1e-4, at_samples),
            at_most("loss beyond what no answer can avoid", 1e-8, loss),
        ),
        figures=(versus("Answer between two samples", "x", "f(x)", places.tolist(), line.tolist(), answers.tolist()),),
        notes=("The control fits both samples as well, and bends between them.",),
    )


EXPERIMENT = Experiment(
    name="mixup-is-linear",
    claim="For two classes that are points and squared error, the minimum of mixup's loss runs linearly from one to "
    "the other; without mixing it is free to bend.",
    source="Zhang, Cisse, Dauphin and Lopez-Paz (2018), mixup: beyond empirical risk minimization, section 2.",
    textbook=("A92",),
    control="all mixing shares are 1: plain training on the two points",
    run=_run,
    formulas=("rhobar.train.mixed_cost", "rhobar.train.draw_mixture"),
    findings=("overfitting",),
)
