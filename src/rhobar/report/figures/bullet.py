"""One measurement beside its threshold, as small as a word."""

import math

from markupsafe import Markup

from rhobar.record import Evidence
from rhobar.report.scales import Scale, fit_log, fit_value
from rhobar.report.svg import drawing, element, line
from rhobar.report.wording import against, amount

__all__ = ["bullet"]

_WIDTH, _HEIGHT = 120.0, 14.0


def bullet(evidence: Evidence, kind: str) -> Markup:
    """Draw threshold (a bar), measurement (a dot) and error bar; empty without two finite numbers."""
    value, threshold = evidence.value, evidence.threshold
    if threshold is None or not (math.isfinite(value) and math.isfinite(threshold)):
        return Markup()
    error = evidence.stderr if evidence.stderr is not None and math.isfinite(evidence.stderr) else 0.0
    ends = [v for v in (value, threshold, value - abs(error), value + abs(error)) if math.isfinite(v)]
    x: Scale = fit_value(ends, 5.0, _WIDTH - 5)
    if value > 0 and threshold > 0 and max(value / threshold, threshold / value) > 4:
        x = fit_log([value, threshold], 5.0, _WIDTH - 5)
    middle = _HEIGHT / 2
    shapes = [
        line(0, middle, _WIDTH, middle, "hair"),
        line(x(threshold), 1, x(threshold), _HEIGHT - 1, "threshold"),
    ]
    if error:
        shapes.append(line(x(value - abs(error)), middle, x(value + abs(error)), middle, f"error {kind}"))
    shapes.append(element("circle", cx=x(value), cy=middle, r=3.6, class_=f"bead {kind}"))
    words = f"{amount(evidence)}, {against(evidence)}"
    return drawing(_WIDTH, _HEIGHT, *shapes, title="Measurement against threshold", describe=words, class_="bullet")
