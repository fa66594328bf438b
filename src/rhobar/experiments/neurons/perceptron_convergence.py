"""Novikoff's theorem: on separable data the perceptron stops, after at most R²/γ² updates."""

import numpy as np
import torch

from rhobar.experiments.checks import at_least, at_most, true
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.neurons import Update, novikoff_bound, perceptron_updates
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_MARGINS = (0.4, 0.2, 0.1, 0.05, 0.02)
_ASSUMED = 10.0
"""Updates promised in the control, where no bound exists: those of a margin of a third."""


def _samples(margin: float, setting: Setting, stream: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw points of the unit disc at least `margin` from a line through 0; unseparable ones in the control."""
    n = setting.size(60, 1000)
    x = torch.rand(40 * n, 2, generator=setting.generator(stream), dtype=torch.float64) * 2 - 1
    x = x[(x.norm(dim=1) <= 1) & (x[:, 0].abs() >= margin)][:n]
    y = x[:, 0].sign()
    if setting.broken:
        y[0] = -y[0]
        x[1], y[1] = x[0], -y[0]
    return x.numpy(), y.numpy()


def _proof(X: np.ndarray, y: np.ndarray, updates: list[Update]) -> tuple[float, float, float]:
    """Return the least w_t·w*/(tγ), the largest ‖w_t‖²/(tR²), and how far an update misses ‖x‖² more score."""
    novikoff = novikoff_bound(torch.tensor(X), torch.tensor(y), bias=False)
    W, t = np.stack([u.weight for u in updates]), np.arange(1, len(updates) + 1)
    x = y[:, None][[u.sample for u in updates]] * X[[u.sample for u in updates]]
    gained = ((W - np.vstack([np.zeros_like(W[:1]), W[:-1]])) * x).sum(1) - np.square(x).sum(1)
    along = W @ novikoff.weight.numpy() / (t * novikoff.margin) if novikoff.margin else np.zeros(1)
    return along.min(), (np.square(W).sum(1) / (t * novikoff.radius**2)).max(), np.abs(gained).max()


def _run(setting: Setting) -> Result:
    made, bounds, separated, proofs = [], [], [], []
    for stream, margin in enumerate(_MARGINS):
        X, y = _samples(margin, setting, stream)
        updates = list(perceptron_updates(X, y, bias=False, max_epochs=200))
        last = updates[-1]
        proofs.append(_proof(X, y, updates))
        separated.append(bool((y * (X @ last.weight) > 0).all()))
        made.append(float(len(updates)))
        bounds.append(
            _ASSUMED if setting.broken else novikoff_bound(torch.tensor(X), torch.tensor(y), bias=False).updates
        )
    worst = max(range(len(made)), key=lambda i: made[i] / bounds[i])
    return Result(
        checks=(
            at_most(f"updates until separated, margin {_MARGINS[worst]}: at most ⌊R²/γ²⌋", bounds[worst], made[worst]),
            true("every set is separated in the end", all(separated)),
            at_least(
                "the proof: least w_t·w*/(tγ) over all updates t: at least 1", 1.0 - 1e-9, min(p for p, *_ in proofs)
            ),
            at_most("the proof: largest ‖w_t‖²/(tR²): at most 1", 1.0 + 1e-9, max(p for _, p, _ in proofs)),
            at_most("what an update adds to its sample's score, less ‖x‖²: rounding", 1e-9, max(p for *_, p in proofs)),
        ),
        figures=(
            Plot(
                "Updates until separated",
                "margin γ",
                "updates",
                (Curve("bound R²/γ²", _MARGINS, tuple(bounds)), Curve("made", _MARGINS, tuple(made))),
                log=True,
            ),
        ),
        notes=("The bound is of the worst data for a margin; random data need far fewer updates.",),
    )


EXPERIMENT = Experiment(
    name="perceptron-convergence",
    claim="On data with ‖x‖ ≤ R that a line separates with margin γ, the perceptron stops after at most R²/γ² updates.",
    source="Novikoff (1962), On convergence proofs on perceptrons, theorem 1.",
    textbook=("A3", "A7", "A8", "C-§2.1.3c"),
    control="one point stands twice, with both labels: no line separates, the perceptron never stops",
    run=_run,
    formulas=("rhobar.nn.neurons.novikoff_bound", "rhobar.nn.neurons.perceptron_updates"),
)
