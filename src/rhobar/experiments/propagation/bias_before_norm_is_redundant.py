"""A bias before batch norm changes nothing and gets no gradient; before layer norm only its mean is lost."""

import torch
from torch import Tensor

from rhobar.experiments.checks import at_least, at_most
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.normalization import batch_norm, layer_norm
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]


def _changes(x: Tensor, W: Tensor, b: Tensor, *, broken: bool) -> tuple[float, float]:
    """Return how far the bias moves what the norm says, and the largest gradient that the bias gets."""
    norm = layer_norm if broken else batch_norm
    b = b.clone().requires_grad_()
    with_bias = norm(x @ W.T + b)
    (gradient,) = torch.autograd.grad(torch.sin(3 * with_bias).sum(), b)
    return float((with_bias.detach() - norm(x @ W.T)).abs().max()), float(gradient.abs().max())


def _run(setting: Setting) -> Result:
    generator = setting.generator()
    x = torch.randn(64, 12, generator=generator, dtype=torch.float64)
    W = torch.randn(10, 12, generator=generator, dtype=torch.float64)
    b = 2 * torch.randn(10, generator=generator, dtype=torch.float64)
    moved, gradient = _changes(x, W, b, broken=setting.broken)
    constant = float((layer_norm(x @ W.T + 5.0) - layer_norm(x @ W.T)).abs().max())
    by_vector = float((layer_norm(x @ W.T + b) - layer_norm(x @ W.T)).abs().max())
    scales = (0.1, 0.3, 1.0, 3.0, 10.0)
    found = tuple(_changes(x, W, s * b, broken=setting.broken)[0] for s in scales)
    layer = tuple(_changes(x, W, s * b, broken=True)[0] for s in scales)
    return Result(
        checks=(
            at_most("largest change of batch norm's output by the bias: rounding", 1e-12, moved),
            at_most("largest gradient of the bias: rounding", 1e-10, gradient),
            # Equal but for ε, which adds to a variance that a constant does not change.
            at_most("layer norm: change by a constant over the features: rounding", 1e-12, constant),
            at_least("layer norm: change by a bias vector: it is not redundant there", 0.1, by_vector),
        ),
        figures=(
            Plot(
                "Change of a norm's output by a bias before it",
                "size of the bias",
                "largest change",
                (
                    Curve("batch norm, predicted", scales, (0.0,) * len(scales)),
                    Curve("batch norm", scales, found),
                    Curve("layer norm", scales, layer),
                ),
                log=True,
            ),
        ),
        notes=("LLaMA leaves biases out for another reason: there the norm comes before the map, and has no shift.",),
    )


EXPERIMENT = Experiment(
    name="bias-before-norm-is-redundant",
    claim="In batch norm's train mode BN(Wx + b) = BN(Wx), and b gets no gradient.",
    source="Ioffe and Szegedy (2015), Batch normalization, section 3.2.",
    textbook=("A78", "A76"),
    control="layer norm in place of batch norm: it removes the mean over features, not a vector",
    run=_run,
    formulas=("rhobar.nn.normalization.batch_norm", "rhobar.nn.normalization.layer_norm"),
    findings=("redundant-bias",),
    exact="the outputs agree to rounding, whatever the batch and width.",
)
