"""Laws of the JSON report: exact keys, strict syntax, numbers that survive."""

import json

import pytest
from tests.report.samples import SAMPLES

from rhobar.report import diagnosis_json

KEYS = ["schema", "script", "steps", "overhead", "findings", "checked", "not_checked", "not_tried", "headline"]
FINDING = [
    "id",
    "kind",
    "severity",
    "confidence",
    "where",
    "summary",
    "evidence",
    "explains",
    "why",
    "remedy",
]
FINDING += ["references", "trial"]


def refuse(literal):
    raise AssertionError(f"{literal} is not JSON")


@pytest.mark.parametrize("sample", SAMPLES)
def test_exact_keys_and_strict_syntax(sample):
    record, diagnosis = SAMPLES[sample]()
    written = diagnosis_json(record, diagnosis)
    written.encode("ascii")
    plain = json.loads(written, parse_constant=refuse)
    assert list(plain) == KEYS
    assert plain["schema"] == 1
    assert plain["script"] == record.name
    assert len(plain["findings"]) == len(diagnosis.findings)
    for finding in plain["findings"]:
        assert list(finding) == FINDING
        assert list(finding["remedy"]) == ["text", "code"]
        for evidence in finding["evidence"]:
            assert list(evidence) == ["quantity", "value", "stderr", "threshold", "unit"]
    for item in plain["not_checked"]:
        assert list(item) == ["id", "reason"]


def test_numbers_survive():
    plain = json.loads(diagnosis_json(*SAMPLES["nan-run"]()))
    assert plain["steps"] == 120
    assert plain["overhead"] == pytest.approx(0.4 / 11.6)
    assert plain["findings"][0]["evidence"][0] == {
        "quantity": "learning rate times largest Hessian eigenvalue",
        "value": 28.4,
        "stderr": 1.3,
        "threshold": 2.0,
        "unit": "",
    }
    assert plain["findings"][2]["evidence"][1]["value"] == "inf"
    assert plain["findings"][0]["explains"] == ["nonfinite-values", "exploding-gradient"]
