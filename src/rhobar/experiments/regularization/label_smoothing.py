"""Label smoothing keeps the logits finite: the right class leads by ln(1 + K(1 − ε)/ε), and no more."""

import math

import torch

from rhobar.experiments.checks import at_least, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.nn.losses import label_smoothing

__all__ = ["EXPERIMENT"]

_CLASSES = 5
_EPSILONS = (0.02, 0.05, 0.1, 0.3)


def _lead(smoothing: float, setting: Setting, max_iter: int = 300) -> float:
    """Fit a linear model on separable data; return the mean lead of the right class over the others."""
    generator, dim, n = setting.generator(), setting.size(40, 200), setting.size(30, 150)
    x = torch.randn(n, dim, generator=generator, dtype=torch.float64)
    y = torch.arange(n) % _CLASSES
    inputs, targets = x.repeat(3, 1), y.repeat(3)
    if setting.broken:
        targets[:n] = (targets[:n] + 1) % _CLASSES
    W = torch.zeros(_CLASSES, dim, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([W], max_iter=max_iter, tolerance_grad=1e-10, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = label_smoothing(inputs @ W.T, targets, smoothing=smoothing)
        loss.backward()
        return loss

    optimizer.step(closure)
    logits = (x @ W.T).detach()
    right = logits.gather(1, y[:, None])[:, 0]
    return (right - (logits.sum(1) - right) / (_CLASSES - 1)).mean().item()


def _run(setting: Setting) -> Result:
    predicted = [math.log(1 + _CLASSES * (1 - eps) / eps) for eps in _EPSILONS]
    measured = [_lead(eps, setting) for eps in _EPSILONS]
    without = _lead(0.0, setting)
    return Result(
        checks=(
            *(
                near(f"lead of the right class, ε = {eps}", p, m, relative=1e-3)
                for eps, p, m in zip(_EPSILONS, predicted, measured, strict=True)
            ),
            at_least("lead without smoothing: above all of these, without limit", max(predicted), without),
        ),
        figures=(
            versus("Lead of the right class", "smoothing ε", "logits, nats", _EPSILONS, predicted, measured, log=True),
        ),
        notes=(f"Without smoothing the lead grows as long as one trains; {without:.0f} nats when L-BFGS stopped.",),
    )


EXPERIMENT = Experiment(
    name="label-smoothing",
    claim="On data that can be fitted, the cross-entropy with smoothed labels is least where the right one of K "
    "classes leads each other by ln(1 + K(1 − ε)/ε) nats; without smoothing the lead has no limit.",
    source="Szegedy et al. (2016), Rethinking the inception architecture, section 7; Müller et al. (2019), section 2.",
    textbook=("A92",),
    control="labels of which a third are wrong: the same inputs have different labels",
    run=_run,
    formulas=("rhobar.nn.losses.label_smoothing",),
    findings=("invalid-labels",),
)
