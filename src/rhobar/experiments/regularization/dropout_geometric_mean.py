"""Dropout's weight scaling is the geometric mean of all sub-networks for one layer and softmax, and not beyond."""

import torch

from rhobar.experiments.checks import at_most
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.layers import all_masks, inverted_dropout
from rhobar.nn.layers.dropout import mask_probabilities
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_HIDDEN, _CLASSES, _SAMPLES = 12, 4, 30
_RATES = (0.1, 0.3, 0.5, 0.7)


def _distance(p: float, *, deep: bool, setting: Setting) -> tuple[float, float]:
    """Return total variation of the scaled net to the geometric and to the arithmetic mean, largest over samples."""
    generator, units = setting.generator(), setting.size(8, 12)
    h = torch.randn(_SAMPLES, 1, units, generator=generator, dtype=torch.float64)
    W = torch.randn(_HIDDEN, units, generator=generator, dtype=torch.float64)
    V = torch.randn(_CLASSES, _HIDDEN, generator=generator, dtype=torch.float64)

    def logits(masked: torch.Tensor) -> torch.Tensor:
        inner = masked @ W.T
        z: torch.Tensor = (torch.relu(inner) if deep else inner) @ V.T / _HIDDEN**0.5
        return z

    masks = all_masks(units)
    chances = mask_probabilities(masks, p)
    members = torch.log_softmax(logits(inverted_dropout(h, masks, p)), dim=-1)
    geometric = torch.softmax((chances[:, None] * members).sum(1), dim=-1)
    arithmetic = (chances[:, None] * members.exp()).sum(1)
    scaled = torch.softmax(logits(h)[:, 0], dim=-1)

    def variation(other: torch.Tensor) -> float:
        return ((scaled - other).abs().sum(1) / 2).max().item()

    return variation(geometric), variation(arithmetic)


def _run(setting: Setting) -> Result:
    one = [_distance(p, deep=setting.broken, setting=setting) for p in _RATES]
    two = [_distance(p, deep=True, setting=setting) for p in _RATES]
    return Result(
        checks=tuple(
            at_most(
                f"distance to the geometric mean of all {2 ** setting.size(8, 12)} sub-networks, p = {p}",
                1e-12,
                geometric,
            )
            for p, (geometric, _) in zip(_RATES, one, strict=True)
        ),
        figures=(
            Plot(
                "Distance of the scaled net",
                "rate of dropping p",
                "total variation, largest",
                (
                    Curve("predicted, linear logits", _RATES, (0.0,) * len(_RATES)),
                    Curve("measured, linear logits", _RATES, tuple(g for g, _ in one)),
                    Curve("measured, a ReLU layer after", _RATES, tuple(g for g, _ in two)),
                    Curve("to the arithmetic mean", _RATES, tuple(a for _, a in one)),
                ),
            ),
        ),
        notes=(
            "Exact where the logits are linear in the mask; a hidden layer behind it makes it an approximation, with a "
            "softmax at the end too.",
        ),
    )


EXPERIMENT = Experiment(
    name="dropout-geometric-mean",
    claim="Where the logits are linear in the dropped units, the scaled net's softmax is the normalised geometric mean "
    "of all sub-networks, weighted by their probabilities.",
    source="Goodfellow, Bengio and Courville (2016), Deep learning, eq. 7.52–7.66; Baldi and Sadowski (2013).",
    textbook=("A88", "A89", "A90", "C77"),
    control="a ReLU layer between the dropped units and the logits",
    run=_run,
    findings=("excessive-dropout", "train-mode-evaluation"),
    formulas=(
        "rhobar.nn.layers.all_masks",
        "rhobar.nn.layers.inverted_dropout",
        "rhobar.nn.layers.dropout.mask_probabilities",
    ),
)
