"""Faults of rates, settings, modes and time."""

from rhobar.faults.catalogue.fault import Fault, Severity
from rhobar.faults.draft import Draft

__all__ = ["OPTIMISATION_FAULTS"]


def _rate(draft: Draft, factor: float) -> Draft:
    return draft.set(lr=f"{float(draft.settings['lr']) * factor:.1g}")


def _clipped(norm: str, severity: Severity) -> Fault:
    return Fault(
        "clipping-always-active",
        norm,
        severity,
        lambda d: d.fill(clip="nn.utils.clip_grad_norm_(<<parameters>>, <<clip_norm>>)", clip_norm=norm),
        lambda d: d.facts.optimizer in ("SGD", "by hand"),
    )


OPTIMISATION_FAULTS = (
    Fault("learning-rate-too-high", "30", "mild", lambda d: _rate(d, 30.0)),
    Fault("learning-rate-too-high", "300", "severe", lambda d: _rate(d, 300.0)),
    Fault("learning-rate-too-low", "0.01", "mild", lambda d: _rate(d, 1e-2)),
    Fault("learning-rate-too-low", "0.0001", "severe", lambda d: _rate(d, 1e-4)),
    Fault(
        "unstable-optimizer-setting",
        "momentum",
        "severe",
        lambda d: d.option(momentum=0.999),
        lambda d: d.facts.optimizer in ("SGD", "RMSprop"),
    ),
    Fault(
        "unstable-optimizer-setting",
        "betas",
        "mild",
        lambda d: d.option(betas="(0.99, 0.5)"),
        lambda d: d.facts.optimizer in ("Adam", "AdamW"),
    ),
    Fault(
        "unstable-optimizer-setting",
        "eps",
        "severe",
        lambda d: d.option(eps=10.0),
        lambda d: d.facts.optimizer in ("Adam", "AdamW", "RMSprop"),
    ),
    Fault(
        "unstable-optimizer-setting",
        "schedule",
        "severe",
        lambda d: d.fill(
            define_scheduler="scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.7)",
            each_step="scheduler.step()",
            end_epoch="",
        ),
        lambda d: bool(d.slots["define_scheduler"]),
    ),
    _clipped("1e-3", "severe"),
    _clipped("1e-2", "mild"),
    Fault("batch-size-misfit", "all-rows", "severe", lambda d: d.set(batch_size=5000), also=("too-few-epochs",)),
    Fault("too-few-epochs", "one", "severe", lambda d: d.set(epochs=1), lambda d: d.facts.rows < 1100),
    Fault("too-few-epochs", "two", "mild", lambda d: d.set(epochs=2)),
    Fault(
        "eval-mode-training",
        "never-back",
        "mild",
        lambda d: d.fill(train_mode=""),
        lambda d: d.facts.norm == "batch",
    ),
    Fault(
        "eval-mode-training",
        "always",
        "severe",
        lambda d: d.fill(train_mode="model.eval()"),
        lambda d: d.facts.norm == "batch" or d.facts.dropout,
    ),
    Fault(
        "train-mode-evaluation",
        "forgotten",
        "severe",
        lambda d: d.fill(eval_mode=""),
        lambda d: d.facts.norm == "batch" or d.facts.dropout,
    ),
)
