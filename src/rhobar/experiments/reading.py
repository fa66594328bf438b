"""What an experiment found, as a sentence, a table and figures that a report can print and draw."""

import time

from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.probes.survey import Outcome, Reading, Table

__all__ = ["as_reading", "outcome"]


def as_reading(experiment: Experiment, result: Result) -> Reading:
    """Write the claim, what was predicted and measured, and the verdict.

    Example:
        >>> from rhobar.experiments import find
        >>> experiment = find("perceptron-convergence")
        >>> as_reading(experiment, experiment.run(Setting())).headline[:6]
        'holds:'
    """
    checks = Table(
        "Predicted and measured",
        ("prediction", "predicted", "measured", "verdict", "test"),
        tuple((c.says, c.predicted, c.measured, "holds" if c.holds else "fails", c.test) for c in result.checks),
    )
    sources = [f"Source: {experiment.source}"]
    if experiment.textbook:
        sources.append(f"Textbook: {', '.join(experiment.textbook)}")
    if experiment.formulas:
        sources.append(f"Uses: {', '.join(experiment.formulas)}")
    if experiment.findings:
        sources.append(f"Mechanism behind: {', '.join(experiment.findings)}")
    if experiment.exact:
        sources.append(f"No larger form: {experiment.exact}")
    return Reading(f"{result.verdict}: {experiment.claim}", (checks,), result.figures, (*result.notes, *sources))


def outcome(experiment: Experiment, setting: Setting) -> tuple[Outcome, Result | None]:
    """Run an experiment; one that raises has no verdict, and its reason is said."""
    started = time.perf_counter()
    try:
        result = experiment.run(setting)
    except Exception as error:  # a run that breaks must not end the others
        reason = f"{type(error).__name__}: {error}"
        return Outcome(experiment.name, None, reason, time.perf_counter() - started), None
    seconds = time.perf_counter() - started
    return Outcome(experiment.name, as_reading(experiment, result), "", seconds), result
