"""Deal the rows into batches at random."""

import dataclasses

import torch

from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding
from rhobar.watch.pooling import pooled

__all__ = ["shuffle"]


@remedy("unshuffled-batches")
def shuffle(case: Case, finding: Finding) -> str | None:
    """Among the rows of all batches that were kept: the first ones, and those spread over the run."""
    if case.loop.shuffled:
        return None
    try:
        pooled(case.batches, torch.Generator().manual_seed(0))
    except (ValueError, RuntimeError):
        return None
    case.loop = dataclasses.replace(case.loop, shuffled=True)
    return "the rows shuffled"
