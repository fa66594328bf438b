"""Confirm by intervention: apply the remedies of the leading causes, run the first steps again, compare.

For each cause the first steps of its training run twice on the batches that were kept: as they were, and with the
remedy and nothing else changed; from the same weights, in the same order, with the same random numbers, for several
seeds. What counts is the program's own loss over batches spread over the training, in eval mode; accuracy where the
remedy changes the loss itself.

What a trial does to a cause's probability p is Bayes' rule in odds, p/(1 − p) times the likelihood ratio of what was
seen: 3 if the remedy helps, 1/15 if it does not, 1 if it is unclear. Of 66 true causes of the programs under tests/,
61 helped, 3 were unclear and 2 did not help; remedies of causes that are not true are taken to help in three of ten
sick networks, since much helps a sick network, and not to help in half.

A remedy that does not help may need another rate than the sick network: it is tried again with a tenth and a hundredth
of the rate, and held against the better of the unchanged steps at that rate and at their own. If no remedy helps alone,
the first two are tried together.

The unchanged steps must lead where the program's own steps led, or nothing is concluded from them.
"""

import contextlib
import dataclasses
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from rhobar.diagnose.ranking import Judged, conclude, weight
from rhobar.diagnose.remedies import REMEDIES
from rhobar.diagnose.rule import unchecked
from rhobar.diagnose.trials.case import Case, NotReplayable
from rhobar.diagnose.trials.comparison import SEEDS, compare
from rhobar.diagnose.trials.replay import Outcome, replay
from rhobar.record import Diagnosis, Finding, NotChecked, Record, Training, Trial
from rhobar.watch.quiet import unheard
from rhobar.watch.watcher import Watcher

__all__ = ["confirm", "leading", "learn", "try_remedies"]

FEWEST, MOST = 20, 200
"""Optimizer steps of a run."""
HYPOTHESES = 4
RATES = (0.1, 0.01)
"""Of its rate, for a remedy that does not help at it."""
FAITHFUL = 0.2
"""Largest median relative distance between the losses of the unchanged steps and those that the program had."""
HELPS, FAILS = 3.0, 1 / 15
_OF_THE_RATE = ("learning-rate-too-high", "learning-rate-too-low")
_UNRUNNABLE = (NotReplayable, RuntimeError, ValueError, TypeError, IndexError)

Say = Callable[[str], object]


@dataclass(frozen=True)
class _Hypothesis:
    """Findings whose remedies are applied together: one, or a pair."""

    findings: tuple[Finding, ...]
    case: Case
    change: str


def confirm(
    watcher: Watcher, record: Record, judged: Judged, *, seconds: float = 30.0, say: Say = lambda line: None
) -> Diagnosis:
    """Rank the findings by what their remedies do.

    Args:
        watcher: The stopped watcher, which kept how the trainings began.
        record: What it saw.
        judged: What the rules said of it.
        seconds: Most time that the reruns may take; what does not fit is not tried.
        say: Told beforehand, in a sentence, what will be tried and how long it will take.
    """
    started = time.perf_counter()
    by_training: dict[int, list[Finding]] = {}
    for finding in leading(judged):
        by_training.setdefault(id(judged.trainings[finding.id]), []).append(finding)
    tried: dict[str, Trial] = {}
    untried: list[NotChecked] = []
    for findings in by_training.values():
        left = seconds - (time.perf_counter() - started)
        try:
            trials, reasons = _try(watcher, judged.trainings[findings[0].id], findings, left, say)
        except Exception as error:  # a trial that fails is a trial that was not made
            why = f"the trial failed: {type(error).__name__}: {error}"
            trials, reasons = {}, [unchecked(f.id, why) for f in findings]
        tried |= trials
        untried += reasons
    learned = [learn(f, tried.get(f.id)) for f in judged.findings]
    diagnosis = conclude(record, judged, learned)
    kept = {f.id for f in diagnosis.findings}
    return dataclasses.replace(
        diagnosis,
        not_tried=tuple(reason for reason in untried if reason.id in kept),
        trial_seconds=time.perf_counter() - started,
    )


def leading(judged: Judged) -> list[Finding]:
    """The causes, those that matter most first."""
    return sorted((f for f in judged.findings if f.kind == "cause"), key=lambda f: -weight(f))


def _try(
    watcher: Watcher, training: Training, findings: list[Finding], seconds: float, say: Say
) -> tuple[dict[str, Trial], list[NotChecked]]:
    """Try the causes of one training that was watched."""
    beginning = watcher.beginning(training)
    if beginning is None:
        return {}, [unchecked(f.id, "how its training began was not kept") for f in findings]
    try:
        case = Case.watched(*beginning, training)
    except NotReplayable as reason:
        return {}, [unchecked(f.id, str(reason)) for f in findings]
    return try_remedies(case, findings, seconds=seconds, most=training.num_steps, say=say)


def try_remedies(
    case: Case, findings: list[Finding], *, seconds: float, most: int = MOST, say: Say = lambda line: None
) -> tuple[dict[str, Trial], list[NotChecked]]:
    """Put the remedies of findings to the test.

    Args:
        case: The unchanged case.
        findings: Causes, the most likely first.
        seconds: Most time that it may take.
        most: Most optimizer steps of a run.
        say: Told beforehand what will be tried.

    Returns:
        Trials by finding, and what was not tried, with the reason.
    """
    started = time.perf_counter()
    try:
        hypotheses, untried = _hypotheses(case, findings)
        if not hypotheses:
            return {}, untried
        steps = _affordable(case, len(hypotheses), seconds, min(MOST, most))
        say(_announcement(hypotheses, steps))
        before = _runs(case, steps)
        _check_faithful(before[0], case.training)
    except NotReplayable as reason:
        return {}, [unchecked(f.id, str(reason)) for f in findings]
    bench = _Bench(case, before, steps, started + seconds)
    tried: dict[str, Trial] = {}
    for hypothesis in hypotheses:
        try:
            trial = bench.put(hypothesis)
            tried |= {f.id: trial for f in hypothesis.findings}
        except _UNRUNNABLE as error:
            untried += [unchecked(f.id, f"its remedy could not be run ({error})") for f in hypothesis.findings]
    if len(hypotheses) > 1 and not any(t.verdict == "helps" for t in tried.values()) and bench.has_time:
        pair = _together(case, hypotheses[:2])
        with contextlib.suppress(*_UNRUNNABLE):
            if pair is not None and (trial := bench.put(pair)).verdict == "helps":
                tried |= {f.id: trial for f in pair.findings}
    return tried, untried


class _Bench:
    """The unchanged case and its outcomes, to hold hypotheses against."""

    def __init__(self, case: Case, before: list[Outcome], steps: int, deadline: float) -> None:
        self.case, self.before, self.steps, self.deadline = case, before, steps, deadline

    @property
    def has_time(self) -> bool:
        return time.perf_counter() < self.deadline

    def put(self, hypothesis: _Hypothesis) -> Trial:
        """Run a hypothesis, at lower rates too if it does not help at its own."""
        trial = self._compared(hypothesis.case, hypothesis.change, self.before, _runs(hypothesis.case, self.steps))
        if trial.verdict == "helps" or any(f.id in _OF_THE_RATE for f in hypothesis.findings):
            return trial
        for factor in RATES:
            slower = hypothesis.case.clone()
            rate = slower.scale_rate(factor)
            if rate is None or not self.has_time:
                break
            change = f"{hypothesis.change}, at a learning rate of {rate:.2g}"
            after = _runs(slower, self.steps)
            if self._compared(slower, change, self.before, after).verdict != "helps":
                continue
            alone = self.case.clone()
            alone.scale_rate(factor)
            at_rate = _runs(alone, self.steps)
            better = [min(a, b, key=lambda o: o.loss) for a, b in zip(self.before, at_rate, strict=True)]
            again = self._compared(slower, change, better, after)
            if again.verdict == "helps":
                return again
        return trial

    def _compared(self, case: Case, change: str, before: list[Outcome], after: list[Outcome]) -> Trial:
        return compare(change, before, after, self.steps, by_accuracy=case.criterion is not None)


def _hypotheses(case: Case, findings: list[Finding]) -> tuple[list[_Hypothesis], list[NotChecked]]:
    """The leading causes with a remedy that applies."""
    made: list[_Hypothesis] = []
    untried: list[NotChecked] = []
    for finding in findings:
        if len(made) == HYPOTHESES:
            untried.append(unchecked(finding.id, f"only the first {HYPOTHESES} causes are tried"))
            continue
        applied = apply(case, finding)
        if applied is None:
            untried.append(unchecked(finding.id, "no change of this network or its loop could stand for its remedy"))
        else:
            made.append(_Hypothesis((finding,), *applied))
    return made, untried


def apply(case: Case, finding: Finding) -> tuple[Case, str] | None:
    """A copy of the case with the finding's remedy, and the remedy in words; `None` if none applies."""
    for remedy in REMEDIES.get(finding.id, ()):
        changed = case.clone()
        try:
            words = remedy(changed, finding)
        except (RuntimeError, ValueError, TypeError, AttributeError, IndexError, KeyError):
            continue
        if words is not None:
            return changed, words
    return None


def _together(case: Case, hypotheses: list[_Hypothesis]) -> _Hypothesis | None:
    """The remedies of several hypotheses at once."""
    findings = tuple(f for h in hypotheses for f in h.findings)
    words = []
    for finding in findings:
        applied = apply(case, finding)
        if applied is None:
            return None
        case, change = applied
        words.append(change)
    return _Hypothesis(findings, case, " and ".join(words))


def _affordable(case: Case, num_hypotheses: int, seconds: float, most: int) -> int:
    """How many steps fit: the pair of remedies counts as one hypothesis more.

    Raises:
        NotReplayable: If not even FEWEST steps do, or the training took fewer.
    """
    if most < FEWEST:
        raise NotReplayable(f"the training took {most} steps; fewer than {FEWEST} show little")
    start = time.perf_counter()
    with unheard(), torch.enable_grad():
        replay(case, steps=2, seed=1)
    took = (time.perf_counter() - start) / 2
    runs = SEEDS * (num_hypotheses + 2)
    steps = min(most, int(seconds / max(took * runs, 1e-9)))
    if steps < FEWEST:
        raise NotReplayable(f"{FEWEST} steps with {SEEDS} seeds would take about {took * runs * FEWEST:.0f} s")
    return steps


def _announcement(hypotheses: list[_Hypothesis], steps: int) -> str:
    names = ", ".join(f.id for h in hypotheses for f in h.findings)
    return f"Trying the remedies of {names}: {steps} steps each, {SEEDS} seeds."


def _runs(case: Case, steps: int) -> list[Outcome]:
    with unheard(), torch.enable_grad():
        return [replay(case, steps=steps, seed=seed) for seed in range(SEEDS)]


def _check_faithful(outcome: Outcome, training: Training) -> None:
    """Hold the unchanged steps against the program's own, as far as both are finite and steps were taken.

    Raises:
        NotReplayable: If they lead elsewhere.
    """
    pairs = [
        (a, b) for a, b in zip(outcome.losses, training.losses, strict=False) if math.isfinite(a) and math.isfinite(b)
    ]
    if not pairs or training.num_steps == 0:
        return
    distance = statistics.median(abs(a - b) / max(abs(b), 1e-12) for a, b in pairs)
    if distance > FAITHFUL:
        step, (a, b) = len(pairs) - 1, pairs[-1]
        raise NotReplayable(
            f"the steps could not be run again as they were: at step {step} the loss was {a:.3g}, not {b:.3g}"
        )


def learn(finding: Finding, trial: Trial | None) -> Finding:
    """Bayes' rule in odds."""
    if trial is None:
        return finding
    factor = {"helps": HELPS, "does not help": FAILS}.get(trial.verdict, 1.0)
    odds = factor * finding.confidence / max(1 - finding.confidence, 1e-9)
    return dataclasses.replace(finding, confidence=odds / (1 + odds), trial=trial)
