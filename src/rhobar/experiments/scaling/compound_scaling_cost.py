"""Compound scaling: the work of a stack of convolutions is depth · width² · resolution²."""

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from rhobar.experiments.checks import near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.nn.architectures.compound_scaling import compound_scaling

__all__ = ["EXPERIMENT"]

_DEPTH, _WIDTH, _SIZE = 4, 32, 24
_FACTORS = (1, 2, 3)


def _work(depth: int, width: int, size: int, setting: Setting) -> int:
    """Count the floating-point operations of a forward pass."""
    groups = width if setting.broken else 1
    layers = [nn.Conv2d(width, width, 3, padding=1, groups=groups, bias=False, device="meta") for _ in range(depth)]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        nn.Sequential(*layers)(torch.empty(1, width, size, size, device="meta"))
    return int(counter.get_total_flops())


def _run(setting: Setting) -> Result:
    base = _work(_DEPTH, _WIDTH, _SIZE, setting)
    alone = {
        "depth": [_work(_DEPTH * f, _WIDTH, _SIZE, setting) / base for f in _FACTORS],
        "width": [_work(_DEPTH, _WIDTH * f, _SIZE, setting) / base for f in _FACTORS],
        "resolution": [_work(_DEPTH, _WIDTH, _SIZE * f, setting) / base for f in _FACTORS],
    }
    powers = {"depth": 1, "width": 2, "resolution": 2}
    phis = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    big = 200  # so that rounding to whole layers and channels hardly matters
    whole = _work(big, big, big, setting)
    grown = []
    for phi in phis:
        s = compound_scaling(phi)
        sizes = (round(big * s.depth), round(big * s.width), round(big * s.resolution))
        grown.append(_work(*sizes, setting) / whole)
    law = [compound_scaling(phi).flops for phi in phis]
    return Result(
        checks=(
            *(
                near(f"work at {f} times the {name}: {f}^{powers[name]}", float(f ** powers[name]), seen, relative=1e-9)
                for name, all_seen in alone.items()
                for f, seen in zip(_FACTORS[1:], all_seen[1:], strict=True)
            ),
            *(
                near(f"work at φ = {phi:g}: (α β² γ²)^φ", p, m, relative=0.02)
                for phi, p, m in zip(phis[1:], law[1:], grown[1:], strict=True)
            ),
        ),
        figures=(versus("Work under compound scaling", "φ", "times the first", phis, law, grown),),
        notes=(
            "The paper's α β² γ² = 1.92, not 2. Depthwise convolutions cost less than width².",
            "What is checked is the cost; that growing all three gives more accuracy than one alone is an observation "
            "on ImageNet, which no small form can show.",
        ),
    )


EXPERIMENT = Experiment(
    name="compound-scaling-cost",
    claim="The work of a stack of ordinary convolutions grows as depth · width² · resolution², by (α β² γ²)^φ under "
    "compound scaling.",
    source="Tan and Le (2019), EfficientNet: rethinking model scaling, section 3.3.",
    textbook=("C82", "C83", "C84"),
    control="depthwise convolutions, whose work grows with the width, not its square",
    run=_run,
    formulas=("rhobar.nn.architectures.compound_scaling.compound_scaling",),
    exact="operations are counted, not sampled.",
)
