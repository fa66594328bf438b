"""What the run store costs: its thread's share of a run, its size on disk, and what `kill -9` loses.

    python benchmarks/store.py [--steps 10000] [--kills 20]

The model is a 784-256-256-10 MLP on batches of 64, watched at the default budget. Three numbers:

* cost: CPU seconds of the store's thread over the CPU seconds of the whole process, and over its wall time;
* size: bytes of ``run.db`` once the run has ended;
* loss at kill -9: the time between the last loss in the file and the moment of the kill, over kills at random moments.
"""

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch import nn

import rhobar as rb
from rhobar.record.store import Run


def train(out: Path, steps: int, *, tell: bool = False, budget: float | None = 0.05) -> "object":
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    x, y = torch.randn(64, 784), torch.randint(10, (64,))
    with rb.watch(model, optimizer, out=out, budget=budget) as run:
        for step in range(steps):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
            if tell:
                os.write(1, f"{step} {time.monotonic()}\n".encode())
    return run


def cost(steps: int, budget: float | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cpu, wall = time.process_time(), time.perf_counter()
        run = train(Path(folder), steps, budget=budget)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        size, kept = (Path(folder) / "run.db").stat().st_size, Run(folder).trainings[0]
        print(f"budget {budget}: {steps:,} steps in {wall:.1f} s, {cpu:.1f} s of CPU")
        spent = run.store.cost
        print(f"  the store's thread: {spent:.3f} s = {spent / cpu:.2%} of CPU time, {spent / wall:.2%} of wall time")
        print(f"  {len(kept.losses):,} losses, {len(kept.readings)} readings: {size / 1e6:.2f} MB")


def kills(count: int) -> None:
    rng, lost = random.Random(0), []
    for _ in range(count):
        with tempfile.TemporaryDirectory() as folder:
            program = [sys.executable, __file__, "--child", folder]
            with subprocess.Popen(program, stdout=subprocess.PIPE) as process:
                assert process.stdout is not None
                process.stdout.readline()
                time.sleep(rng.uniform(1, 3))
                process.send_signal(signal.SIGKILL)
                killed = time.monotonic()
                times = dict(line.split() for line in process.stdout.read().decode().splitlines()[:-1])
            losses = Run(folder).trainings[0].losses
            lost.append(killed - float(times[str(len(losses) - 1)]))
    print(f"kill -9, {count} times: lost {statistics.median(lost):.2f} s (median), {max(lost):.2f} s (largest)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child is not None:
        train(options.child, 10**9, tell=True)
    if options.steps:
        cost(options.steps, 0.05)
        cost(options.steps // 10, None)
    kills(options.kills)


if __name__ == "__main__":
    main()
