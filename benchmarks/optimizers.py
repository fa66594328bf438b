"""Steps to a target loss on three real tasks, every optimizer at its best rate of one and the same grid.

For each task and optimizer the rate is the one of RATES that reaches the target first on a seed of its own; the table
then shows five other seeds: median and range of the steps after which the loss over the whole training set is at most
the target. A step of SAM takes two gradients and one of K-FAC several (benchmarks/kfac.py measures it).

    python benchmarks/optimizers.py                  # all three tasks
    python benchmarks/optimizers.py --task digits --steps 200
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rhobar.optim import KFAC, SAM, Lookahead

RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
EVERY, TUNING_SEED = 5, 100
Make = Callable[[nn.Module, float], torch.optim.Optimizer]


@dataclass(frozen=True)
class Task:
    """Data, network, loss and the target."""

    x: Tensor
    y: Tensor
    make: Callable[[], nn.Module]
    loss: nn.Module
    target: float
    batch: int
    likelihood: str


def digits() -> Task:
    """Digits, 64-64-10."""
    from sklearn.datasets import load_digits

    data = load_digits()
    x, y = torch.tensor(data.data, dtype=torch.float32) / 16, torch.tensor(data.target)
    make = lambda: nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))  # noqa: E731
    return Task(x, y, make, nn.CrossEntropyLoss(), 0.1, 64, "categorical")


def mnist1d() -> Task:
    """MNIST-1D, three strided convolutions."""
    from mnist1d.data import get_dataset_args, make_dataset

    data = make_dataset(get_dataset_args())
    x, y = torch.tensor(data["x"], dtype=torch.float32)[:, None], torch.tensor(data["y"])

    def make() -> nn.Module:
        return nn.Sequential(
            nn.Conv1d(1, 24, 5, 2, 2), nn.ReLU(), nn.Conv1d(24, 24, 3, 2, 1), nn.ReLU(), nn.Conv1d(24, 24, 3, 2, 1),
            nn.ReLU(), nn.Flatten(), nn.Linear(120, 10),
        )  # fmt: skip

    return Task(x, y, make, nn.CrossEntropyLoss(), 1.0, 100, "categorical")


def diabetes() -> Task:
    """Diabetes, regression by 10-32-32-1 with tanh; the standardised squared error of a constant is 1."""
    from sklearn.datasets import load_diabetes

    data = load_diabetes()
    x, y = torch.tensor(data.data, dtype=torch.float32), torch.tensor(data.target, dtype=torch.float32)[:, None]
    x, y = (x - x.mean(0)) / x.std(0), (y - y.mean()) / y.std()
    make = lambda: nn.Sequential(nn.Linear(10, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))  # noqa: E731
    return Task(x, y, make, nn.MSELoss(), 0.4, 32, "gaussian")


TASKS: dict[str, Callable[[], Task]] = {"digits": digits, "mnist1d": mnist1d, "diabetes": diabetes}


def optimizers(likelihood: str) -> dict[str, Make]:
    """Name ↦ optimizer of a model at a rate; other settings at their defaults."""
    o = torch.optim
    return {
        "SGD": lambda m, lr: o.SGD(m.parameters(), lr),
        "momentum": lambda m, lr: o.SGD(m.parameters(), lr, momentum=0.9),
        "Nesterov": lambda m, lr: o.SGD(m.parameters(), lr, momentum=0.9, nesterov=True),
        "AdaGrad": lambda m, lr: o.Adagrad(m.parameters(), lr),
        "RMSprop": lambda m, lr: o.RMSprop(m.parameters(), lr),
        "AdaDelta": lambda m, lr: o.Adadelta(m.parameters(), lr),
        "Adam": lambda m, lr: o.Adam(m.parameters(), lr),
        "AdamW": lambda m, lr: o.AdamW(m.parameters(), lr),
        "RAdam": lambda m, lr: o.RAdam(m.parameters(), lr),
        "Lookahead(Adam)": lambda m, lr: Lookahead(o.Adam(m.parameters(), lr)),
        "SAM(momentum)": lambda m, lr: SAM(o.SGD(m.parameters(), lr, momentum=0.9)),
        "K-FAC": lambda m, lr: KFAC(
            m.parameters(), m, lr=lr, likelihood=likelihood, damping=1e-2, stats_every=5, inverse_every=20,
            generator=torch.Generator().manual_seed(0),
        ),
    }  # fmt: skip


def steps_to_target(task: Task, make: Make, rate: float, seed: int, limit: int) -> float:
    """First step, of every fifth, at which the loss over the whole set is at most the target; inf if none."""
    torch.manual_seed(seed)
    model = task.make()
    optimizer, generator = make(model, rate), torch.Generator().manual_seed(seed)
    order = torch.empty(0, dtype=torch.long)
    for step in range(1, limit + 1):
        if len(order) < task.batch:
            order = torch.randperm(len(task.x), generator=generator)
        rows, order = order[: task.batch], order[task.batch :]
        x, y = task.x[rows], task.y[rows]

        def closure(x: Tensor = x, y: Tensor = y) -> Tensor:
            optimizer.zero_grad()
            loss = task.loss(model(x), y)
            loss.backward()
            return loss

        optimizer.step(closure)
        if step % EVERY == 0:
            with torch.no_grad():
                loss = task.loss(model(task.x), task.y).item()
            if loss <= task.target:
                return step
            if not loss < 1e4:
                break
    return float("inf")


def written(steps: float, limit: int) -> str:
    """A number of steps, or that there were more."""
    return f"{steps:.0f}" if steps < float("inf") else f">{limit}"


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", choices=list(TASKS), action="append")
    parser.add_argument("--steps", type=int, default=400, help="after which a run is given up")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    for name in options.task or TASKS:
        task, limit = TASKS[name](), options.steps
        print(f"\n{name}: steps to a loss of {task.target} with batches of {task.batch}, {options.seeds} seeds")
        print(f"{'':16} {'rate':>6} {'median':>7} {'range':>12} {'seconds':>8}", flush=True)
        for title, make in optimizers(task.likelihood).items():
            start = time.perf_counter()
            tuned = {rate: steps_to_target(task, make, rate, TUNING_SEED, limit) for rate in RATES}
            rate = min(RATES, key=tuned.__getitem__)
            found = sorted(steps_to_target(task, make, rate, seed, limit) for seed in range(options.seeds))
            middle, ends = statistics.median(found), "–".join(written(v, limit) for v in (found[0], found[-1]))
            spent = time.perf_counter() - start
            print(f"{title:16} {rate:6g} {written(middle, limit):>7} {ends:>12} {spent:8.1f}", flush=True)


if __name__ == "__main__":
    main()
