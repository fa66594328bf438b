"""Architecture searches on MNIST-1D at equal cost: random, evolution, policy gradient, differentiable.

The cost is training steps. Random, evolution and policy train EVALUATIONS architectures for STEPS steps each and judge
them on validation data. A pair of steps of the mixture costs as much processor time as `ratio` single steps, measured;
the differentiable search makes EVALUATIONS·STEPS/ratio pairs. What each finds is then trained anew, longer, from
several seeds and judged on test data that no search saw. `average` are random architectures, judged likewise.

    python benchmarks/architecture_search.py --searches 3 --evaluations 20 --steps 60 [--only differentiable]
"""

import argparse
import math
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from rhobar.select.architecture import (
    EDGES,
    OPERATIONS,
    Cell,
    CellNetwork,
    Genotype,
    MixedCell,
    differentiable_search,
    evolution_search,
    policy_search,
    random_architectures,
    random_genotype,
)
from rhobar.train import Batches

WIDTH, BATCH = 12, 100


def data() -> dict[str, tuple[Tensor, Tensor]]:
    """MNIST-1D: 2,500 rows to train, 1,500 to validate, 1,000 to test."""
    from mnist1d.data import get_dataset_args, make_dataset

    made = make_dataset(get_dataset_args())
    x, y = torch.tensor(made["x"], dtype=torch.float32)[:, None], torch.tensor(made["y"])
    test = torch.tensor(made["x_test"], dtype=torch.float32)[:, None], torch.tensor(made["y_test"])
    return {"train": (x[:2500], y[:2500]), "validation": (x[2500:], y[2500:]), "test": test}


def trained(genotype: Genotype, rows: tuple[Tensor, Tensor], steps: int, seed: int) -> nn.Module:
    """A network of this architecture after so many steps of Adam, the rate falling to zero."""
    torch.manual_seed(seed)
    model = CellNetwork(10, lambda width: Cell(width, genotype), channels=WIDTH)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    done = 0
    while done < steps:
        for x, y in Batches(*rows, size=BATCH, drop_last=True):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
            schedule.step()
            done += 1
            if done == steps:
                break
    return model


@torch.no_grad()
def accuracy(model: nn.Module, rows: tuple[Tensor, Tensor]) -> float:
    """Share of right answers."""
    return float((model.eval()(rows[0]).argmax(1) == rows[1]).double().mean())


def ratio(rows: tuple[Tensor, Tensor]) -> float:
    """Processor time of a pair of steps of the mixture in single steps of a random architecture."""
    x, y = rows[0][:BATCH], rows[1][:BATCH]
    alpha = nn.Parameter(torch.zeros(len(EDGES), len(OPERATIONS)))
    mixed = CellNetwork(10, lambda width: MixedCell(width, alpha), channels=WIDTH)
    drawn = [random_genotype(torch.Generator().manual_seed(seed)) for seed in range(8)]
    single = [CellNetwork(10, partial(Cell, genotype=genotype), channels=WIDTH) for genotype in drawn]

    def spent(models: list[nn.Module]) -> float:
        start = time.process_time()
        for model in models:
            nn.functional.cross_entropy(model(x), y).backward()
        return (time.process_time() - start) / len(models)

    runs = [(spent([mixed]), spent(single)) for _ in range(9)]
    return 2 * statistics.median(a / b for a, b in runs)


def searches(
    rows: dict[str, tuple[Tensor, Tensor]], options: argparse.Namespace
) -> dict[str, Callable[[int], Genotype]]:
    """Name ↦ search of a seed."""
    pairs = max(1, round(options.evaluations * options.steps / ratio(rows["train"])))
    print(f"differentiable: {pairs} pairs of steps cost as much as {options.evaluations * options.steps} steps")

    def judge(genotype: Genotype) -> float:
        return accuracy(trained(genotype, rows["train"], options.steps, 0), rows["validation"])

    def darts(seed: int) -> Genotype:
        torch.manual_seed(seed)
        batches = [Batches(*rows[part], size=BATCH) for part in ("train", "validation")]
        return differentiable_search(*batches, 10, num_steps=pairs, channels=WIDTH).best

    def from_(seed: int) -> torch.Generator:
        return torch.Generator().manual_seed(seed)

    n, shape = options.evaluations, (len(EDGES), len(OPERATIONS))
    return {
        "average": lambda seed: random_genotype(from_(seed)),
        "random": lambda seed: random_architectures(judge, num_evaluations=n, generator=from_(seed)).best,
        "evolution": lambda seed: (
            evolution_search(judge, num_evaluations=n, population=max(4, n // 3), generator=from_(seed)).best
        ),
        "policy": lambda seed: policy_search(judge, shape, num_evaluations=n, generator=from_(seed))[0],
        "differentiable": darts,
    }


def main() -> None:
    """Search, train anew, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--searches", type=int, default=3)
    parser.add_argument("--evaluations", type=int, default=20)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--final-steps", type=int, default=300)
    parser.add_argument("--final-seeds", type=int, default=2)
    parser.add_argument(
        "--only", action="append", choices=["average", "random", "evolution", "policy", "differentiable"]
    )
    options = parser.parse_args()
    rows = data()
    print(f"{options.searches} searches of {options.evaluations} × {options.steps} steps each; test accuracy after "
          f"{options.final_steps} steps, {options.final_seeds} seeds each", flush=True)  # fmt: skip
    names = list(OPERATIONS)
    for name, search in searches(rows, options).items():
        if options.only and name not in options.only:
            continue
        start, scores, found = time.process_time(), [], ()
        for seed in range(options.searches):
            found = search(seed)
            each = [
                accuracy(trained(found, rows["train"], options.final_steps, 10 + s), rows["test"])
                for s in range(options.final_seeds)
            ]
            scores.append(statistics.mean(each))
        error = statistics.stdev(scores) / math.sqrt(len(scores)) if len(scores) > 1 else float("nan")
        spent = time.process_time() - start
        print(f"{name:15} {statistics.mean(scores):.3f} ± {error:.3f}   {spent:5.0f} s   last: "
              f"{' '.join(names[g] for g in found)}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
