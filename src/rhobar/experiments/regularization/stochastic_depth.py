"""Stochastic depth: the whole net is the mean of all its shallower ones where branches are linear."""

import torch

from rhobar.experiments.checks import at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.layers import StochasticDepth, all_masks, stochastic_depth, survival_rates
from rhobar.probes.estimate import mean_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_DIM, _SAMPLES = 6, 10
_DEPTHS = (2, 4, 6, 8)


def _distance(depth: int, *, linear: bool, setting: Setting) -> float:
    """Return the relative distance of the whole net to the mean of its 2^L shallower ones, by enumeration."""
    generator = setting.generator(depth)
    weights = torch.randn(depth, _DIM, _DIM, generator=generator, dtype=torch.float64) / (2 * _DIM) ** 0.5
    x = torch.randn(_SAMPLES, _DIM, generator=generator, dtype=torch.float64)
    rates = torch.tensor(survival_rates(depth, last=0.5), dtype=torch.float64)
    masks = all_masks(depth)
    chances = torch.where(masks, rates, 1 - rates).prod(1)

    def branch(h: torch.Tensor, W: torch.Tensor) -> torch.Tensor:
        return h @ W.T if linear else torch.tanh(2 * h @ W.T)

    whole, each = x, x.expand(len(masks), -1, -1)
    for block in range(depth):
        whole = whole + branch(whole, weights[block])
        dropped = stochastic_depth(branch(each, weights[block]), masks[:, block], 1 - rates[block].item())
        each = each + dropped
    mean = (chances[:, None, None] * each).sum(0)
    return float((whole - mean).norm() / whole.norm())


def _active(depth: int, setting: Setting) -> torch.Tensor:
    """Return how many blocks were kept in each of many forward passes of the module."""
    with torch.random.fork_rng():
        torch.manual_seed(setting.seed)
        ones = torch.ones(setting.size(2000, 20_000), 1, dtype=torch.float64)
        kept = [StochasticDepth(1 - rate)(ones)[:, 0] > 0 for rate in survival_rates(depth, last=0.5)]
    return torch.stack(kept).double().sum(0)


def _run(setting: Setting) -> Result:
    linear = [_distance(depth, linear=not setting.broken, setting=setting) for depth in _DEPTHS]
    bent = [_distance(depth, linear=False, setting=setting) for depth in _DEPTHS]
    places = tuple(map(float, _DEPTHS))
    return Result(
        checks=(
            *(
                at_most(f"{depth} blocks: relative distance to the mean of the {2**depth} shallower nets", 1e-12, d)
                for depth, d in zip(_DEPTHS, linear, strict=True)
            ),
            equal(
                "blocks of 54 that are trained in a step: (3L − 1)/4", (3 * 54 - 1) / 4, mean_of(_active(54, setting))
            ),
        ),
        figures=(
            Plot(
                "Whole net and mean of its shallower ones",
                "residual blocks",
                "relative distance",
                (
                    Curve("predicted, linear branches", places, (0.0,) * len(places)),
                    Curve("measured, linear branches", places, tuple(linear)),
                    Curve("measured, tanh branches", places, tuple(bent)),
                ),
            ),
        ),
        notes=("With non-linear branches it is an approximation, as dropout's scaling is beyond one layer.",),
    )


EXPERIMENT = Experiment(
    name="stochastic-depth",
    claim="With linear branches scaled by 1/(1 − p) the whole residual net is the mean of its 2^L shallower ones; with "
    "survival falling linearly to ½, (3L − 1)/4 of the L blocks are trained in a step.",
    source="Huang, Sun, Liu, Sedra and Weinberger (2016), Deep networks with stochastic depth, section 3.",
    textbook=("A91",),
    control="branches with tanh",
    run=_run,
    formulas=("rhobar.nn.layers.stochastic_depth", "rhobar.nn.layers.survival_rates"),
)
