"""Sharpness is not invariant: rescaling the layers of a ReLU net keeps its function and changes λ_max at will."""

import torch
from torch import nn

from rhobar.experiments.checks import at_least, at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.linalg import eigenpairs
from rhobar.probes.curvature import hessian

__all__ = ["EXPERIMENT"]

_SCALES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_DIM = 3


def _scaled(model: nn.Sequential, scale: float) -> nn.Sequential:
    """Multiply the first layer by α and divide the second by it."""
    first, act, second = model
    assert isinstance(first, nn.Linear) and isinstance(second, nn.Linear)
    copy = nn.Sequential(
        nn.Linear(_DIM, len(first.weight), bias=False), act, nn.Linear(len(first.weight), 1, bias=False)
    ).double()
    with torch.no_grad():
        for p, value in zip(copy.parameters(), (scale * first.weight, second.weight / scale), strict=True):
            p.copy_(value)
    return copy


def _run(setting: Setting) -> Result:
    generator, units, n = setting.generator(), setting.size(5, 40), setting.size(30, 300)
    x = torch.randn(n, _DIM, generator=generator, dtype=torch.float64)
    y = torch.randn(n, 1, generator=generator, dtype=torch.float64)
    act = nn.Tanh() if setting.broken else nn.ReLU()
    model = nn.Sequential(nn.Linear(_DIM, units, bias=False), act, nn.Linear(units, 1, bias=False)).double()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=generator, dtype=torch.float64))
    loss = nn.functional.mse_loss
    base = hessian(model, loss, [(x, y)])
    H = torch.stack([base @ e for e in torch.eye(base.shape[0], dtype=torch.float64)])
    sizes = torch.cat([torch.ones(_DIM * units), torch.zeros(units)]).bool()
    predicted, measured, moved = [], [], []
    for scale in _SCALES:
        # θ' = (αW, v/α), so H' = T⁻¹ H T⁻¹ with T = diag(α, …, 1/α, …).
        inverse = torch.where(sizes, 1 / scale, scale).double()
        predicted.append(torch.linalg.eigvalsh(inverse[:, None] * H * inverse)[-1].item())
        other = _scaled(model, scale)
        found = eigenpairs(hessian(other, loss, [(x, y)]), which="largest", tol=1e-6, generator=setting.generator(1))
        measured.append(found.values[0].item())
        moved.append((other(x) - model(x)).abs().max().item())
    return Result(
        checks=(
            at_most("largest change of an output", 1e-12, max(moved)),
            *(near(f"λ_max at scale {s}: that of T⁻¹HT⁻¹", p, m, relative=1e-4)
              for s, p, m in zip(_SCALES, predicted, measured, strict=True)),
            at_least("λ_max at scale 8 over that at scale 1", 8.0, measured[-1] / measured[2]),
        ),
        figures=(versus("Sharpness of one and the same function", "scale α", "λ_max", _SCALES, predicted, measured,
                        log=True),),
        notes=("λ_max compares minima only where a scale is fixed, as by the optimizer's rate: see 2/η.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="sharpness-is-no-invariant",
    claim="For a ReLU net without biases, multiplying one layer by α and dividing the next by it leaves the function "
    "alone and turns the Hessian H into T⁻¹HT⁻¹: λ_max can be made as large as one likes.",
    source="Dinh, Pascanu, Bengio and Bengio (2017), Sharp minima can generalize for deep nets, theorems 2 and 4.",
    textbook=("B65",),
    control="tanh in place of ReLU, which is not positively homogeneous",
    run=_run,
    formulas=("rhobar.probes.curvature.hessian", "rhobar.linalg.eigenpairs"),
)
