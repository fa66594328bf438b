"""Reads how representations lie in space, layer by layer."""

from typing import TypeVar

import torch
from torch import Tensor, nn

from rhobar.probes.estimate import Estimate
from rhobar.probes.geometry import (
    NeuralCollapse,
    attention_statistics,
    cka_matrix,
    effective_rank,
    invariance,
    levina_bickel_dimension,
    neural_collapse,
    principal_components,
    representation_collapse,
    two_nearest_dimension,
)
from rhobar.probes.representations import representations
from rhobar.probes.survey.reading import Cell, Curve, Heat, Plot, Reading, Table, row
from rhobar.probes.survey.subject import Subject

__all__ = ["read"]

_MOST = 16
T = TypeVar("T")


def read(subject: Subject) -> Reading:
    """Return ranks, intrinsic dimensions, collapse, likeness, invariance to noise, and attention."""
    found = subject.layers()
    notes = [f"{name}: {reason}" for name, reason in found.skipped.items()]
    notes += [f"{name}: {size:,} features, of which evenly spaced ones were used" for name, size in found.cut.items()]
    first = {"input": found.inputs.flatten(1)} if found.inputs is not None and found.inputs.is_floating_point() else {}
    layers = _spaced({**first, **found.layers})
    rows = []
    for name, x in layers.items():
        try:
            rows.append(row(name or "output", *_measured(x)))
        except ValueError as error:
            notes.append(f"{name}: {error}")
    columns = (
        "layer",
        "features",
        "effective rank",
        "PCs for 90 %",
        "dimension (2NN)",
        "dimension (MLE)",
        "mean cosine",
    )
    tables = [Table("Representations", columns, tuple(rows))]
    figures: list[Plot | Heat] = []
    good = {
        name: x for name, x in layers.items() if x.isfinite().all() and x.shape[0] >= 5 and float(x.std(0).sum()) > 0
    }
    if len(good) > 1:
        names = tuple(good)
        alignment = cka_matrix({name: x[:300] for name, x in good.items()})
        figures.append(Heat("Likeness of layers (debiased linear CKA)", names, names, _tuples(alignment.values), "CKA"))
    figures.append(_dimensions(rows))
    tables += _more(subject, layers, found.targets, notes)
    last = rows[-1] if rows else None
    rank = last[2] if last else None
    headline = f"{len(rows)} representations of {next(iter(layers.values())).shape[0]} samples"
    headline += (
        f"; the last has effective rank {rank.value:.3g} of {last[1]:.0f}."
        if isinstance(rank, Estimate) and last
        else "."
    )
    return Reading(headline, tuple(tables), tuple(figures), tuple(notes))


def _measured(x: Tensor) -> list[Cell]:
    rank, collapse = effective_rank(x), representation_collapse(x)
    pca = principal_components(x, num_components=min(50, x.shape[1]))
    dims: list[Cell] = []
    for estimator in (two_nearest_dimension, levina_bickel_dimension):
        try:
            d = estimator(x)
            dims.append(Estimate(d.value, d.stderr))
        except ValueError:
            dims.append(None)
    return [float(x.shape[1]), rank.entropy, float(pca.num_needed(0.9)), *dims, collapse.cosine]


def _more(subject: Subject, layers: dict[str, Tensor], targets: Tensor | None, notes: list[str]) -> list[Table]:
    tables = []
    try:
        tables.append(_classes(subject, targets))
    except ValueError as error:
        notes.append(f"neural collapse: {error}")
    try:
        noise = torch.Generator().manual_seed(subject.seed)
        moved = invariance(
            subject.model,
            subject.batches,
            lambda x: x + 0.1 * x.std() * torch.randn(x.shape, generator=noise).to(x),
            max_samples=subject.max_samples,
        )
        rows = [row(name or "output", change) for name, change in _spaced(moved.layers).items()]
        tables.append(
            Table(
                "Change by noise of a tenth of the inputs' deviation (1: as far as another sample)",
                ("layer", "change"),
                tuple(rows),
            )
        )
    except (ValueError, RuntimeError, TypeError) as error:
        notes.append(f"invariance to noise: {str(error).splitlines()[0]}")
    try:
        attention = attention_statistics(subject.model, subject.batches)
        cells = [row(name, a.entropy, a.share, a.logit, a.largest_logit) for name, a in attention.layers.items()]
        tables.append(
            Table(
                "Attention", ("module", "entropy (nats)", "share of the most", "logit", "largest logit"), tuple(cells)
            )
        )
        notes += [f"{name}: {reason}" for name, reason in attention.skipped.items()]
    except ValueError:
        notes.append("attention: none is called")
    return tables


def _classes(subject: Subject, targets: Tensor | None) -> Table:
    if targets is None or targets.is_floating_point() or targets.dim() != 1:
        raise ValueError("the targets are not classes, one a sample.")
    linear = [(name, m) for name, m in subject.model.named_modules() if isinstance(m, nn.Linear)]
    if not linear:
        raise ValueError("there is no linear classifier.")
    name, head = linear[-1]
    entered: list[Tensor] = []
    handle = head.register_forward_pre_hook(lambda module, args: entered.append(args[0].detach().cpu()))
    try:
        representations(subject.model, subject.batches, layers=[name], max_samples=subject.max_samples)
    finally:
        handle.remove()
    features = torch.cat(entered)[: targets.numel()]
    if features.dim() != 2:
        raise ValueError(f"what enters {name} has the shape {tuple(features.shape)}, not one row a sample.")
    found: NeuralCollapse = neural_collapse(
        features, targets, weight=head.weight.cpu(), bias=None if head.bias is None else head.bias.cpu()
    )
    rows = (
        row("NC1 variability within classes", found.within),
        row("NC2 unequal lengths", found.lengths),
        row("NC2 angles off the simplex", found.angles),
        row("NC3 classifier against means", found.duality),
        row("NC4 disagreement with nearest mean", found.disagreement),
    )
    return Table(f"Neural collapse before {name or 'the classifier'} (0: collapsed)", ("measure", "value"), rows)


def _dimensions(rows: list[tuple[Cell, ...]]) -> Plot:
    at = tuple(float(i) for i in range(len(rows)))

    def curve(name: str, column: int) -> Curve:
        cells = [r[column] for r in rows]
        values = tuple(c.value if isinstance(c, Estimate) else float("nan") for c in cells)
        return Curve(name, at, values, tuple(c.stderr if isinstance(c, Estimate) else float("nan") for c in cells))

    curves = (curve("effective rank", 2), curve("2NN", 4), curve("MLE", 5))
    return Plot("Dimension over depth", "layer, in the order of the table", "dimension", curves)


def _spaced(layers: dict[str, T]) -> dict[str, T]:
    names = list(layers)
    if len(names) <= _MOST:
        return layers
    kept = [names[round(i * (len(names) - 1) / (_MOST - 1))] for i in range(_MOST)]
    return {name: layers[name] for name in kept}


def _tuples(matrix: Tensor) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(values) for values in matrix.tolist())
