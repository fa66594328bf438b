"""Hopfield nets: stored patterns are attractors while they are few; the energy never rises."""

import torch

from rhobar.experiments.checks import at_least, at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.nn.neurons import hebbian_update
from rhobar.probes.estimate import mean_of

__all__ = ["EXPERIMENT"]

_UNITS = 200
_PATTERNS = (10, 20, 40, 80)
_FLIPPED = 0.15


def _patterns(count: int, setting: Setting) -> torch.Tensor:
    """Draw random patterns of ±1; in the control they are alike, nine bits of ten being +1."""
    generator = setting.generator(count)
    share = 0.9 if setting.broken else 0.5
    return (torch.rand(count, _UNITS, generator=generator) < share).double() * 2 - 1


def _weights(patterns: torch.Tensor) -> torch.Tensor:
    """Hebb: W = (1/N) Σ ξ ξᵀ without self-coupling."""
    W = hebbian_update(patterns, patterns, len(patterns) / _UNITS)
    return W - W.diagonal().diag()


def _settle(state: torch.Tensor, W: torch.Tensor) -> tuple[torch.Tensor, float]:
    """Update unit by unit, for 8 sweeps; return the states and the largest rise of the energy in a step."""
    rise = -torch.inf
    for _ in range(8):
        for i in range(_UNITS):
            field = state @ W[:, i]
            old = state[:, i].clone()
            state[:, i] = torch.where(field == 0, old, field.sign())
            rise = max(rise, (-(state[:, i] - old) * field).max().item())
    return state, rise


def _run(setting: Setting) -> Result:
    predicted, unstable = [], []
    for count in _PATTERNS:
        shares = []
        for stream in range(setting.size(20, 200)):
            patterns = _patterns(count, Setting(setting.full, setting.broken, setting.seed * 1000 + stream))
            shares.append((patterns * (patterns @ _weights(patterns)) <= 0).double().mean())
        unstable.append(mean_of(torch.stack(shares)))
        # Crosstalk of P − 1 patterns over N − 1 units: P(1 + noise of variance (P − 1)/N < 0).
        spread = torch.tensor((_UNITS / (count - 1)) ** 0.5, dtype=torch.float64)
        predicted.append(torch.special.ndtr(-spread).item())
    patterns = _patterns(_PATTERNS[0], setting)
    flips = torch.rand(patterns.shape, generator=setting.generator(99)) < _FLIPPED
    settled, rise = _settle(torch.where(flips, -patterns, patterns), _weights(patterns))
    overlap = (settled * patterns).mean(1)
    return Result(
        checks=(
            *(
                equal(f"share of unstable bits, {count} patterns: Φ(−√(N/(P − 1)))", p, m, bias=1 / _UNITS)
                for count, p, m in zip(_PATTERNS, predicted, unstable, strict=True)
            ),
            at_least("mean overlap with the pattern after corruption by 15 %, load 0.05", 0.99, overlap.mean().item()),
            at_most("largest rise of the energy in a step", 0.0, rise),
        ),
        figures=(
            versus(
                "Bits of stored patterns that flip", "patterns P", "share", _PATTERNS, predicted, unstable, log=True
            ),
        ),
        notes=(f"{_UNITS} units; the crosstalk is taken as normal, which is right up to 1/N.",),
    )


EXPERIMENT = Experiment(
    name="hopfield-memory",
    claim="In a Hopfield net of N units with P independent random patterns, a stored bit is unstable with probability "
    "Φ(−√(N/(P − 1))); at small load a corrupted pattern is restored, and the energy never rises.",
    source="Hopfield (1982); Hertz, Krogh and Palmer (1991), Theory of neural computation, eq. 2.19.",
    textbook=("B54",),
    control="patterns that resemble each other",
    run=_run,
    formulas=("rhobar.nn.neurons.hebbian_update",),
)
