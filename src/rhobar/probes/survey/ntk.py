"""Reads the empirical neural tangent kernel: its spectrum, and how it lies to the labels."""

import torch
from torch import Tensor
from torch.nn import functional as F

from rhobar.probes.estimate import Estimate
from rhobar.probes.ntk import empirical_ntk, kernel_spectrum, target_alignment
from rhobar.probes.representations import inputs_of
from rhobar.probes.survey.reading import Cell, Curve, Plot, Reading, Table, row
from rhobar.probes.survey.subject import Subject

__all__ = ["read"]

_SAMPLES = 64


def read(subject: Subject) -> Reading:
    """Return condition, effective rank and alignment of the kernel of up to 64 samples, traced over outputs."""
    batches = subject.some(_SAMPLES)
    found = empirical_ntk(subject.model, batches, traced=True)
    kernel = found.blocks[:, 0, :, 0].double()
    spectrum = kernel_spectrum(kernel)
    rows: list[tuple[Cell, ...]] = [
        row("λ max", spectrum.eigenvalues[0].item()),
        row("λ min", spectrum.eigenvalues[-1].item()),
        row("condition", spectrum.condition),
        row("effective rank", spectrum.effective_rank),
        row("eigenvalues lost in rounding", float(spectrum.null)),
    ]
    notes = [f"{name}: {reason}" for name, reason in found.slow.items()]
    targets = [y for _, y in map(inputs_of, batches) if isinstance(y, Tensor)]
    try:
        joined = torch.cat(targets)
        wanted = joined.double() if joined.is_floating_point() else F.one_hot(joined).double()
        alignment = target_alignment(kernel, wanted.reshape(len(wanted), -1))
        rows.append(row("alignment with the labels", Estimate(alignment.value, alignment.stderr)))
    except (ValueError, RuntimeError) as error:
        notes.append(f"alignment with the labels: {str(error).splitlines()[0]}")
    values = spectrum.eigenvalues.tolist()
    plot = Plot(
        "Eigenvalues of the kernel",
        "rank",
        "eigenvalue",
        (Curve("NTK", tuple(float(i + 1) for i in range(len(values))), tuple(max(v, 0.0) for v in values)),),
        points=True,
    )
    n = kernel.shape[0]
    return Reading(
        f"Condition {spectrum.condition:.3g}, effective rank {spectrum.effective_rank:.3g} of {n} samples.",
        (Table(f"Empirical NTK of {kernel.shape[0]} samples", ("quantity", "value"), tuple(rows)),),
        (plot,),
        tuple(notes),
    )
