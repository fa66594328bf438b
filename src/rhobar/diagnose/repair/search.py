"""The search for the fewest changes that let a training learn.

Every attempt is one whole training, watched and diagnosed. What its diagnosis names is tried on top of the best attempt
so far, the likeliest cause first, then what a practitioner turns first (`rhobar.diagnose.repair.fallbacks`). A change
stays if the validation score gets better; at the end each change that stayed is taken back once, and stays out if
nothing gets worse. The choice sees validation data alone; what is reported is measured on the test data, once, of the
first training and of the best one.

Reference: the setting is that of Cao et al. (2022), DeepFD, and Zhang et al. (2021), AutoTrainer, whose repairs are
chosen by symptoms; here each is held against the training it is to mend.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from rhobar.diagnose.ranking import diagnose_record
from rhobar.diagnose.remedies import REMEDIES
from rhobar.diagnose.repair.fallbacks import FALLBACKS
from rhobar.diagnose.repair.problem import Prepared, prepared
from rhobar.diagnose.trials.case import Case, NotReplayable
from rhobar.diagnose.trials.replay import accuracy, descend, score, scores
from rhobar.record import Diagnosis, Finding, Training
from rhobar.watch.exam_state import KeptBatch
from rhobar.watch.quiet import kept_rng
from rhobar.watch.watcher import Watcher

__all__ = ["Attempt", "Repair", "Say", "repair", "repaired", "trainings"]

BETTER = 0.01
"""Least relative gain of the validation loss that counts."""
ONE_SIDED = 1.64
"""95 % point of the normal distribution."""
_UNRUNNABLE = (RuntimeError, ValueError, TypeError, AttributeError, IndexError, KeyError)

RATE_WORDS = "a learning rate"
OBJECTIVE = frozenset({"loss-task-mismatch", "invalid-labels", "gradient-ascent", "broadcast-loss"})
"""Causes with which a lower loss is not better."""

Change = Callable[[Case], str | None]


@dataclass(frozen=True)
class Attempt:
    """One training.

    Attributes:
        changes: What was changed, in words, in the order in which it was found.
        loss: The program's own loss on the validation data; infinite if it is not finite.
        accuracy: Share of right answers there; ``None`` if it is no classification.
        headline: The diagnosis of this training, in one sentence.
        causes: The causes that it names.
    """

    changes: tuple[str, ...]
    loss: float
    accuracy: float | None
    headline: str
    causes: tuple[str, ...]


Say = Callable[[Attempt], object]


@dataclass(frozen=True)
class Repair:
    """What a repair came to.

    Attributes:
        changes: The shortest list of changes that was found; empty if nothing was better than the start.
        before: The training as it was.
        after: The best one; the first if nothing was better.
        test_before: Its loss on the test data, which chose nothing.
        test_after: The loss of the best one there.
        accuracy_before: Accuracy on the test data, if it is a classification.
        accuracy_after: That of the best one.
        attempts: All trainings, in order.
    """

    changes: tuple[str, ...]
    before: Attempt
    after: Attempt
    test_before: float
    test_after: float
    accuracy_before: float | None
    accuracy_after: float | None
    attempts: tuple[Attempt, ...]

    def __str__(self) -> str:
        if not self.changes:
            return f"None of {len(self.attempts) - 1} changes was better than the training as it is."
        what = "\n".join(f"  {i}. {change}" for i, change in enumerate(self.changes, 1))
        scores = f"test loss {self.test_after:.4g} instead of {self.test_before:.4g}"
        if self.accuracy_before is not None and self.accuracy_after is not None:
            scores += f", accuracy {self.accuracy_after:.1%} instead of {self.accuracy_before:.1%}"
        return f"After {len(self.attempts)} trainings, {scores}, with\n{what}"


def repair(
    make: Callable[[], object],
    *,
    budget: int | str = "20x",
    epochs: int = 20,
    seed: int = 0,
    say: Say = lambda attempt: None,
) -> Repair:
    """Search for the fewest changes that let a training learn.

    Args:
        make: Returns ``(model, loss, optimizer, batches, validation batches, test batches)`` or a `Problem`: batches
            are pairs of inputs and targets, ``loss(model(inputs), targets)`` is trained.
        budget: How many trainings the search may take, the first one included: 20 or ``"20x"``.
        epochs: Rounds through the batches that one training takes, unless the `Problem` says how many steps.
        seed: Order of the batches (0: as they are) and random numbers of every training.
        say: Told of every training as it ends.

    Returns:
        The changes, and what they are worth on the test data. Never something worse than the start on validation data.

    Refused if `make` returns something else (TypeError), a set of batches is empty or the budget no positive number
    (ValueError), or the training cannot be run by this loop, such as with LBFGS (NotReplayable).

    Example:
        >>> import torch, rhobar as rb
        >>> def make():
        ...     generator = torch.Generator().manual_seed(0)
        ...     x = torch.randn(256, 4, generator=generator)
        ...     y = (x[:, 0] * x[:, 1] > 0).long()
        ...     torch.manual_seed(0)
        ...     model = torch.nn.Sequential(
        ...         torch.nn.Linear(4, 32), torch.nn.Tanh(), torch.nn.Linear(32, 2), torch.nn.Softmax(1)
        ...     )
        ...     batches = [(x[i : i + 32], y[i : i + 32]) for i in range(0, 256, 32)]
        ...     optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        ...     return model, torch.nn.CrossEntropyLoss(), optimizer, batches[:6], batches[6:7], batches[7:]
        >>> rb.repair(make, budget="3x", epochs=10).after.accuracy > 0.5
        True
    """
    most, start = trainings(budget), prepared(make())
    return repaired(start, steps=start.steps_of(epochs), most=most, seed=seed, say=say)


def repaired(start: Prepared, *, steps: int, most: int, seed: int = 0, say: Say = lambda attempt: None) -> Repair:
    """Search for the fewest changes that let a case learn.

    Args:
        start: The case, and the batches for the report.
        steps: Optimizer steps of one training.
        most: Trainings that may be made.
        seed: Order of the batches and random numbers.
        say: Told of every training as it ends.

    Refused (NotReplayable) if the loss itself is wrong in a way that no remedy here mends, and there are no right
    answers to count: what lowers such a loss is not better.
    """
    with kept_rng():
        bench = _Bench(start.case, steps, seed, most, say)
        first = bench.attempt(())
        assert first is not None
        _require_objective(bench, first)
        best = bench.shorten(bench.climb(first))
        ends = [_tested(run, start.test) for run in (first, best)]
    (test_before, accuracy_before), (test_after, accuracy_after) = ends
    attempts = tuple(run.attempt for run in bench.runs)
    changes = _shortest(start.case, best)
    return Repair(
        changes, first.attempt, best.attempt, test_before, test_after, accuracy_before, accuracy_after, attempts
    )


def _require_objective(bench: "_Bench", first: "_Run") -> None:
    """Refuse to minimise what should not be minimised.

    Raises:
        NotReplayable: See `repaired`.
    """
    wrong = [f for f in first.diagnosis.causes if f.id in OBJECTIVE]
    if not wrong or first.attempt.accuracy is not None:
        return
    case = bench.start.clone()
    changes = (_remedied(apply, f, first.case.training) for f in wrong for apply in REMEDIES.get(f.id, ()))
    if not any(_applied(case, change) for change in changes):
        raise NotReplayable(f"what it minimises is wrong ({wrong[0].id}); mend this first: {wrong[0].summary}")


def _shortest(start: Case, best: "_Run") -> tuple[str, ...]:
    """The changes in words, several of the rate as the one that they come to."""
    words = [word for word in best.attempt.changes if not word.startswith(RATE_WORDS)]
    if len(best.attempt.changes) - len(words) < 2:
        return best.attempt.changes
    before, after = (next(g.settings["lr"] for g in case.groups if "lr" in g.settings) for case in (start, best.case))
    return (*words, f"{RATE_WORDS} of {float(after):.2g} in place of {float(before):.2g}")


@dataclass(frozen=True)
class _Run:
    """An attempt, the changes that made it, and its trained case."""

    attempt: Attempt
    changes: tuple[Change, ...]
    case: Case
    scores: tuple[float, ...]
    diagnosis: Diagnosis

    def better_than(self, other: "_Run") -> bool:
        """Whether the validation score is better by more than chance, so that nothing is changed for nothing.

        The share of right answers decides where it differs by more than 1.64 standard errors, else the loss, batch by
        batch: by 1.64 standard errors of the mean difference and by a percent.
        """
        mine, theirs = self.attempt.accuracy, other.attempt.accuracy
        if mine is not None and theirs is not None:
            rows = sum(batch.shape[0] for batch in self.case.judged)
            stderr = math.sqrt((mine * (1 - mine) + theirs * (1 - theirs)) / rows)
            if abs(mine - theirs) > ONE_SIDED * stderr:
                return mine > theirs
            if (self.case.criterion is None) != (other.case.criterion is None):
                return False  # losses of two kinds
        if not math.isfinite(self.attempt.loss) or not math.isfinite(other.attempt.loss):
            return math.isfinite(self.attempt.loss)
        gains = [b - a for a, b in zip(self.scores, other.scores, strict=True)]
        stderr = stdev(gains) / math.sqrt(len(gains)) if len(gains) > 1 else 0.0
        return fmean(gains) > max(ONE_SIDED * stderr, BETTER * abs(other.attempt.loss))


class _Bench:
    """Runs whole trainings, one after the other, as long as there is budget."""

    def __init__(self, start: Case, steps: int, seed: int, budget: int, say: Say) -> None:
        self.start, self.steps, self.seed, self.budget, self.say = start, steps, seed, budget, say
        self.runs: list[_Run] = []
        self._tried: set[tuple[str, ...]] = set()

    @property
    def spent(self) -> bool:
        """Whether no further training may be made."""
        return len(self.runs) >= self.budget

    def climb(self, best: _Run) -> _Run:
        """Try what the best attempt's diagnosis names on top of it, as long as something gets better."""
        better: _Run | None = best
        while better is not None:
            best, better = better, None
            for change in _candidates(best):
                if self.spent:
                    return best
                run = self.attempt((*best.changes, change))
                if run is not None and run.better_than(best):
                    better = run
                    break
        return best

    def shorten(self, best: _Run) -> _Run:
        """Take back each change once; what is not missed stays out."""
        i = 0
        while len(best.changes) > 1 and i < len(best.changes) and not self.spent:
            run = self.attempt(best.changes[:i] + best.changes[i + 1 :])
            if run is not None and not best.better_than(run):
                best = run
            else:
                i += 1
        return best

    def attempt(self, changes: tuple[Change, ...]) -> _Run | None:
        """Train with these changes; ``None`` if one does not apply or they were tried before."""
        case = self.start.clone()
        words = tuple(str(_applied(case, change)) for change in changes)
        if "None" in words or len(set(words)) < len(words) or words in self._tried:  # one made twice changes nothing
            return None
        self._tried.add(words)
        with Watcher(budget=0.1, name=type(case.model).__name__) as watcher:
            trained, losses = descend(case, steps=self.steps, seed=self.seed, look=score)
        record, diagnosis = watcher.record, diagnose_record(watcher.record)
        trained.training = max(record.trainings, key=lambda t: len(t.losses), default=case.training)
        finite = bool(losses) and math.isfinite(losses[-1])
        found = scores(trained) if finite else (math.inf,)
        loss = fmean(found) if all(map(math.isfinite, found)) else math.inf
        causes = tuple(f.id for f in diagnosis.causes)
        made = Attempt(words, loss, accuracy(trained), diagnosis.headline, causes)
        self.runs.append(_Run(made, changes, trained, found, diagnosis))
        self.say(made)
        return self.runs[-1]


def _candidates(run: _Run) -> Iterator[Change]:
    """The remedies of the causes, the likeliest first, then what is turned first where the diagnosis is at its end."""
    for finding in run.diagnosis.causes:
        yield from (_remedied(apply, finding, run.case.training) for apply in REMEDIES.get(finding.id, ()))
    yield from (_knowing(change, run.case.training) for change in FALLBACKS)


def _remedied(apply: Callable[[Case, Finding], str | None], finding: Finding, seen: Training) -> Change:
    return _knowing(lambda case: apply(case, finding), seen)


def _knowing(change: Change, seen: Training) -> Change:
    """The change as the training in which it was found asks for it, on whatever case it is made later."""

    def made(case: Case) -> str | None:
        case.training = seen
        return change(case)

    return made


def _applied(case: Case, change: Change) -> str | None:
    try:
        return change(case)
    except _UNRUNNABLE:
        return None


def _tested(run: _Run, test: list[KeptBatch]) -> tuple[float, float | None]:
    """Loss and accuracy of a trained case on the test data."""
    case = replace(run.case, judged=test)
    return score(case) if math.isfinite(run.attempt.loss) else math.inf, accuracy(case)


def trainings(budget: int | str) -> int:
    """How many trainings the budget allows.

    Raises:
        ValueError: If it is no positive number.
    """
    text = str(budget).removesuffix("x")
    if not text.isdigit() or int(text) < 1:
        raise ValueError(f"budget must be a positive number of trainings such as 20 or '20x', got {budget!r}.")
    return int(text)
