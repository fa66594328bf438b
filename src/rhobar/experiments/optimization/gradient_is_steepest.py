"""Of all directions of length one the negative gradient lowers a loss fastest, and the others by the cosine with it."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parameters_to_vector

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.optim.rules.gradient_descent import gradient_descent

__all__ = ["EXPERIMENT"]

_STEP = 1e-5


def _loss_and_start(setting: Setting) -> tuple[nn.Module, Tensor, Tensor]:
    generator = setting.generator(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)).double()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=generator, dtype=torch.float64) / p.shape[-1] ** 0.5)
    x = torch.randn(64, 6, generator=generator, dtype=torch.float64)
    return model, x, torch.randint(3, (64,), generator=generator)


def _run(setting: Setting) -> Result:
    model, x, y = _loss_and_start(setting)
    theta = parameters_to_vector(model.parameters()).detach()
    names, shapes = zip(*((name, p.shape) for name, p in model.named_parameters()), strict=True)

    def loss(at: Tensor) -> Tensor:
        parts = at.split([shape.numel() for shape in shapes])
        weights = {n: part.reshape(shape) for n, part, shape in zip(names, parts, shapes, strict=True)}
        return F.cross_entropy(torch.func.functional_call(model, weights, (x,)), y)

    g: Tensor = torch.func.grad(loss)(theta)
    # In the control a direction is as long as its largest entry: there sign(∇L) is steeper than ∇L.
    order = float("inf") if setting.broken else 2.0
    _, step = gradient_descent(None, g, lr=1.0)
    steepest = step / torch.linalg.vector_norm(step, order)
    others = torch.randn(setting.size(300, 3000), len(g), generator=setting.generator(1), dtype=torch.float64)
    others = torch.cat([others, -g.sign()[None], *(-g[None] + s * others[:20] * g.norm() for s in (0.01, 0.1, 1.0))])
    others = others / torch.linalg.vector_norm(others, order, dim=1, keepdim=True)
    down = [float(loss(theta - _STEP * d) - loss(theta + _STEP * d)) / (2 * _STEP) for d in (steepest, *others)]
    cosines = (others @ -g / (others.norm(dim=1) * g.norm())).tolist()
    lengths = others.norm(dim=1).tolist()
    law = [float(g.norm()) * c * n for c, n in zip(cosines, lengths, strict=True)]
    worst = max(abs(seen - said) for seen, said in zip(down[1:], law, strict=True))
    return Result(
        checks=(
            near("fall per length along −∇L: ‖∇L‖₂", float(g.norm()), down[0], relative=1e-6),
            at_most("steepest of all other directions", down[0], max(down[1:])),
            at_most("largest error of ‖∇L‖ cos φ", 1e-6, worst),
        ),
        figures=(versus("Fall of the loss by direction", "cosine with −∇L", "−dL/ds",
                        *map(list, zip(*sorted(zip(cosines, law, down[1:], strict=True)), strict=True))),),
        notes=("Steepest depends on how length is measured: under the largest entry it is the sign, under the Fisher "
               "metric the natural gradient.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="gradient-is-steepest",
    claim="Of all directions of Euclidean length 1 −∇L/‖∇L‖ lowers a loss fastest, any other by its cosine with it.",
    source="Cauchy (1847); Boyd and Vandenberghe (2004), Convex optimization, section 9.4.",
    textbook=("B17",),
    control="the length of a direction is its largest entry: then its signs are steeper",
    run=_run,
    formulas=("rhobar.optim.rules.gradient_descent.gradient_descent",),
)
