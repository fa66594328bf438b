"""The mean of equal shards' gradients is the gradient of all samples, except where a sample's output sees the others."""

import torch
from torch import nn

from rhobar.experiments.checks import at_least, at_most
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus

__all__ = ["EXPERIMENT"]

_N, _DIM = 48, 6
_SHARDS = (2, 3, 4, 6, 8)


def _model(setting: Setting) -> nn.Sequential:
    """Return a net, with batch norm in the control."""
    with torch.random.fork_rng():
        torch.manual_seed(setting.seed)
        norm = nn.BatchNorm1d(16) if setting.broken else nn.LayerNorm(16)
        return nn.Sequential(nn.Linear(_DIM, 16), norm, nn.ReLU(), nn.Linear(16, 1)).double()


def _gradient(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    loss = nn.functional.mse_loss(model(x), y)
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(model.parameters()))])


def _run(setting: Setting) -> Result:
    generator = setting.generator()
    x = torch.randn(_N, _DIM, generator=generator, dtype=torch.float64)
    y = torch.randn(_N, 1, generator=generator, dtype=torch.float64)
    model = _model(setting)
    whole = _gradient(model, x, y)

    def distance(sizes: list[int], weights: list[float]) -> float:
        parts = zip(x.split(sizes), y.split(sizes), weights, strict=True)
        joined = torch.stack([w * _gradient(model, a, b) for a, b, w in parts]).sum(0)
        return ((joined - whole).norm() / whole.norm()).item()

    equal_shards = [distance([_N // k] * k, [1 / k] * k) for k in _SHARDS]
    uneven = [_N // 2, _N // 3, _N - _N // 2 - _N // 3]
    plain = distance(uneven, [1 / 3] * 3)
    weighed = distance(uneven, [size / _N for size in uneven])
    return Result(
        checks=(
            at_most("largest relative distance, equal shards", 1e-12, max(equal_shards)),
            at_most("relative distance, unequal shards weighed by size", 1e-12, weighed),
            at_least("relative distance, unequal shards, plain mean: it is wrong", 1e-3, plain),
        ),
        figures=(
            versus("Mean of the shards' gradients", "shards", "relative distance to the whole gradient", _SHARDS,
                   [0.0] * len(_SHARDS), equal_shards),
        ),
        notes=("With batch norm in train mode each shard has its own statistics: not even equal shards agree.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="gradient-of-shards",
    claim="For a loss that is a mean over samples which do not see each other, the mean of equal shards' gradients is "
    "the gradient of all; unequal shards must be weighed by their size.",
    source="Goyal et al. (2017), Accurate, large minibatch SGD, section 2.3 and remark 3.",
    textbook=("B82", "A56"),
    control="batch norm in train mode",
    run=_run,
    findings=("degenerate-batch-norm",),
)
