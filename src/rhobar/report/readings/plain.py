"""Readings as JSON; what is not finite is written in words, as in the diagnosis."""

import dataclasses
import json
from collections.abc import Sequence

from rhobar.probes.survey import Outcome
from rhobar.record.serialise import to_plain

__all__ = ["SCHEMA", "readings_json"]

SCHEMA = 1


def readings_json(subject: str, outcomes: Sequence[Outcome]) -> str:
    """Write all readings of one network.

    Args:
        subject: Its name.
        outcomes: What became of each probe.

    Example:
        >>> readings_json("net.py:make", [Outcome("ntk", None, "it has no parameters", 0.5)])[:60]
        '{"schema": 1, "subject": "net.py:make", "probes": [{"name": '
    """
    probes = [
        {
            "name": outcome.name,
            "seconds": outcome.seconds,
            "reason": outcome.reason,
            "reading": dataclasses.asdict(outcome.reading) if outcome.reading else None,
        }
        for outcome in outcomes
    ]
    return json.dumps(
        to_plain({"schema": SCHEMA, "subject": subject, "probes": probes}), ensure_ascii=True, allow_nan=False
    )
