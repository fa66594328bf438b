"""Drop the activation at the output, or put the one there that the loss needs."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding

__all__ = ["change_output_activation"]

_PROBABILITIES = ("bce",)
_LOG_PROBABILITIES = ("nll",)


@remedy("double-softmax", "wrong-output-activation")
def change_output_activation(case: Case, finding: Finding) -> str | None:
    """Logits for losses that normalise themselves, probabilities for those that do not."""
    call, kind = case.output_call(), case.training.loss.kind if case.training.loss else ""
    if call is None:
        return None
    if kind in _PROBABILITIES and call.name != "sigmoid":
        new: Callable[[Tensor], Tensor] | None = torch.sigmoid
        words = f"a sigmoid in place of the {call.name} at the output"
    elif kind in _LOG_PROBABILITIES and call.name != "log_softmax":
        new = _log_softmax
        words = f"a log-softmax in place of the {call.name} at the output"
    elif kind in (*_PROBABILITIES, *_LOG_PROBABILITIES):
        return None
    else:
        new, words = None, f"the {call.name} at the output dropped"

    def replace(index: int, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        if index != call.index:
            return function(*args, **kwargs)
        x: Tensor = args[0] if args else kwargs["input"]
        return x if new is None else new(x)

    case.rewrite(call.name, replace)
    return words


def _log_softmax(x: Tensor) -> Tensor:
    return torch.log_softmax(x, dim=1 if x.ndim > 1 else 0)
