"""Layers without a non-affine activation between them are one affine map, of the smallest rank among them."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.neurons import collapse_linear
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_WIDTHS = (6, 20, 3, 20, 8)


def _maps(setting: Setting) -> list[nn.Linear]:
    maps = [nn.Linear(n, m, dtype=torch.float64) for n, m in pairwise(_WIDTHS)]
    generator = setting.generator()
    with torch.no_grad():
        for p in (p for layer in maps for p in layer.parameters()):
            p.copy_(torch.randn(p.shape, generator=generator, dtype=torch.float64) / p.shape[-1] ** 0.5)
    return maps


def _network(maps: list[nn.Linear], *, broken: bool) -> nn.Sequential:
    """Put an affine activation between the maps, 2z + 1; in the control a tanh."""
    layers: list[nn.Module] = []
    for layer in maps:
        layers += [layer, nn.Tanh() if broken else _Affine()]
    return nn.Sequential(*layers[:-1])


class _Affine(nn.Module):
    def forward(self, z: Tensor) -> Tensor:
        return 2 * z + 1


@torch.no_grad()
def _run(setting: Setting) -> Result:
    maps = _maps(setting)
    network = _network(maps, broken=setting.broken)
    scale = [2.0] * (len(maps) - 1) + [1.0]
    W, b = collapse_linear(
        [s * m.weight for s, m in zip(scale, maps, strict=True)],
        [s * m.bias + (s - 1) for s, m in zip(scale, maps, strict=True)],
    )
    x = torch.randn(500, _WIDTHS[0], generator=setting.generator(1), dtype=torch.float64)
    y = network(x)
    error = float((y - (x @ W.T + b)).abs().max() / y.abs().max())
    rank = int(torch.linalg.matrix_rank(y - y.mean(0), rtol=1e-9))
    line = torch.linspace(-3, 3, 61, dtype=torch.float64)
    along = line[:, None] * x[0] / x[0].norm()
    places = tuple(line.tolist())
    return Result(
        checks=(
            at_most("largest relative difference to one affine map: rounding", 1e-12, error),
            near("rank of all answers: the narrowest layer's width", float(min(_WIDTHS)), float(rank), relative=1e-12),
        ),
        figures=(
            Plot(
                "The first output along a line through the inputs",
                "position",
                "output",
                (
                    Curve("W̃x + b̃", places, tuple((along @ W.T + b)[:, 0].tolist())),
                    Curve("network", places, tuple(network(along)[:, 0].tolist())),
                ),
            ),
        ),
        notes=("To differ from the identity is not enough: 2z + 1, used here, is affine, and the layers collapse.",),
    )


EXPERIMENT = Experiment(
    name="linear-layers-collapse",
    claim="If all activations are affine, any depth is one affine map, of a rank at most the narrowest width.",
    source="Minsky and Papert (1969), Perceptrons.",
    textbook=("A12", "A13", "C-§3.2"),
    control="a tanh between the layers instead of an affine activation",
    run=_run,
    formulas=("rhobar.nn.neurons.collapse_linear",),
    findings=("missing-nonlinearity",),
    exact="the maps agree to rounding, whatever the widths.",
)
