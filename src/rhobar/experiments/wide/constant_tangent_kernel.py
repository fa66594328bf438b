"""The tangent kernel of a wide net is that of the infinite one up to 1/√width, and training hardly changes it."""

import torch
from torch import nn

from rhobar.experiments.checks import at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.probes.ntk import empirical_ntk, kernel_change
from rhobar.probes.survey import Curve, Plot
from rhobar.theory.kernels import infinite_mlp

__all__ = ["EXPERIMENT"]

_WIDTHS = (32, 128, 512, 2048)
_DIM, _N = 4, 8


class _Net(nn.Module):
    """f = √2/width^p Σ v ReLU(√2 W x/√d), weights N(0, 1): p = ½ is the NTK's scaling, p = 1 that of the mean field."""

    def __init__(self, width: int, power: float, generator: torch.Generator) -> None:
        super().__init__()
        self.W = nn.Parameter(torch.randn(width, _DIM, generator=generator, dtype=torch.float64))
        self.v = nn.Parameter(torch.randn(1, width, generator=generator, dtype=torch.float64))
        self.scale = 2**0.5 / width**power

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = torch.relu(nn.functional.linear(x, self.W) * (2 / _DIM) ** 0.5)
        out: torch.Tensor = self.scale * nn.functional.linear(hidden, self.v)
        return out


def _train(width: int, stream: int, setting: Setting) -> tuple[float, float]:
    """Train one net; return the distance of its first kernel to the infinite one and the kernel's change."""
    data, weights = setting.generator(0), setting.generator(1000 * width + stream)
    x = torch.randn(_N, _DIM, generator=data, dtype=torch.float64)
    y = torch.randn(_N, 1, generator=data, dtype=torch.float64)
    power = 1.0 if setting.broken else 0.5
    model = _Net(width, power, weights)
    limit = infinite_mlp(x, depth=1).ntk
    grown = width ** (2 * power - 1)  # the kernel's scale is width^(1 − 2p)
    before = empirical_ntk(model, [x]).matrix * grown
    optimizer = torch.optim.SGD(model.parameters(), lr=grown / torch.linalg.eigvalsh(limit)[-1].item())
    for _ in range(setting.size(60, 500)):
        optimizer.zero_grad()
        (0.5 * (model(x) - y).square().sum()).backward()
        optimizer.step()
    after = empirical_ntk(model, [x]).matrix * grown
    return ((before - limit).norm() / limit.norm()).item(), kernel_change(before, after).relative


def _slope(values: list[Estimate]) -> Estimate:
    """Return the slope of ln value over ln width with its error."""
    log_width = torch.tensor(_WIDTHS).double().log()
    centred = log_width - log_width.mean()
    y = torch.tensor([v.value for v in values]).double().log()
    error = torch.tensor([v.stderr / v.value for v in values]).double()
    spread = centred.square().sum()
    return Estimate(float((centred * y).sum() / spread), float((centred * error).square().sum().sqrt() / spread))


def _run(setting: Setting) -> Result:
    nets = setting.size(10, 50)
    both = [[_train(width, stream, setting) for stream in range(nets)] for width in _WIDTHS]
    distances = [mean_of(torch.tensor([d for d, _ in pairs])) for pairs in both]
    changes = [mean_of(torch.tensor([c for _, c in pairs])) for pairs in both]
    places = tuple(map(float, _WIDTHS))
    first = changes[0].value
    return Result(
        checks=(
            at_most(
                "power of the width in the kernel's relative change by training: at most −½", -0.5, _slope(changes)
            ),
            equal("power of the width in the distance to the infinite kernel: −½", -0.5, _slope(distances), bias=0.05),
        ),
        figures=(
            Plot(
                "Tangent kernel",
                "width",
                "relative distance",
                (
                    Curve("measured, to the infinite kernel", places, tuple(d.value for d in distances)),
                    Curve("measured, before to after training", places, tuple(c.value for c in changes)),
                    Curve("predicted bound ∝ 1/√width", places, tuple(first * (w / 32) ** -0.5 for w in _WIDTHS)),
                ),
                log=True,
            ),
        ),
        notes=("The bound is 1/√width; the change that is seen falls faster.",),
    )


EXPERIMENT = Experiment(
    name="constant-tangent-kernel",
    claim="In the NTK scaling, the tangent kernel is that of the infinite net up to O(1/√width), and training changes "
    "it by at most O(1/√width).",
    source="Jacot, Gabriel and Hongler (2018), Neural tangent kernel, theorems 1 and 2; Lee et al. (2019).",
    textbook=("C92", "A98"),
    control="the mean-field scaling, outputs over the width: features are learned at any width",
    run=_run,
    formulas=(
        "rhobar.probes.ntk.empirical_ntk",
        "rhobar.theory.kernels.infinite_mlp",
        "rhobar.probes.ntk.kernel_change",
    ),
)
