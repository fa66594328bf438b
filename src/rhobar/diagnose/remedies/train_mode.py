"""Train in train mode."""

from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding

__all__ = ["train_mode"]


@remedy("eval-mode-training")
def train_mode(case: Case, finding: Finding) -> str | None:
    """model.train()."""
    if all(module.training for module in case.model.modules()):
        return None
    case.model.train()
    return "the model in train mode"
