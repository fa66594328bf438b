"""Reads how much the gradient differs from sample to sample."""

import math

from rhobar.probes.estimate import Estimate
from rhobar.probes.noise import batch_cosines, gradient_noise, gradient_norms
from rhobar.probes.survey.reading import Curve, Plot, Reading, Table, row
from rhobar.probes.survey.subject import Subject

__all__ = ["read"]


def read(subject: Subject) -> Reading:
    """Return the gradient noise scale with its interval, the norms of samples, and cosines of batches."""
    noise = gradient_noise(subject.model, subject.loss, subject.batches)
    norms = gradient_norms(subject.model, subject.loss, subject.batches).norms.sort().values
    low, high = noise.interval
    rows = [
        row("gradient variance tr Σ", Estimate(noise.variance, noise.variance_stderr)),
        row("squared gradient ‖G‖²", Estimate(noise.square, noise.square_stderr)),
        row("noise scale (samples)", noise.scale),
        row("  95 % interval from", low),
        row("  95 % interval to", high),
        row("gradient diversity", noise.diversity),
        row("median norm of a sample", norms.median().item()),
        row("largest norm of a sample", norms[-1].item()),
    ]
    notes = [f"{name}: {reason}" for name, reason in noise.slow.items()]
    batches = list(subject.batches)
    if len(batches) > 1:
        cosines = batch_cosines(subject.model, subject.loss, batches)
        rows.append(row("mean cosine of two batches", cosines.mean))
        rows.append(row("share of batches that conflict", cosines.conflicts))
    else:
        notes.append("cosines of batches: there is one batch only")
    n = norms.numel()
    at = tuple((i + 0.5) / n for i in range(n))
    plot = Plot(
        "Gradient norm of the samples, sorted",
        "share of the samples",
        "‖g‖",
        (Curve("samples", at, tuple(norms.tolist())),),
    )
    n, reach = noise.num_samples, f"{low:.3g} to {high:.3g}"
    headline = f"Batches help up to about {noise.scale:.3g} samples ({reach}), measured from {n}."
    if not math.isfinite(noise.scale):
        headline = f"The gradient is lost in the noise of {n} samples: larger batches help up to {low:.3g} at least."
    return Reading(headline, (Table("Gradient noise", ("quantity", "value"), tuple(rows)),), (plot,), tuple(notes))
