"""Initialisation sets ρ̄ = 1 at the start only: training moves it, and weights that are normalised keep it."""

import math

import torch
from torch import nn

from rhobar.experiments.checks import at_least, at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.initializers import he_
from rhobar.probes.estimate import Estimate
from rhobar.probes.jacobian import chain_gain, layer_gains
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_DEPTH, _WIDTH = 6, 64


def _model(setting: Setting) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(_DEPTH):
        layers += [nn.Linear(_WIDTH, _WIDTH), nn.ReLU()]
    model = nn.Sequential(*layers)
    generator = setting.generator()
    for module in model:
        if isinstance(module, nn.Linear):
            he_(module.weight.data, generator=generator)
            module.bias.data.zero_()
    return model


def _rho(model: nn.Sequential, x: torch.Tensor, setting: Setting) -> Estimate:
    """Return ρ̄, the geometric mean of the layers' Jacobian gains."""
    found = chain_gain(layer_gains(model, x, num_probes=16, max_steps=2, generator=setting.generator(2)))
    return Estimate(found.mean, found.mean_stderr)


def _run(setting: Setting) -> Result:
    model = _model(setting)
    x, noise = torch.randn(2, 64, _WIDTH, generator=setting.generator(1))
    y = 100 * torch.relu(noise)  # a hundred times the output: the layers have to amplify
    optimizer = torch.optim.Adam(model.parameters(), lr=0.0 if setting.broken else 3e-3)
    readings = [_rho(model, x[:8], setting)]
    losses: list[float] = []
    for _ in range(5):
        for _ in range(setting.size(30, 300)):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
        readings.append(_rho(model, x[:8], setting))
    # One layer's squared gain is a mean of n terms: ln ρ̄ has a spread of √(5/n/L)/2 over the draw of the weights.
    steps = tuple(float(k) * len(losses) / 5 for k in range(6))
    spread = math.sqrt(5 / _WIDTH / _DEPTH) / 2
    start = Estimate(readings[0].value, math.hypot(readings[0].stderr, spread))
    drift = math.log(readings[-1].value)
    return Result(
        checks=(
            at_least("ln ρ̄ after training: above four times its spread at the start", 4 * spread, drift),
            equal("ρ̄ of He's initialisation: 1", 1.0, start, bias=2 / _WIDTH),
            at_most("loss in the end over that at the start", 0.9, losses[-1] / losses[0]),
        ),
        figures=(
            Plot(
                "Mean gain of the layers during training",
                "step",
                "ρ̄",
                (
                    Curve("at the start, predicted", steps, (1.0,) * len(steps)),
                    Curve("measured", steps, tuple(r.value for r in readings), tuple(r.stderr for r in readings)),
                ),
            ),
        ),
        notes=("Which way it drifts is the task's: here outputs a hundred times the inputs ask for gains above 1.",),
    )


EXPERIMENT = Experiment(
    name="gains-drift-in-training",
    claim="He's weights give ReLU layers ρ̄ = 1 at the start only: training for larger outputs raises it.",
    source="He et al. (2015), section 2.2, for the start; Ioffe and Szegedy (2015), section 1, for the drift.",
    textbook=("A61", "A74", "A67"),
    control="a rate of zero: nothing is trained",
    run=_run,
    formulas=("rhobar.probes.jacobian.layer_gains", "rhobar.probes.jacobian.chain_gain", "rhobar.nn.initializers.he_"),
    findings=("badly-scaled-initialization", "exploding-gradient", "unscaled-targets"),
)
