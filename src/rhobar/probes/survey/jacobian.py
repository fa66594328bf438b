"""Reads how layers stretch signals, and bounds of the whole network's Lipschitz constant."""

from collections.abc import Sequence

from torch import Tensor

from rhobar.probes.estimate import Estimate
from rhobar.probes.jacobian import LayerSpectrum, chain_gain, layer_gains, layer_spectra, lipschitz_bounds
from rhobar.probes.representations import inputs_of
from rhobar.probes.survey.reading import Curve, Plot, Reading, Table, row
from rhobar.probes.survey.subject import Subject
from rhobar.probes.tracing import Inputs

__all__ = ["read"]


def read(subject: Subject) -> Reading:
    """Return gains of every block, their product over depth, spectra, and Lipschitz bounds."""
    x, _ = inputs_of(subject.some(8)[0])
    inputs: Inputs = x if isinstance(x, Tensor | dict | tuple) else [x]
    gains = layer_gains(subject.model, inputs, generator=subject.generator)
    chain = chain_gain(gains)
    rows = [
        row(g.name, g.forward, Estimate(g.jacobian, g.jacobian_stderr), Estimate(g.sigma_max, g.sigma_residual))
        for g in gains
        if not (g.reason and g.jacobian != g.jacobian)
    ]
    tables = [Table("Blocks", ("block", "forward gain", "Jacobian gain", "largest gain"), tuple(rows))]
    notes = [f"{g.name}: {g.reason}" for g in gains if g.reason]
    tables += _more(subject, inputs, notes)
    at = tuple(float(i) for i in range(len(gains)))
    plot = Plot(
        "Gain of each block",
        "block, in the order of the table",
        "gain",
        (
            Curve("Jacobian", at, tuple(g.jacobian for g in gains), tuple(g.jacobian_stderr for g in gains)),
            Curve("largest", at, tuple(g.sigma_max for g in gains)),
            Curve("forward", at, tuple(g.forward for g in gains)),
        ),
    )
    headline = f"ρ̄ = {chain.mean:.3g} ± {chain.mean_stderr:.2g} over {chain.depth} blocks, product {chain.product:.3g}."
    return Reading(
        headline if chain.depth else "No block carries all of the signal.", tuple(tables), (plot,), tuple(notes)
    )


def _more(subject: Subject, inputs: Inputs, notes: list[str]) -> list[Table]:
    """Return spectra and Lipschitz bounds; why one of them is missing goes into the notes."""
    tables = []
    try:
        spectra = layer_spectra(subject.model, inputs, generator=subject.generator)
        tables.append(_spectra(spectra))
        notes += [f"{s.name}: {s.reason}" for s in spectra if s.reason]
    except (ValueError, RuntimeError) as error:
        notes.append(f"spectra: {str(error).splitlines()[0]}")
    if not isinstance(inputs, Tensor) or not inputs.is_floating_point():
        notes.append("Lipschitz bounds: the inputs are not one floating tensor")
        return tables
    bounds = lipschitz_bounds(subject.model, inputs, generator=subject.generator)
    whole = (
        row("largest gain at these inputs (lower)", Estimate(bounds.lower, bounds.lower_residual)),
        row("product of layers (upper)", bounds.upper),
    )
    notes += [f"{name}: {reason}" for name, reason in bounds.refused.items()]
    return [*tables, Table("Lipschitz constant", ("bound", "value"), whole)]


def _spectra(spectra: Sequence[LayerSpectrum]) -> Table:
    rows = [
        row(
            s.name,
            Estimate(s.sigma_max, s.sigma_max_residual),
            Estimate(s.sigma_min, s.sigma_min_residual),
            Estimate(s.radius, s.radius_residual),
            s.predicted_gain,
        )
        for s in spectra
        if not s.reason
    ]
    columns = ("block", "σ max", "σ min", "spectral radius", "mean-field gain")
    return Table("Spectra (± residual)", columns, tuple(rows))
