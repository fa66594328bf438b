"""Faults of the network and its start: activations, weights, normalisation, regularisation, width."""

from rhobar.faults.catalogue.fault import Fault
from rhobar.faults.draft import Draft

__all__ = ["NETWORK_FAULTS"]

_MATRICES = "for p in model.parameters():\n    if p.dim() > 1:\n        {}"


def _start(statement: str, drawn: str, draft: Draft) -> Draft:
    if draft.facts.architecture == "functional":
        return draft.fill(draw_weight=drawn)
    return draft.fill(init=_MATRICES.format(statement))


def _decay(draft: Draft, strength: float) -> Draft:
    return draft.option(weight_decay=20 * strength if draft.facts.optimizer == "AdamW" else strength)


NETWORK_FAULTS = (
    Fault(
        "unfit-activation",
        "sigmoid",
        "severe",
        lambda d: d.fill(act="torch.sigmoid"),
        lambda d: d.facts.architecture == "deep",
    ),
    Fault(
        "unfit-activation",
        "step",
        "severe",
        lambda d: d.fill(act="torch.sign"),
        lambda d: d.facts.architecture in ("deep", "module", "functional"),
    ),
    Fault(
        "unfit-activation",
        "exponential",
        "severe",
        lambda d: d.fill(act="torch.exp"),
        lambda d: d.facts.architecture in ("deep", "functional", "module"),
        also=("unstable-formula",),
        fatal=True,
    ),
    Fault(
        "missing-nonlinearity",
        "all",
        "severe",
        lambda d: d.fill(act="", act_line=""),
        lambda d: d.facts.depth >= 2 and d.facts.norm != "layer" and d.facts.kind != "image",
    ),
    Fault(
        "symmetric-initialization",
        "constant",
        "severe",
        lambda d: _start("nn.init.constant_(p, 0.02)", "torch.full((a, b), 0.02)", d),
    ),
    Fault(
        "symmetric-initialization",
        "zeros",
        "severe",
        lambda d: _start("nn.init.zeros_(p)", "torch.zeros(a, b)", d),
    ),
    Fault(
        "badly-scaled-initialization",
        "large",
        "severe",
        lambda d: _start("nn.init.normal_(p, std=1.0)", "torch.randn(a, b)", d),
        lambda d: d.facts.norm == "",
    ),
    Fault(
        "badly-scaled-initialization",
        "small",
        "severe",
        lambda d: _start("nn.init.normal_(p, std=1e-4)", "1e-4 * torch.randn(a, b)", d),
        lambda d: d.facts.norm == "",
    ),
    Fault(
        "degenerate-batch-norm",
        "two-rows",
        "severe",
        lambda d: d.set(batch_size=2),
        lambda d: d.facts.norm == "batch" and d.facts.rows < 600,
        also=("batch-size-misfit",),
    ),
    Fault(
        "degenerate-batch-norm",
        "slow-statistics",
        "severe",
        lambda d: d.fill(norm_options=", momentum=0.001"),
        lambda d: d.facts.norm == "batch",
    ),
    Fault("excessive-dropout", "0.95", "severe", lambda d: d.set(dropout=0.95), lambda d: d.facts.dropout),
    Fault("excessive-dropout", "0.8", "mild", lambda d: d.set(dropout=0.8), lambda d: d.facts.dropout),
    Fault("excessive-regularization", "decay", "severe", lambda d: _decay(d, 1.0), lambda d: not d.facts.by_hand),
    Fault(
        "excessive-regularization",
        "absolute",
        "mild",
        lambda d: d.fill(penalty=" + 0.02 * sum(p.abs().sum() for p in <<parameters>>)"),
    ),
    Fault(
        "too-little-capacity",
        "one-unit",
        "severe",
        lambda d: d.set(width=1),
        lambda d: d.facts.num_outputs > 2 and d.facts.norm != "layer",
    ),
)
