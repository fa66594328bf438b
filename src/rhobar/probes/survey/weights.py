"""Reads the spectra of the weights against those of random matrices."""

from rhobar.probes.estimate import Estimate
from rhobar.probes.survey.reading import Curve, Plot, Reading, Table, row
from rhobar.probes.survey.subject import Subject
from rhobar.probes.weights import low_rank_losses, weight_spectra

__all__ = ["read"]


def read(subject: Subject) -> Reading:
    """Return spikes beyond the random edge, power laws, stable ranks, and what low rank costs."""
    spectra = weight_spectra(subject.model, num_bootstrap=30, generator=subject.generator)
    rows, curves = [], []
    for s in spectra:
        if s.reason:
            continue
        law = s.power_law
        alpha = Estimate(law.alpha, law.alpha_stderr) if law else None
        rows.append(
            row(
                s.name,
                f"{s.shape[0]} × {s.shape[1]}",
                s.stable_rank,
                float(s.spikes),
                s.spike_energy,
                alpha,
                law.p_value if law else None,
            )
        )
        values = s.singular_values.tolist()
        at = tuple((i + 0.5) / len(values) for i in range(len(values)))
        curves.append(Curve(s.name, at, tuple(values)))
    columns = ("weight", "shape", "stable rank", "spikes", "their energy", "power law α", "p")
    tables = [Table("Spectra against the random-matrix edge", columns, tuple(rows))]
    notes = [f"{s.name}: {s.reason}" for s in spectra if s.reason]
    figures = [Plot("Singular values, sorted", "share of the rank", "singular value", tuple(curves[:6]))]
    try:
        costs = low_rank_losses(subject.model, subject.loss, subject.batches)
        cells = [row(c.name, c.full, *c.losses) for c in costs]
        shares = tuple(f"{100 * e:.0f} % kept" for e in (0.5, 0.8, 0.9, 0.95, 0.99))
        tables.append(Table("Loss at low rank, by share of ‖W‖² kept", ("weight", "as it is", *shares), tuple(cells)))
    except (ValueError, RuntimeError) as error:
        notes.append(f"low rank: {str(error).splitlines()[0]}")
    spikes = sum(s.spikes for s in spectra)
    headline = f"{spikes} singular values of {len(rows)} weights lie beyond what random weights would show."
    return Reading(headline, tuple(tables), tuple(figures), tuple(notes))
