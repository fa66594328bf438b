"""Drop fewer units."""

from collections.abc import Callable
from typing import Any

from rhobar.diagnose.remedies.remedy import remedy
from rhobar.diagnose.trials.case import Case
from rhobar.record import Finding

__all__ = ["lower_dropout"]

_RATE = 0.1


@remedy("excessive-dropout")
def lower_dropout(case: Case, finding: Finding) -> str | None:
    """P → min(p, 0.1) in every dropout that the forward pass calls."""
    if not case.training.modes.max_dropout > _RATE:
        return None

    def replace(index: int, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        given = list(args)
        if len(given) > 1:
            given[1] = min(float(given[1]), _RATE)
        else:
            kwargs["p"] = min(float(kwargs.get("p", 0.5)), _RATE)
        return function(*given, **kwargs)

    for name in ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"):
        case.rewrite(name, replace)
    return f"at most {_RATE} of the units dropped in place of {case.training.modes.max_dropout:.2g}"
