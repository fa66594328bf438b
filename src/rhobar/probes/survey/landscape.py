"""Reads the shape of the loss around the parameters."""

from rhobar.probes.landscape import gradient_confusion, loss_slice, plateau, sam_sharpness
from rhobar.probes.survey.reading import Curve, Heat, Plot, Reading, Table, row
from rhobar.probes.survey.subject import Subject

__all__ = ["read"]


def read(subject: Subject) -> Reading:
    """Return sharpness in both forms, plateau, gradient confusion, and slices in one and two dimensions."""
    model, loss, batches = subject.model, subject.loss, list(subject.batches)
    plain = sam_sharpness(model, loss, batches, num_steps=5)
    adaptive = sam_sharpness(model, loss, batches, num_steps=5, radius=0.5, adaptive=True)
    line = loss_slice(model, loss, batches, num_points=21, generator=subject.generator)
    plane = loss_slice(model, loss, batches, num_points=9, dims=2, generator=subject.generator)
    rows = [
        row("loss", plain.loss),
        row("SAM sharpness, r = 0.05", plain.rise),
        row("  after SAM's one step", plain.first_step),
        row("adaptive sharpness, r = 0.5", adaptive.rise),
    ]
    notes = [] if line.batch_norm == "none" else [f"statistics of batch norm: {line.batch_norm}"]
    try:
        flat = plateau(model, loss, batches)
        rows += [row("slope ‖G‖‖θ‖/L", flat.slope), row("width of the plateau, in ‖θ‖", flat.width)]
    except (ValueError, RuntimeError) as error:
        notes.append(f"plateau: {str(error).splitlines()[0]}")
    if len(batches) > 1:
        confusion = gradient_confusion(model, loss, batches)
        rows += [
            row("gradient confusion ζ", confusion.bound),
            row("mean cosine of batches", confusion.mean_cosine),
            row("conflicting pairs of batches", confusion.conflicts),
        ]
    else:
        notes.append("gradient confusion: there is one batch only")
    at = tuple(line.offsets.tolist())
    names = tuple(f"{x:.2g}" for x in plane.offsets.tolist())
    figures = (
        Plot(
            "Loss along a filter-normalised direction",
            "offset, in units of the filters",
            "loss",
            (Curve("loss", at, tuple(line.losses.tolist()), tuple(line.stderr.tolist())),),
        ),
        Heat("Loss on a plane of two directions", names, names, tuple(tuple(v) for v in plane.losses.tolist()), "loss"),
    )
    rise = f"{plain.rise.value:.3g} ± {plain.rise.stderr:.2g}"
    headline = f"Within a step of 0.05 the loss rises by {rise} from {plain.loss:.4g}."
    return Reading(
        headline, (Table("Around the parameters", ("quantity", "value"), tuple(rows)),), figures, tuple(notes)
    )
