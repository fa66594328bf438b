"""Data parallel: the mean of equal shards' gradients is the whole batch's, unless a layer looks across samples."""

import torch
from torch import Tensor, nn

from rhobar.experiments.checks import at_least, at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.losses import sparse_categorical_cross_entropy
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_ROWS = 48


def _model(norm: nn.Module, setting: Setting) -> nn.Sequential:
    model = nn.Sequential(nn.Linear(6, 16), norm, nn.Tanh(), nn.Linear(16, 3)).double()
    generator = setting.generator()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=generator, dtype=p.dtype))
    return model


def _gradient(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    loss = sparse_categorical_cross_entropy(model(x), y)
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(model.parameters()))])


def _gap(model: nn.Module, x: Tensor, y: Tensor, sizes: list[int], *, weighted: bool) -> float:
    """Return the relative distance of the shards' mean gradient, weighted by size or not, from the whole batch's."""
    parts = [_gradient(model, a, b) for a, b in zip(x.split(sizes), y.split(sizes), strict=True)]
    shares = [size / _ROWS if weighted else 1 / len(sizes) for size in sizes]
    whole = _gradient(model, x, y)
    mean = torch.stack([share * part for share, part in zip(shares, parts, strict=True)]).sum(0)
    return float((mean - whole).norm() / whole.norm())


def _run(setting: Setting) -> Result:
    generator = setting.generator(1)
    x = torch.randn(_ROWS, 6, generator=generator, dtype=torch.float64)
    y = torch.randint(3, (_ROWS,), generator=generator)
    plain = _model(nn.BatchNorm1d(16) if setting.broken else nn.LayerNorm(16), setting)
    batch = _model(nn.BatchNorm1d(16), setting)
    counts = (1, 2, 3, 4, 6, 8, 12)
    gaps = [_gap(plain, x, y, [_ROWS // k] * k, weighted=True) for k in counts]
    across = [_gap(batch, x, y, [_ROWS // k] * k, weighted=True) for k in counts]
    uneven = [40, 8]
    places = tuple(map(float, counts))
    return Result(
        checks=(
            at_most("2 to 12 equal shards, layer norm: relative distance of the gradients: rounding", 1e-12, max(gaps)),
            at_least("12 shards, batch norm: each normalises by its own 4 rows", 0.01, across[-1]),
            at_most("shards of 40 and 8 rows, weighted by size: rounding", 1e-12,
                    _gap(plain, x, y, uneven, weighted=True)),
            at_least("the same, not weighted: it is another gradient", 0.01, _gap(plain, x, y, uneven, weighted=False)),
            near("one shard is the whole", 1.0, 1.0 + gaps[0], relative=1e-12),
        ),
        figures=(
            Plot(
                "Distance of the shards' mean gradient from the whole batch's",
                "number of equal shards",
                "relative distance",
                (
                    Curve("predicted without batch norm", places, (0.0,) * len(places)),
                    Curve("layer norm", places, tuple(gaps)),
                    Curve("batch norm", places, tuple(across)),
                ),
            ),
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="shards-average-to-the-whole",
    claim="If no layer mixes samples, shards' gradients, weighted by their rows, average to the whole batch's.",
    source="Goyal et al. (2017), Accurate, large minibatch SGD, sections 2.3 and 4.",
    textbook=("B82", "C34", "A56"),
    control="batch norm, whose statistics are those of the shard",
    run=_run,
    formulas=("rhobar.nn.losses.sparse_categorical_cross_entropy",),
    findings=("degenerate-batch-norm",),
    exact="the gradients agree to rounding, whatever the rows and widths.",
)
