"""Draw the weights anew at the critical point of the activations they meet."""

import torch
from torch import Tensor, nn

from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.diagnose.trials.rewriting import Rewriting
from rhobar.nn.initializers import critical_
from rhobar.record import Finding

__all__ = ["redraw_weights"]


@remedy("badly-scaled-initialization", "symmetric-initialization")
def redraw_weights(case: Case, finding: Finding) -> str | None:
    """Var W = σ_w² / n, so that signals keep their size; by the fan alone where the model cannot be traced."""
    torch.manual_seed(0)
    batch = case.batches[0]
    if batch.kwargs or not all(isinstance(value, Tensor) for value in batch.args):
        _by_fan(case.model)
    else:
        try:
            with Rewriting(case.replacements):
                critical_(case.model, *batch.args)
        except (ValueError, RuntimeError, TypeError):  # a network that cannot be traced
            _by_fan(case.model)
    return "the weights drawn anew, scaled to keep the signal"


def _by_fan(model: nn.Module) -> None:
    """He's scale for every matrix and kernel, zero biases; norms and embeddings as torch makes them."""
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._NormBase | nn.LayerNorm | nn.GroupNorm | nn.Embedding):
            module.reset_parameters()
            continue
        for p in module.parameters(recurse=False):
            if p.ndim >= 2:
                nn.init.kaiming_normal_(p, nonlinearity="relu")
            else:
                nn.init.zeros_(p)
