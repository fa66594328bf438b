"""Reads how far a classifier's answers can be trusted."""

import torch
from torch import Tensor
from torch.nn import functional as F

from rhobar.probes.estimate import Estimate, share_of
from rhobar.probes.representations import inputs_of
from rhobar.probes.survey.reading import Cell, Curve, Plot, Reading, Table, row
from rhobar.probes.survey.subject import Subject
from rhobar.probes.uncertainty import (
    Calibration,
    adversarial_accuracy,
    calibration,
    diagonal_laplace,
    fit_temperature,
    integrated_gradients,
    last_layer_laplace,
    mc_dropout,
    membership_gap,
    predicted_logits,
    sliced_distance,
)

__all__ = ["read"]


def read(subject: Subject) -> Reading:
    """Return calibration, doubt, accuracy under attack, attribution; with held-out data also membership."""
    judged = list(subject.held_out) or list(subject.batches)
    z, y = predicted_logits(subject.model, judged)
    found = calibration(z.softmax(1), y, generator=subject.generator)
    temperature = fit_temperature(z, y)
    rows: list[tuple[Cell, ...]] = [
        row("accuracy", share_of(z.argmax(1) == y)),
        row("ECE", Estimate(found.ece, found.stderr)),
        row("  a calibrated model would show", found.if_calibrated),
        row("  true ECE from (95 %)", found.interval[0]),
        row("  true ECE to (95 %)", found.interval[1]),
        row("confidence less accuracy", Estimate(found.overconfidence, found.overconfidence_stderr)),
        row("temperature that fits", Estimate(temperature.value, temperature.stderr)),
    ]
    notes = (
        []
        if subject.held_out
        else ["judged on the data given; a fourth element of the factory's tuple is taken as held out"]
    )
    for what, make in (
        ("MC dropout", _dropout),
        ("Laplace", _laplace),
        ("attacks", _attacks),
        ("attribution", _attribution),
        ("membership", _membership),
    ):
        try:
            rows += make(subject, judged)
        except (ValueError, RuntimeError, TypeError) as error:
            notes.append(f"{what}: {str(error).splitlines()[0]}")
    notes.append("group fairness and ensembles need groups and more models: rhobar.probes.uncertainty")
    verdict = "as calibrated as can be told" if found.calibrated else "not calibrated"
    headline = f"ECE {found.ece:.3f}, where a calibrated model would show {found.if_calibrated:.3f}: {verdict}."
    return Reading(
        headline, (Table(f"{len(y)} samples", ("quantity", "value"), tuple(rows)),), (_diagram(found),), tuple(notes)
    )


def _diagram(found: Calibration) -> Plot:
    d = found.diagram
    curves = (
        Curve("accuracy", tuple(d.confidence.tolist()), tuple(d.accuracy.tolist()), tuple(d.stderr.tolist())),
        Curve("calibrated", (0.0, 1.0), (0.0, 1.0)),
    )
    return Plot("Reliability diagram", "confidence", "accuracy", curves)


def _dropout(subject: Subject, judged: list[object]) -> list[tuple[Cell, ...]]:
    p = mc_dropout(subject.model, judged, seed=subject.seed)
    return [
        row("MC dropout: doubt (nats)", p.epistemic),
        row("MC dropout: noise (nats)", p.aleatoric),
        row("MC dropout: accuracy", p.accuracy),
    ]


def _laplace(subject: Subject, judged: list[object]) -> list[tuple[Cell, ...]]:
    batches = subject.some(128)
    size = sum(p.numel() for p in subject.model.parameters())
    rows = []
    x, y = inputs_of(judged[0])
    for name, fit in (("last layer", last_layer_laplace), ("diagonal", diagonal_laplace)):
        if name == "diagonal" and size > 200_000:
            continue
        posterior = fit(subject.model, batches)
        p, _ = posterior.predict(x)
        loss = F.nll_loss(p.clamp_min(1e-300).log(), y.cpu(), reduction="none") if isinstance(y, Tensor) else None
        if loss is not None:
            stderr = (loss.std() / loss.numel() ** 0.5).item() if loss.numel() > 1 else float("nan")
            rows.append(row(f"Laplace, {name}: NLL (nats)", Estimate(loss.mean().item(), stderr)))
    return rows


def _attacks(subject: Subject, judged: list[object]) -> list[tuple[Cell, ...]]:
    x, _ = inputs_of(judged[0])
    if not isinstance(x, Tensor) or not x.is_floating_point():
        raise ValueError("the inputs are not one floating tensor.")
    eps = 0.1 * x.std().item()
    once = adversarial_accuracy(subject.model, judged, eps=eps, num_steps=1, generator=subject.generator)
    often = adversarial_accuracy(subject.model, judged, eps=eps, num_steps=10, generator=subject.generator)
    return [
        row(f"accuracy under FGSM, ε = {eps:.3g} (a tenth)", once.attacked),
        row("accuracy under PGD of 10 steps", often.attacked),
    ]


def _attribution(subject: Subject, judged: list[object]) -> list[tuple[Cell, ...]]:
    x, y = inputs_of(judged[0])
    if not isinstance(x, Tensor) or not isinstance(y, Tensor) or not x.is_floating_point():
        raise ValueError("the inputs are not one floating tensor.")
    found = integrated_gradients(subject.model, x[:64], y[:64], num_points=20)
    share = found.values.abs().flatten(1)
    top = share.sort(1, descending=True).values.cumsum(1) / share.sum(1, keepdim=True).clamp_min(1e-30)
    half = (top < 0.5).sum(1).double() + 1
    missed = found.residual.abs().max().item() / max(found.change.abs().max().item(), 1e-30)
    return [
        row(
            "inputs that carry half of the attribution",
            Estimate(half.mean().item(), (half.std() / half.numel() ** 0.5).item()),
        ),
        row("integrated gradients: share missed", missed),
    ]


def _membership(subject: Subject, judged: list[object]) -> list[tuple[Cell, ...]]:
    if not subject.held_out:
        raise ValueError("there is no held-out data.")
    losses = [
        F.cross_entropy(z, y, reduction="none")
        for z, y in (predicted_logits(subject.model, b) for b in (subject.batches, judged))
    ]
    gap = membership_gap(*losses)
    rows: list[tuple[Cell, ...]] = [
        row("membership: gap of the loss", gap.gap),
        row("membership: AUC", gap.auc),
        row("membership: advantage", gap.advantage),
        row("  by chance", gap.chance),
    ]
    first, second = (
        [x for x, _ in map(inputs_of, b) if isinstance(x, Tensor) and x.is_floating_point()]
        for b in (subject.batches, judged)
    )
    if first and second:
        shift = sliced_distance(torch.cat(first), torch.cat(second), num_directions=100, generator=subject.generator)
        rows += [
            row("shift of the inputs (sliced transport)", Estimate(shift.value, shift.stderr)),
            row("  by chance", shift.null),
        ]
    return rows
