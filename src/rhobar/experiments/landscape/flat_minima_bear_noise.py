"""How much noise on the weights costs is the trace of the Hessian: flat minima bear it, sharp ones do not."""

import torch
from torch import nn

from rhobar.experiments.checks import equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.linalg import hutchinson_trace
from rhobar.probes.curvature import hessian
from rhobar.probes.estimate import Estimate, mean_of

__all__ = ["EXPERIMENT"]

_DIM, _N = 4, 40
_SCALES = (0.3, 1.0, 3.0)
"""Scale of the inputs, with which the curvature grows."""
_NOISE = 0.01


def _measure(scale: float, setting: Setting) -> tuple[float, Estimate]:
    """Return ½σ² tr H at a minimum, and the mean rise of the loss under normal noise of variance σ²."""
    generator = setting.generator(round(10 * scale))
    x = scale * torch.randn(_N, _DIM, generator=generator, dtype=torch.float64)
    y = torch.sin(x.sum(1, keepdim=True) / scale)
    with torch.random.fork_rng():
        torch.manual_seed(setting.seed)
        model = nn.Sequential(nn.Linear(_DIM, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    loss = nn.functional.mse_loss
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        return value

    optimizer.step(closure)
    trace = hutchinson_trace(hessian(model, loss, [(x, y)]), num_matvecs=200, generator=setting.generator(1)).value
    noise = 1.0 if setting.broken else _NOISE
    base = loss(model(x), y).item()
    start = nn.utils.parameters_to_vector(model.parameters()).detach()
    rises = []
    with torch.no_grad():
        for _ in range(setting.size(300, 3000)):
            step = noise * torch.randn(start.shape, generator=generator, dtype=torch.float64)
            pair = []
            for sign in (1, -1):  # noise and its mirror image: the slope, which has no mean, drops out
                nn.utils.vector_to_parameters(start + sign * step, model.parameters())
                pair.append(loss(model(x), y).item() - base)
            rises.append(sum(pair) / 2)
    return 0.5 * noise**2 * trace, mean_of(torch.tensor(rises, dtype=torch.float64))


def _run(setting: Setting) -> Result:
    pairs = [_measure(scale, setting) for scale in _SCALES]
    return Result(
        checks=(
            *(
                equal(f"mean rise of the loss under noise, inputs of scale {s}: ½σ² tr H", p, m, bias=0.05 * p)
                for s, (p, m) in zip(_SCALES, pairs, strict=True)
            ),
        ),
        figures=(
            versus("Noise on the weights", "scale of the inputs", "rise of the loss", _SCALES, [p for p, _ in pairs],
                   [m for _, m in pairs], log=True),
        ),
        notes=("The trace is estimated from 200 products; that and terms in σ⁴ are the 5 % that are granted.",
               "Flatness of this kind is a matter of scale: see sharpness-is-no-invariant."),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="flat-minima-bear-noise",
    claim="For small noise of variance σ² on the weights, the loss rises by ½σ² tr H on average.",
    source="Hochreiter and Schmidhuber (1997), Flat minima; Keskar et al. (2017), section 2.2.",
    textbook=("B65", "C-§9.2.1c"),
    control="noise as large as the weights, where the Hessian at the minimum says nothing",
    run=_run,
    formulas=("rhobar.probes.curvature.hessian", "rhobar.linalg.hutchinson_trace"),
)
