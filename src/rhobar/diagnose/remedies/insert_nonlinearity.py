"""Put a ReLU between two linear maps that would be one."""

import torch
from torch import Tensor, nn

from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding

__all__ = ["insert_nonlinearity"]


@remedy("missing-nonlinearity")
def insert_nonlinearity(case: Case, finding: Finding) -> str | None:
    """After the first map of every collapsed pair."""
    modules = dict(case.model.named_modules())
    names = [pair.first for pair in case.training.structure.collapsed if pair.first in modules]
    for name in names:
        modules[name].register_forward_hook(_rectify)
    return f"ReLU after {', '.join(names[:3])}" if names else None


def _rectify(module: nn.Module, args: object, output: Tensor) -> Tensor:
    return torch.relu(output)
