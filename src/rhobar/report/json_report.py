"""The diagnosis as JSON, for programs: stable keys, and no literal that strict parsers refuse."""

import json

from rhobar.record import Diagnosis, Finding, Record
from rhobar.record.serialise import to_plain
from rhobar.report.wording import num_steps

__all__ = ["SCHEMA", "diagnosis_json"]

SCHEMA = 1
"""Raised when a key changes its meaning or goes away."""


def diagnosis_json(record: Record, diagnosis: Diagnosis) -> str:
    """Write a diagnosis as one line of strict JSON.

    Non-finite numbers are the strings ``"nan"``, ``"inf"`` and ``"-inf"``. ``steps`` counts backward passes,
    ``overhead`` is the time that watching added, as a share of the bare run time.

    Example:
        >>> diagnosis_json(Record("a.py"), Diagnosis((), ("dead-units",), (), "No finding."))[:59]
        '{"schema": 1, "script": "a.py", "steps": 0, "overhead": 0.0'
    """
    plain = {
        "schema": SCHEMA,
        "script": record.name,
        "steps": num_steps(record),
        "overhead": record.overhead,
        "findings": [_finding(finding) for finding in diagnosis.findings],
        "checked": diagnosis.checked,
        "not_checked": [{"id": item.id, "reason": item.reason} for item in diagnosis.not_checked],
        "not_tried": [{"id": item.id, "reason": item.reason} for item in diagnosis.not_tried],
        "headline": diagnosis.headline,
    }
    return json.dumps(to_plain(plain), ensure_ascii=True, allow_nan=False)


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "id": finding.id,
        "kind": finding.kind,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "where": finding.where,
        "summary": finding.summary,
        "evidence": [
            {
                "quantity": item.quantity,
                "value": item.value,
                "stderr": item.stderr,
                "threshold": item.threshold,
                "unit": item.unit,
            }
            for item in finding.evidence
        ],
        "explains": finding.explains,
        "why": finding.why,
        "remedy": {"text": finding.remedy.text, "code": finding.remedy.code},
        "references": finding.references,
        "trial": finding.trial,
    }
