"""Numbers and names as words: what a reader sees, safe to print and short enough to read.

Names of modules, scripts and features come from other people's programs. They may hold escape sequences that
move a terminal's cursor, marks that reverse the direction of text, or ten thousand characters.
"""

import math
import re
import unicodedata

from rhobar.record import Evidence, Record, Training, Trial

__all__ = [
    "against",
    "amount",
    "clean",
    "course",
    "duration",
    "num_steps",
    "number",
    "percent",
    "plural",
    "shorten",
    "trial",
]

_BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\ufeff")
_SUSPECT = re.compile(r"[^\x20-\x7e\xa1-\xac\xae-\u036f\u0370-\u03ff]")


def clean(text: str, *, lines: bool = False) -> str:
    r"""Show control characters, direction marks and lone surrogates as escapes, so that they do nothing.

    Args:
        text: Any text.
        lines: Keep line feeds, and tabs as four spaces; otherwise they become a space.

    Example:
        >>> clean("a\x1b[31mb\nc")
        'a\\x1b[31mb c'
    """
    if lines:
        return "\n".join(clean(line.expandtabs(4)) for line in text.splitlines())
    return _SUSPECT.sub(lambda match: _visible(match.group()), text)


def _visible(char: str) -> str:
    if char in "\n\r\t\xa0":
        return " "
    if char in _BIDI or unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn"):
        code = ord(char)
        return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
    return char


def shorten(text: str, limit: int) -> str:
    """Cut the middle out of a long name, where paths differ least.

    Example:
        >>> shorten("encoder.layers.11.attention.query", 17)
        'encoder.…on.query'
    """
    text = clean(text)
    if len(text) <= limit:
        return text
    head = (limit - 1) // 2
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"


def number(value: float, digits: int = 3) -> str:
    """Write a number with three significant digits, or as many as asked for.

    Example:
        >>> [number(x) for x in (0.0, 1.4621, 12000.0, 3.2e-7, float("nan"), float("-inf"), 0.05)]
        ['0', '1.46', '12,000', '3.2e-7', 'NaN', '−∞', '0.05']
    """
    if math.isnan(value):
        return "NaN"
    sign, size = ("−" if value < 0 else ""), abs(value)
    if math.isinf(value):
        return f"{sign}∞"
    if size == 0:
        return "0"
    if size >= 1e6 or size < 1e-3:
        mantissa, exponent = f"{size:.{digits - 1}e}".split("e")
        return f"{sign}{_trim(mantissa)}e{int(exponent)}"
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    return sign + _trim(f"{size:,.{decimals}f}")


def _trim(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def percent(share: float) -> str:
    """Write a share in percent.

    Example:
        >>> percent(0.0231), percent(0.5), percent(float("nan"))
        ('2.3 %', '50 %', 'NaN')
    """
    return f"{_trim(f'{100 * share:.1f}')} %" if math.isfinite(100 * share) else number(share)


def plural(count: int, noun: str) -> str:
    """Write a count with its noun.

    Example:
        >>> plural(1, "step"), plural(3000, "step")
        ('1 step', '3,000 steps')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """Write a time in the unit that suits it.

    Example:
        >>> duration(0.0041), duration(4.13), duration(200.0), duration(9000.0)
        ('4.1 ms', '4.1 s', '3 min 20 s', '2 h 30 min')
    """
    if not math.isfinite(seconds):
        return number(seconds)
    if seconds < 1:
        return f"{_trim(f'{1000 * seconds:.1f}')} ms"
    if seconds < 60:
        return f"{_trim(f'{seconds:.1f}')} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def amount(evidence: Evidence) -> str:
    """Write the measurement: value, error bar, unit, with the digits that tell it from its threshold.

    Example:
        >>> amount(Evidence("loss", 2.3031, 2.3024, "nats", 0.021))
        '2.303 ± 0.021 nats'
    """
    error = f" ± {number(evidence.stderr, 2)}" if evidence.stderr is not None else ""
    return f"{number(evidence.value, _digits(evidence))}{error} {shorten(evidence.unit, 30)}".rstrip()


def against(evidence: Evidence) -> str:
    """Say on which side of its threshold the measurement lies; empty without a threshold.

    Example:
        >>> against(Evidence("loss", 1.723, 1.46, "nats"))
        'above 1.46'
    """
    value, threshold = evidence.value, evidence.threshold
    if threshold is None:
        return ""
    side = "above" if value > threshold else "below" if value < threshold else "equal to"
    if math.isnan(value) or math.isnan(threshold):
        side = "against"
    return f"{side} {number(threshold, _digits(evidence))}"


def _digits(evidence: Evidence) -> int:
    """Three digits, or as many more as it takes to see that value and threshold differ."""
    value, threshold = evidence.value, evidence.threshold
    if threshold is None or value == threshold:
        return 3
    return next((d for d in range(3, 7) if number(value, d) != number(threshold, d)), 3)


def trial(tried: Trial) -> str:
    """Say what a remedy did when the first steps were run again.

    Example:
        >>> trial(Trial("the inputs standardised", "loss", 60, 3, 2.302, 0.001, 0.3121, 0.02, 1.99, 0.02, "helps"))
        'With the inputs standardised and nothing else changed, the loss after 60 steps is 0.31 ± 0.02 instead of \
2.302 ± 0.001: it helps.'
    """
    verdict = {"helps": "it helps", "does not help": "it does not help"}.get(tried.verdict, "no clear difference")
    changed = _with_error(tried.changed, tried.changed_stderr, tried.quantity)
    unchanged = _with_error(tried.unchanged, tried.unchanged_stderr, tried.quantity)
    return (
        f"With {shorten(tried.change, 200)} and nothing else changed, the {tried.quantity} after "
        f"{plural(tried.steps, 'step')} is {changed} instead of {unchanged}: {verdict}."
    )


def _with_error(value: float, stderr: float, quantity: str) -> str:
    """As many digits as the error bar leaves."""
    if not (math.isfinite(value) and math.isfinite(stderr)):
        return "not finite"
    if quantity == "accuracy":
        return f"{_trim(f'{100 * value:.1f}')} ± {_trim(f'{100 * stderr:.1f}')} %"
    if value == 0:
        return "0"
    places = max(0, -math.floor(math.log10(stderr))) if stderr > 0 else 0
    wanted = max(2, places + math.floor(math.log10(abs(value))) + 1)
    return f"{number(value, min(wanted, 4))} ± {number(stderr, 1)}"


def num_steps(record: Record) -> int:
    """Count the watched backward passes of all trainings."""
    return sum(len(training.losses) or training.num_steps for training in record.trainings)


def course(training: Training) -> str:
    """Write the loss from its first to its last value, e.g. ``2.31 → 0.42``; empty if none was seen."""
    losses = training.losses
    return f"{number(losses[0])} → {number(losses[-1])}" if losses else ""
