"""Vanishing gradients hide: the loss falls, but the first layers stand still, and freezing them changes nothing."""

import torch
from torch import Tensor, nn

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.initializers import xavier_
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_DEPTH, _WIDTH = 8, 24


def _problem(setting: Setting) -> tuple[nn.Sequential, Tensor, Tensor]:
    """Return a deep sigmoid net with Xavier weights (tanh in the control), and targets of mean 3 and variance 1."""
    generator = setting.generator()
    layers: list[nn.Module] = []
    for _ in range(_DEPTH):
        layers += [nn.Linear(_WIDTH, _WIDTH), nn.Tanh() if setting.broken else nn.Sigmoid()]
    model = nn.Sequential(*layers, nn.Linear(_WIDTH, 1)).double()
    for name, p in model.named_parameters():
        if name.endswith("weight"):
            xavier_(p.data, generator=generator)
        else:
            p.data.zero_()
    x = torch.randn(128, _WIDTH, generator=generator, dtype=torch.float64)
    return model, x, 3 + torch.sign(x[:, :1])


def _maps(model: nn.Sequential) -> list[nn.Linear]:
    return [module for module in model if isinstance(module, nn.Linear)]


def _gradients(model: nn.Sequential, x: Tensor, y: Tensor) -> tuple[list[float], list[float]]:
    """Return ‖∂L/∂z_l‖ behind each map, over the batch, and its bound ‖∂L/∂y‖ ∏_{k>l} ¼ ‖W_k‖."""
    z, h = [], x
    for module in model:
        h = module(h)
        if isinstance(module, nn.Linear):
            z.append(h)
    found = [float(g.norm()) for g in torch.autograd.grad(nn.functional.mse_loss(h, y), z)]
    bounds = [found[-1]]
    for layer in reversed(_maps(model)[1:]):
        bounds.insert(0, bounds[0] * 0.25 * float(torch.linalg.matrix_norm(layer.weight.detach(), 2)))
    return found, bounds


def _train(setting: Setting, *, frozen: int) -> tuple[list[float], list[float]]:
    """Train with the first maps frozen; return losses, and how far each map went relative to its size."""
    model, x, y = _problem(setting)
    maps = _maps(model)
    start = [m.weight.detach().clone() for m in maps]
    for m in maps[:frozen]:
        m.requires_grad_(False)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.02)
    losses = []
    for _ in range(setting.size(100, 1000)):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses, [float((m.weight.detach() - s).norm() / s.norm()) for m, s in zip(maps, start, strict=True)]


def _run(setting: Setting) -> Result:
    found, bounds = _gradients(*_problem(setting))
    losses, moved = _train(setting, frozen=0)
    half, _ = _train(setting, frozen=_DEPTH // 2)
    layers = tuple(float(k) for k in range(1, _DEPTH + 2))
    return Result(
        checks=(
            at_most("gradient at the first map over its bound ∏ ¼ ‖W‖: at most 1", 1.0, found[0] / bounds[0]),
            at_most("way of the first map over that of the last: at most the bound's share", bounds[0] / bounds[-1],
                    moved[0] / moved[-1]),
            at_most("loss in the end over that at the start: it falls all the same", 0.5, losses[-1] / losses[0]),
            near("loss in the end with half of the layers frozen, over that without", 1.0, half[-1] / losses[-1],
                 relative=1e-2),
        ),
        figures=(
            Plot(
                "Gradient behind each map at the start",
                "layer",
                "log₁₀ ‖∂L/∂z‖",
                (
                    Curve("bound", layers, tuple(torch.tensor(bounds, dtype=torch.float64).log10().tolist())),
                    Curve("measured", layers, tuple(torch.tensor(found, dtype=torch.float64).log10().tolist())),
                ),
            ),
        ),
        notes=("What is learned here is the mean of the targets, by the last bias: the net acts as a shallow one.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="early-layers-stand-still",
    claim="In a deep sigmoid net the loss falls while early layers stand still: a layer passes at most ¼ ‖W‖.",
    source="Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward networks, section 3.1.",
    textbook=("A62", "A64", "C-§7.1.1", "C-§6.1.2b", "C-§10.2.2"),
    control="tanh in place of the sigmoid",
    run=_run,
    formulas=("rhobar.nn.initializers.xavier_",),
    findings=("vanishing-gradient", "unfit-activation", "not-learning"),
)
