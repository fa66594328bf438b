"""In a wide He-initialised ReLU net two inputs come closer layer by layer: their cosine follows a known map to 1."""

import math

import torch
from torch import Tensor

from rhobar.experiments.checks import equal, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.theory.kernels import arc_cosine_kernel

__all__ = ["EXPERIMENT"]

_DEPTHS = (1, 2, 4, 8, 16, 32)
_WIDTH = 512


def _predicted(depth: int) -> float:
    """Return the cosine of two inputs at a right angle behind `depth` layers: c → (√(1 − c²) + c (π − arccos c))/π."""
    x = torch.eye(2)
    return float(arc_cosine_kernel(x, x, depth=depth)[0, 1])


def _cosines(setting: Setting, depth: int) -> Estimate:
    """Return the mean cosine of two inputs at a right angle behind `depth` layers, over networks."""
    return mean_of(torch.tensor([_cosine(setting, depth, net) for net in range(setting.size(24, 200))]))


def _cosine(setting: Setting, depth: int, net: int) -> float:
    generator = setting.generator(1000 * depth + net)
    h: Tensor = torch.eye(2, _WIDTH)
    for _ in range(depth):
        h = h @ torch.randn(_WIDTH, _WIDTH, generator=generator) * (2 / _WIDTH) ** 0.5
        h = h if setting.broken else h.relu()
    return float(torch.nn.functional.cosine_similarity(h[0], h[1], dim=0))


def _run(setting: Setting) -> Result:
    measured = [_cosines(setting, depth) for depth in _DEPTHS]
    predicted = [_predicted(depth) for depth in _DEPTHS]
    # The scatter of the kernel in a net of finite width moves the mean by about l/n.
    checks = [
        equal(f"cosine behind {depth} layers", c, seen, bias=depth / _WIDTH)
        for depth, c, seen in zip(_DEPTHS, predicted, measured, strict=True)
    ]
    far = 2000
    limit = 9 * math.pi**2 / (2 * far**2)
    return Result(
        checks=(*checks, near("1 − c behind many layers: 9π²/2l²", limit, 1 - _predicted(far), relative=0.02)),
        figures=(
            versus("Two inputs become parallel", "layers", "cosine", _DEPTHS, predicted, measured, log=True),
        ),
        notes=("What tells rows apart is a share 1 − c of the signal; what they have in common is the rest.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="depth-makes-inputs-parallel",
    claim="Behind l ReLU layers with He's start 1 − c, what tells two inputs apart, has fallen to about 9π²/2l².",
    source="Cho and Saul (2009), Kernel methods for deep learning, eq. 6; Poole et al. (2016), section 2.2.",
    textbook=(),
    control="no activation between the maps: the angle stays",
    run=_run,
    formulas=("rhobar.theory.kernels.arc_cosine_kernel",),
    findings=("rank-collapse",),
)
