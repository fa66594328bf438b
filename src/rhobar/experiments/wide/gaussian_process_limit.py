"""Wide networks are Gaussian processes: covariance of the NNGP kernel, excess kurtosis 15/n."""

import torch

from rhobar.experiments.checks import equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import mean_of
from rhobar.theory.kernels import infinite_mlp

__all__ = ["EXPERIMENT"]

_WIDTHS = (4, 16, 64, 256)
_DIM = 3


def _hidden(width: int, x: torch.Tensor, setting: Setting) -> torch.Tensor:
    """Return the ReLU layer of many random nets with W ~ N(0, 2/fan_in): (nets, samples, width)."""
    W = torch.randn(setting.size(20_000, 400_000), _DIM, width, generator=setting.generator(width))
    if setting.broken:
        W = W[:, :, :1].expand(-1, -1, width)
    return torch.relu(x.float() @ W * (2 / _DIM) ** 0.5)


def _run(setting: Setting) -> Result:
    x = torch.tensor([[1.0, 0.5, -1.0], [0.2, -1.0, 0.7]], dtype=torch.float64)
    kernel = infinite_mlp(x, depth=1).nngp
    predicted, kurtosis, cross = [], [], []
    for width in _WIDTHS:
        hidden = _hidden(width, x, setting)
        v = torch.randn(len(hidden), width, 1, generator=setting.generator(1 + width)) * (2 / width) ** 0.5
        f = (hidden @ v)[..., 0].double()
        # Given the hidden layer f is normal with variance S, so E f⁴ = 3 E S²: less noisy than fourth powers.
        S = 2 * hidden[:, 0].double().square().mean(1)
        predicted.append(15 / width)
        kurtosis.append(mean_of(3 * (S / kernel[0, 0]).square() - 3))
        cross.append(mean_of(f[:, 0] * f[:, 1]))
    return Result(
        checks=(
            *(
                equal(f"excess kurtosis at width {n}: 15/n", p, m)
                for n, p, m in zip(_WIDTHS, predicted, kurtosis, strict=True)
            ),
            *(
                equal(f"covariance of the outputs of two inputs, width {n}", kernel[0, 1].item(), m)
                for n, m in zip(_WIDTHS, cross, strict=True)
            ),
        ),
        figures=(
            versus("Kurtosis of the output", "width n", "excess kurtosis", _WIDTHS, predicted, kurtosis, log=True),
            versus("Covariance of two outputs", "width n", "E f(x) f(x′)", _WIDTHS, [kernel[0, 1].item()] * 4, cross,
                   log=True),
        ),
        notes=(
            "The variance S that the output has given the hidden layer has itself the relative variance "
            "(E r⁴/(E r²)² − 1)/n = 5/n for r = ReLU(u); the excess kurtosis is three times that.",
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="gaussian-process-limit",
    claim="The outputs of random nets with one ReLU layer of n independent units have the covariance of the NNGP "
    "kernel and the excess kurtosis 15/n: a Gaussian process as n grows.",
    source="Neal (1996), section 2.1; Lee et al. (2018), Deep neural networks as Gaussian processes, eq. 5.",
    textbook=("B33", "B7"),
    control="all units of the hidden layer have the same weights",
    run=_run,
    findings=("symmetric-initialization",),
    formulas=("rhobar.theory.kernels.infinite_mlp",),
)
