"""Repair of trainings with a known fault, against a random search over the same changes at the same budget.

``python benchmarks/repair.py [--budgets 10 20 50] [--limit N]`` prints, for every faulty training and on average, the
improvement ratio (patched − faulty)/(fixed − faulty), clipped to [0, 1], of scores on test data: after the repair, of
the training as it is, and of its healthy twin. The score is the share of right answers, 1 − loss/variance of a
regression.

Published for searches over settings at 20 trainings: random 0.60, AutoTrainer 0.46, BOHB 0.57, HEBO 0.61 (Cao et al.
2022, DeepFD, and its follow-ups); those programs are others.
"""

import argparse
import dataclasses
import math
import time
from collections.abc import Callable
from statistics import fmean

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_digits, make_friedman1, make_moons
from torch import Tensor, nn

from rhobar.diagnose.remedies import REMEDIES
from rhobar.diagnose.repair.fallbacks import FALLBACKS
from rhobar.diagnose.repair.problem import Problem, prepared
from rhobar.diagnose.repair.search import repaired
from rhobar.diagnose.trials.case import Case
from rhobar.diagnose.trials.replay import accuracy, descend, score
from rhobar.record import Finding
from rhobar.watch.exam_state import KeptBatch
from rhobar.watch.quiet import kept_rng

EPOCHS, BATCH = 15, 32
LEAST = 0.05
"""Score that a fault must cost to be worth repairing."""
NOBODY = Finding("", "cause", 0.0, 0.0, "")


@dataclasses.dataclass(frozen=True)
class Setup:
    """One training, healthy as it stands; a fault changes a few fields."""

    data: str
    depth: int = 2
    width: int = 48
    activation: Callable[[], nn.Module] = nn.ReLU
    end: Callable[[], nn.Module] | None = None
    dropout: float = 0.0
    norm: bool = False
    scale: float = 1.0
    target_scale: float = 1.0
    initial: float | None = None
    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.Adam
    settings: tuple[tuple[str, object], ...] = (("lr", 3e-3),)
    loss: Callable[[], nn.Module] | None = None
    in_order: bool = False
    frozen: bool = False
    epochs: int = EPOCHS


def with_settings(**settings: object) -> dict[str, object]:
    """Fields for a setup."""
    return {"settings": tuple(settings.items())}


HEALTHY = {
    "digits": Setup("digits"),
    "digits, deep": Setup("digits", depth=6),
    "digits, batch norm": Setup("digits", depth=3, norm=True, optimizer=torch.optim.SGD, **with_settings(lr=0.05)),
    "moons": Setup("moons", width=32, optimizer=torch.optim.SGD, epochs=30, **with_settings(lr=0.1, momentum=0.9)),
    "cancer": Setup("cancer", width=32),
    "friedman": Setup("friedman", epochs=30),
}
FAULTS: dict[str, tuple[tuple[str, ...], dict[str, object]]] = {
    "rate / 1000": (("digits", "digits, deep", "friedman"), with_settings(lr=3e-6)),
    "rate x 300": (("digits", "digits, deep", "cancer", "friedman"), with_settings(lr=1.0)),
    "softmax before cross-entropy": (
        ("digits", "digits, deep"),
        {"end": lambda: nn.Softmax(1), **with_settings(lr=1e-3)},
    ),
    "relu at the end": (("moons", "digits, deep"), {"end": nn.ReLU}),
    "deep sigmoids": (("digits, deep",), {"activation": nn.Sigmoid, "depth": 8}),
    "exponential activation": (("digits, deep", "friedman"), {"activation": lambda: Exponential()}),
    "no activation": (("moons", "friedman"), {"activation": nn.Identity}),
    "inputs x 1000": (("digits", "moons", "cancer"), {"scale": 1000.0}),
    "targets x 1000": (("friedman",), {"target_scale": 1000.0}),
    "dropout 0.95": (("digits", "digits, deep", "cancer"), {"dropout": 0.95}),
    "weight decay 1": (("digits", "digits, deep", "friedman"), with_settings(lr=3e-3, weight_decay=1.0)),
    "zero weights": (("digits", "moons", "friedman"), {"initial": 0.0}),
    "weights x 10": (("digits, deep", "cancer", "friedman"), {"initial": 3.0}),
    "momentum 0.999": (("moons", "digits, batch norm"), with_settings(lr=0.1, momentum=0.999)),
    "eps 10": (("digits", "friedman"), with_settings(lr=3e-3, eps=10.0)),
    "sorted": (("digits", "digits, batch norm"), {"in_order": True}),
    "squared error on classes": (("digits",), {"loss": nn.MSELoss, **with_settings(lr=1e-4)}),
    "frozen but for the head": (("digits, deep", "moons"), {"frozen": True}),
}


class Exponential(nn.Module):
    """exp(x)."""

    def forward(self, x: Tensor) -> Tensor:
        """x of any shape."""
        return x.exp()


def rows(name: str) -> tuple[Tensor, Tensor, int]:
    """Standardised inputs, targets, and the number of outputs."""
    if name == "moons":
        x, y = make_moons(900, noise=0.1, random_state=0)
    elif name == "friedman":
        x, y = make_friedman1(900, noise=0.5, random_state=0)
        y = (y - y.mean()) / y.std()
    else:
        x, y = (load_digits if name == "digits" else load_breast_cancer)(return_X_y=True)
        order = np.random.default_rng(0).permutation(len(x))[:1200]
        x, y = x[order], y[order]
    x = (x - x.mean(0)) / (x.std(0) + 1e-8)
    inputs = torch.tensor(x, dtype=torch.float32)
    if name == "friedman":
        return inputs, torch.tensor(y, dtype=torch.float32)[:, None], 1
    return inputs, torch.tensor(y), int(y.max()) + 1


def make(setup: Setup) -> Problem:
    """The training before its first step: three fifths of the rows to train on, one each to choose and to report."""
    x, y, outputs = rows(setup.data)
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    width = x.shape[1]
    for _ in range(setup.depth):
        layers += [nn.Linear(width, setup.width), *([nn.BatchNorm1d(setup.width)] if setup.norm else [])]
        layers += [setup.activation(), *([nn.Dropout(setup.dropout)] if setup.dropout else [])]
        width = setup.width
    layers += [nn.Linear(width, outputs), *([setup.end()] if setup.end else [])]
    model = nn.Sequential(*layers)
    with torch.no_grad():
        for p in model.parameters():
            if setup.initial is not None:
                p.normal_(0, 1).mul_(setup.initial)
    if setup.frozen:
        for p in model[:-1].parameters():
            p.requires_grad_(False)
    regression = outputs == 1
    loss = setup.loss() if setup.loss else nn.MSELoss() if regression else nn.CrossEntropyLoss()
    if setup.loss:
        y = torch.nn.functional.one_hot(y).float()
    x, y = setup.scale * x, setup.target_scale * y if regression else y
    n = len(x)
    train = torch.arange(0, 3 * n // 5)
    if setup.in_order:
        train = train[torch.argsort(y[train].flatten(), stable=True)]
    held_out = torch.arange(3 * n // 5, 4 * n // 5), torch.arange(4 * n // 5, n)
    batches = [[(x[i], y[i]) for i in part.split(BATCH)] for part in (train, *held_out)]
    held = [p for p in model.parameters() if p.requires_grad]
    return Problem(model, loss, setup.optimizer(held, **dict(setup.settings)), *batches)


def steps_of(setup: Setup, case: Case) -> int:
    """Optimizer steps of one training."""
    return setup.epochs * len(case.batches)


def spread(batches: list[KeptBatch]) -> float:
    """Variance of the targets: what the mean as the answer would score."""
    return float(torch.cat([b.call.target for b in batches if b.call is not None]).float().var(correction=0))


def by_repair(setup: Setup, budget: int) -> tuple[float, float, int]:
    """Test scores of the training as it is and as mended, and the trainings that this took."""
    start = prepared(make(setup))
    found = repaired(start, steps=steps_of(setup, start.case), most=budget)
    if found.accuracy_before is None or found.accuracy_after is None:
        return (
            1 - found.test_before / spread(start.test),
            1 - found.test_after / spread(start.test),
            len(found.attempts),
        )
    return found.accuracy_before, found.accuracy_after, len(found.attempts)


POOL = (*{apply for remedies in REMEDIES.values() for apply in remedies},)


def by_random_search(setup: Setup, budgets: list[int], seed: int) -> list[float]:
    """Test scores after so many trainings, each with one to three changes drawn at random."""
    rng, start = np.random.default_rng(seed), prepared(make(setup))
    changes = [*(lambda case, a=apply: a(case, NOBODY) for apply in POOL), *FALLBACKS]
    best, tested, out = (-math.inf, -math.inf), -math.inf, []
    for trial in range(max(budgets)):
        case = start.case.clone()
        wanted = 0 if trial == 0 else int(rng.integers(1, 4))
        for _ in range(50):
            if wanted == 0:
                break
            try:
                wanted -= changes[rng.integers(len(changes))](case) is not None
            except (RuntimeError, ValueError, TypeError, AttributeError, IndexError, KeyError, StopIteration):
                continue
        with kept_rng():
            try:
                trained, losses = descend(case, steps=steps_of(setup, case), seed=0)
            except (RuntimeError, ValueError):
                losses = ()
        if losses and math.isfinite(losses[-1]):
            loss = score(trained)
            key = (accuracy(trained) or 0.0, -loss)
            if key > best:
                best = key
                judged = dataclasses.replace(trained, judged=start.test)
                right = accuracy(judged)
                tested = right if right is not None else 1 - score(judged) / spread(start.test)
        if trial + 1 in budgets:
            out.append(tested)
    return out


def ratio(patched: float, faulty: float, fixed: float) -> float:
    """Share of the lost score that came back."""
    patched, faulty = max(patched, -1.0), max(faulty, -1.0)
    return min(max((patched - faulty) / (fixed - faulty), 0.0), 1.0)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budgets", type=int, nargs="+", default=[10, 20, 50])
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    torch.set_num_threads(1)
    programs = [(base, fault) for fault, (bases, _) in FAULTS.items() for base in bases][: options.limit]
    fixed = {base: by_repair(setup, 1)[0] for base, setup in HEALTHY.items()}
    print("healthy:", ", ".join(f"{base} {value:.3f}" for base, value in fixed.items()))
    print(
        f"| training | faulty | {' | '.join(f'rhobar {b}' for b in options.budgets)} | "
        f"{' | '.join(f'random {b}' for b in options.budgets)} | trainings | s |"
    )
    ours: list[list[float]] = []
    theirs: list[list[float]] = []
    for i, (base, fault) in enumerate(programs):
        began, setup = time.process_time(), dataclasses.replace(HEALTHY[base], **FAULTS[fault][1])
        faulty, after = max(by_repair(setup, 1)[0], -1.0), 0.0
        if not fixed[base] - faulty >= LEAST:
            print(f"| {base}: {fault} | {faulty:.3f} costs too little | ", flush=True)
            continue
        scores: list[float] = []
        used, last = math.inf, 0
        for budget in options.budgets:
            if used >= last:  # else the search had come to its end
                _, after, used = by_repair(setup, budget)
            scores.append(after)
            last = budget
        ours.append([ratio(after, faulty, fixed[base]) for after in scores])
        theirs.append([ratio(after, faulty, fixed[base]) for after in by_random_search(setup, options.budgets, i)])
        cells = " | ".join(f"{x:.2f}" for x in (*ours[-1], *theirs[-1]))
        print(f"| {base}: {fault} | {faulty:.3f} | {cells} | {used} | {time.process_time() - began:.0f} |", flush=True)
    for name, table in (("rhobar", ours), ("random", theirs)):
        means = ", ".join(f"{fmean(column):.3f}" for column in zip(*table, strict=True))
        print(f"mean improvement ratio over {len(table)} trainings at {options.budgets}: {name} {means}")


if __name__ == "__main__":
    main()
