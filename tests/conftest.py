"""Prints the rate of false alarms over the healthy trainings at the end of a run."""

import signal

import pytest

# A run started in the background inherits an ignored Ctrl-C, and so would the scripts that the tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


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
