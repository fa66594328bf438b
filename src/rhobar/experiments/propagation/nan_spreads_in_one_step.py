"""NaN: one that reaches the loss is in every weight after one step, and no clipping stops it."""

import math

import torch
from torch import Tensor, nn

from rhobar.experiments.checks import at_least, near, true
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.probes.survey import Curve, Plot
from rhobar.train import clip_norm_

__all__ = ["EXPERIMENT"]


def _model(setting: Setting) -> tuple[nn.Sequential, Tensor, Tensor]:
    generator = setting.generator()
    model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4))
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=generator) / 3)
    return model, torch.randn(32, 8, generator=generator), torch.randint(4, (32,), generator=generator)


def _shares(setting: Setting, *, poisoned: str, clip: bool) -> list[float]:
    """Return the share of weights that are NaN before training and after each of three steps."""
    model, x, y = _model(setting)
    if poisoned == "input":
        x[5, 3] = math.nan
    else:
        with torch.no_grad():
            next(iter(model.parameters()))[2, 4] = math.nan
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    shares = [_share(model)]
    for _ in range(3):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        if clip:
            clip_norm_(model.parameters(), 1.0)
        if not setting.broken or bool(loss.isfinite()):
            optimizer.step()
        shares.append(_share(model))
    return shares


def _share(model: nn.Module) -> float:
    return float(torch.cat([p.detach().isnan().flatten() for p in model.parameters()]).double().mean())


def _sources() -> dict[str, Tensor]:
    inf, zero = torch.tensor(math.inf), torch.tensor(0.0)
    return {"inf − inf": inf - inf, "0 · inf": zero * inf, "inf / inf": inf / inf, "0 / 0": zero / zero}


def _run(setting: Setting) -> Result:
    found = {
        "one NaN in the inputs": _shares(setting, poisoned="input", clip=False),
        "one NaN in the weights": _shares(setting, poisoned="weight", clip=False),
        "the same, clipped": _shares(setting, poisoned="weight", clip=True),
    }
    largest = torch.finfo(torch.float32).max
    nan = torch.tensor(math.nan)
    steps = (0.0, 1.0, 2.0, 3.0)
    return Result(
        checks=(
            *(at_least(f"{name}: share of NaN after one step: 1", 1.0, s[1]) for name, s in found.items()),
            near("largest float32: 3.4 · 10³⁸", 3.4028235e38, largest, relative=1e-7),
            true("twice that is infinite", math.isinf(float(torch.tensor(largest) * 2))),
            true("inf − inf, 0 · inf, inf / inf and 0 / 0 are NaN", all(bool(v.isnan()) for v in _sources().values())),
            true("NaN⁰ is 1 and fmax passes over NaN: exceptions to the rule",
                 float(nan**0) == 1.0 and float(torch.fmax(nan, torch.tensor(2.0))) == 2.0),
        ),
        figures=(
            Plot(
                "Share of weights that are NaN",
                "step",
                "share",
                (
                    Curve("predicted", steps, (0.0, 1.0, 1.0, 1.0)),
                    *(Curve(n, steps, tuple(s)) for n, s in found.items()),
                ),
            ),
        ),
        notes=("A step that is left out when the loss is not finite, as in the control, keeps the weights.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="nan-spreads-in-one-step",
    claim="In a fully connected net one NaN in inputs or weights makes all weights NaN in one unguarded step.",
    source="IEEE 754-2019, sections 6.2 and 7.2 (NaN propagates; invalid operations make it).",
    textbook=("A65", "A66", "B81"),
    control="a step whose loss is not finite is left out",
    run=_run,
    formulas=("rhobar.train.clip_norm_",),
    findings=("nonfinite-values", "nonfinite-data", "unstable-formula"),
    exact="one step reaches all weights, whatever their number.",
)
