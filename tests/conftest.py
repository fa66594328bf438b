"""Prints the rate of false alarms over the healthy trainings at the end of a run."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count the healthy programs that were run and those that raised an alarm."""
    mark = "test_a_healthy_training_gets_no_finding"
    counts = {
        outcome: sum(mark in report.nodeid for report in terminalreporter.stats.get(outcome, []))
        for outcome in ("passed", "failed")
    }
    total = sum(counts.values())
    if total:
        terminalreporter.write_line(f"false alarms on healthy trainings: {counts['failed']} of {total}")
