"""Set the learning rate to what the loss along the last update asks for, or a tenth or ten times of it."""

import math

from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding

__all__ = ["change_rate"]


@remedy("learning-rate-too-high", "learning-rate-too-low")
def change_rate(case: Case, finding: Finding) -> str | None:
    """η → s η, with s where the line search of the exam was lowest on the side that the finding names."""
    lower = finding.id == "learning-rate-too-high"
    factor = 0.1 if lower else 10.0
    probe = case.training.rate
    if probe is not None:
        side = [
            (loss, s)
            for s, loss in zip(probe.factors, probe.losses, strict=True)
            if math.isfinite(loss) and (s <= 0.1 if lower else s >= 10)
        ]
        factor = min(side)[1] if side else factor
    rate = next((g.settings["lr"] for g in case.groups if "lr" in g.settings), None)
    if rate is None:
        return None
    return f"a learning rate of {case.scale_rate(factor):.2g} in place of {float(rate):.2g}"
