"""Put ReLU in place of hidden activations that this depth cannot bear."""

from collections.abc import Callable
from typing import Any

import torch

from rhobar.diagnose.remedies.redraw_weights import redraw_weights
from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.diagnose.trials.rewriting import Tracing
from rhobar.record import Finding

__all__ = ["replace_activations"]

_KEPT = frozenset({"relu", "softmax", "log_softmax", "leaky_relu", "gelu", "silu", "elu", "selu"})


@remedy("unfit-activation")
def replace_activations(case: Case, finding: Finding) -> str | None:
    """All hidden calls of the activation; the output's stays. The weights are drawn anew to fit."""
    batch, output = case.batches[0], case.output_call()
    if batch.place is None:
        return None
    with torch.no_grad(), Tracing() as tracing:
        batch.predict(case.model)
    hidden = {c.name for c in tracing.calls if output is None or c.index != output.index} - _KEPT
    if not hidden:
        return None

    def replace(index: int, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        if output is not None and index == output.index:
            return function(*args, **kwargs)
        return torch.relu(args[0] if args else kwargs["input"])

    for name in hidden:
        case.rewrite(name, replace)
    redraw_weights(case, finding)
    return f"ReLU in place of {', '.join(sorted(hidden))}, and weights drawn to fit"
