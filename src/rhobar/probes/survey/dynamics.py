"""Reads recurrent modules as dynamical systems at their mean input."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from rhobar.probes.dynamics import StateMap, attractors, fixed_points, lyapunov_spectrum, recurrent_map
from rhobar.probes.estimate import Estimate
from rhobar.probes.representations import representations
from rhobar.probes.survey.reading import Cell, Curve, Plot, Reading, Table, row
from rhobar.probes.survey.subject import Subject

__all__ = ["read"]

_STARTS, _STEPS = 12, 300


@dataclass
class _Found:
    """What was found of all modules so far."""

    points: list[tuple[Cell, ...]] = field(default_factory=list)
    ends: list[tuple[Cell, ...]] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    largest: list[Estimate] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(subject: Subject) -> Reading:
    """Return fixed points with their stability, Lyapunov exponents, and where orbits end.

    Raises:
        ValueError: If there is no recurrent module that can be measured.
    """
    kinds = nn.RNNBase | nn.RNNCellBase
    modules: dict[str, nn.Module] = {n: m for n, m in subject.model.named_modules() if isinstance(m, kinds)}
    if not modules:
        raise ValueError("it has no nn.RNN, nn.GRU, nn.LSTM or cell; for any other map call rhobar.probes.dynamics.")
    means, found = _mean_inputs(subject, modules), _Found()
    for name, module in modules.items():
        label = name or type(module).__name__
        try:
            _measure(found, label, recurrent_map(module, means[name]), subject.generator)
        except KeyError:
            found.notes.append(f"{label}: it was not called with one floating tensor")
        except (ValueError, RuntimeError) as error:
            found.notes.append(f"{label}: {str(error).splitlines()[0]}")
    if not found.curves:
        raise ValueError("; ".join(found.notes))
    top = max(found.largest, key=lambda e: e.value)
    verdict = "chaotic" if top.value > 2 * top.stderr else "not chaotic"
    stability = ("module", "kind", "spectral radius", "unstable directions", "share of starts")
    basins = ("module", "kind", "period", "basin", "Lyapunov exponent")
    return Reading(
        f"Largest Lyapunov exponent {top.value:.3g} ± {top.stderr:.2g} nats per step at the mean input: {verdict}.",
        (Table("Fixed points", stability, tuple(found.points)), Table("Where orbits end", basins, tuple(found.ends))),
        (Plot("Lyapunov spectrum", "exponent", "nats per step", tuple(found.curves), points=True),),
        tuple(found.notes),
    )


def _measure(found: _Found, label: str, f: StateMap, generator: torch.Generator) -> None:
    """Add what one module shows."""
    starts = torch.randn(_STARTS, f.dim, generator=generator).to(f.dtype)
    fixed = fixed_points(f, starts, tol=1e-5 if f.dtype == torch.float32 else 1e-9)
    spectrum = lyapunov_spectrum(f, starts[:2], num_exponents=min(f.dim, 16), num_steps=_STEPS, num_transient=100)
    orbits = attractors(f, starts, num_transient=500, tol=1e-4)
    found.points += [row(label, p.kind, p.radius, float(p.num_unstable), p.share) for p in fixed.points[:6]]
    found.ends += [
        row(label, a.kind, float(a.period) if a.period else None, a.basin, a.exponent) for a in orbits.found[:6]
    ]
    values, stderr = spectrum.values.tolist(), spectrum.stderr.tolist()
    found.largest.append(Estimate(values[0], stderr[0]))
    found.curves.append(Curve(label, tuple(float(i + 1) for i in range(len(values))), tuple(values), tuple(stderr)))
    if fixed.num_lost:
        found.notes.append(f"{label}: {fixed.num_lost} of {fixed.num_starts} starts of Newton's method were lost")


def _mean_inputs(subject: Subject, modules: dict[str, nn.Module]) -> dict[str, Tensor]:
    """Return the mean of what enters each module."""
    seen: dict[str, list[Tensor]] = {}

    def keep(name: str) -> Any:  # noqa: ANN401
        def hook(module: nn.Module, args: tuple[object, ...]) -> None:
            x = args[0] if args else None
            if isinstance(x, Tensor) and x.is_floating_point():
                seen.setdefault(name, []).append(x.detach().reshape(-1, x.shape[-1]))

        return hook

    handles = [m.register_forward_pre_hook(keep(name)) for name, m in modules.items()]
    try:
        representations(subject.model, subject.some(128))
    finally:
        for handle in handles:
            handle.remove()
    return {name: torch.cat(rows).mean(0) for name, rows in seen.items()}
