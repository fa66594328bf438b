"""Reads the curvature of the loss: spectrum, trace, sharpness, negative directions, layer by layer."""

from collections.abc import Sequence

import torch
from torch import nn

from rhobar.linalg import SpectralDensity, eigenpairs, hutchinson_trace, negative_directions, spectral_density
from rhobar.probes.curvature import hessian, layer_curvature
from rhobar.probes.estimate import Estimate
from rhobar.probes.kronecker import kronecker_factors
from rhobar.probes.survey.reading import Curve, Plot, Reading, Table, row
from rhobar.probes.survey.subject import Subject, default_loss

__all__ = ["read"]


def read(subject: Subject) -> Reading:
    """Return top eigenvalues with residuals, trace, saddle index, density, the layers' blocks and Kronecker factors."""
    H = hessian(subject.model, subject.loss, subject.batches)
    n = H.shape[0]
    top = eigenpairs(H, num=min(5, n), which="largest", tol=1e-2, generator=subject.generator)
    trace = hutchinson_trace(H, num_matvecs=20, generator=subject.generator)
    density = spectral_density(H, num_probes=4, num_steps=min(30, n), generator=subject.generator)
    saddle = negative_directions(H, num_probes=4, num_steps=min(30, n), generator=subject.generator)
    layers = layer_curvature(subject.model, subject.loss, subject.batches, num_matvecs=8, generator=subject.generator)
    values = [
        row(f"λ{i + 1}", Estimate(v, r))
        for i, (v, r) in enumerate(zip(top.values.tolist(), top.residuals.tolist(), strict=True))
    ]
    sharpness = top.values[0].item()
    limit = 2 / sharpness if sharpness > 0 else float("inf")
    whole = (
        *values,
        row("trace", Estimate(trace.value, trace.stderr)),
        row("smallest eigenvalue", Estimate(saddle.smallest, saddle.residual)),
        row("negative directions", Estimate(saddle.estimate, saddle.stderr)),
        row("stable rate of gradient descent, 2/λ1", limit),
    )
    blocks = [
        row(b.name or "(model)", float(b.size), Estimate(b.sharpness, b.residual), Estimate(b.trace, b.trace_stderr))
        for b in layers
        if not b.reason
    ]
    factors, missing = _factors(subject)
    plot = _drawn(density)
    converged = "" if top.converged else ", not converged"
    return Reading(
        f"Sharpness λ1 = {sharpness:.4g} (residual {top.residuals[0].item():.1g}{converged}); "
        f"trace {trace.value:.4g} ± {trace.stderr:.2g}.",
        (
            Table(f"Hessian of {n:,} parameters (± residual or standard error)", ("quantity", "value"), whole),
            Table("Blocks of the layers", ("layer", "parameters", "sharpness", "trace"), tuple(blocks)),
            *factors,
        ),
        (plot,),
        (*(f"{b.name}: {b.reason}" for b in layers if b.reason), *missing),
    )


def _factors(subject: Subject) -> tuple[list[Table], list[str]]:
    """Return the layers' Fisher information as Kronecker products, and the notes."""
    loss = subject.loss
    if loss is default_loss:
        first = next(iter(subject.batches))
        loss = nn.MSELoss() if isinstance(first, Sequence) and first[1].is_floating_point() else nn.CrossEntropyLoss()
    try:
        found = kronecker_factors(subject.model, loss, subject.batches, num_draws=4, generator=subject.generator)
    except ValueError as error:  # the likelihood of the loss is not known
        return [], [f"Kronecker factors: {error}"]
    rows = [
        row(f.weight, Estimate(f.trace, f.trace_stderr), *(float(torch.linalg.matrix_norm(m, 2)) for m in (f.A, f.G)))
        for f in found.layers
    ]
    columns = ("layer", "trace", "largest eigenvalue of A", "of G")
    notes = [f"{name}: no Kronecker factors: {reason}" for name, reason in found.missing.items()]
    return [Table("Fisher information as Kronecker products G ⊗ A", columns, tuple(rows))], notes


def _drawn(density: SpectralDensity) -> Plot:
    """Draw every node as a Gaussian of a sixtieth of the range."""
    low, high = density.nodes.min().item(), density.nodes.max().item()
    width = max((high - low) / 60, 1e-12)
    grid = torch.linspace(low - 3 * width, high + 3 * width, 200, dtype=torch.float64)
    y = density.density(grid, width)
    y = y.clamp_min(1e-4 * float(y.max()))  # what lies below is the tail of the bumps
    return Plot(
        "Spectral density", "eigenvalue", "density", (Curve("Hessian", tuple(grid.tolist()), tuple(y.tolist())),)
    )
