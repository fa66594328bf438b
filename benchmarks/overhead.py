"""What watching costs: time of a training step with a watcher over the time without, on three models.

All contestants train copies of one model on the same batches in one process, block by block in turn, so that they
share the machine's moods. A second bare copy gives the noise floor. Every repetition is a whole run from a fresh
watcher, its dear first steps included; the table shows medians over repetitions of

    Σ time of the contestant's steps / Σ time of the bare copy's steps,

in CPU time (what a busy machine does not disturb) and in wall time.

    python benchmarks/overhead.py [--seconds 10] [--repetitions 3] [--models mlp,resnet,transformer] [--only NAME,…]
"""

import argparse
import contextlib
import copy
import importlib.util
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from models import MODELS, Batch
from torch import nn

from rhobar.watch.price import call_price, event_price
from rhobar.watch.watcher import Watcher

BLOCK = 0.2
"""Seconds of bare time in a block: long beside a timer's grain, short beside a busy machine's moods."""


Seen = Callable[[nn.Module, int], None]


@dataclass
class Contestant:
    """A copy of the model, its optimizer, and what watches it."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    around: Callable[[], contextlib.AbstractContextManager[None]]
    after_step: Seen | None = None
    share: float = 1.0
    """Share of the blocks it takes part in: what is slow and the same at every step need not run as long."""
    step: int = 0
    cpu: float = 0.0
    wall: float = 0.0
    bare_cpu: float = 0.0
    bare_wall: float = 0.0
    done: Callable[[], str] = field(default=lambda: "")

    def run(self, batches: list[Batch], steps: int) -> tuple[float, float]:
        """Train on; returns seconds of CPU and of wall time."""
        with self.around():
            cpu, wall = time.process_time(), time.perf_counter()
            for _ in range(steps):
                x, y = batches[self.step % len(batches)]
                self.optimizer.zero_grad()
                loss = F.cross_entropy(self.model(x), y)
                loss.backward()
                self.optimizer.step()
                if self.after_step is not None:
                    self.after_step(self.model, self.step)
                self.step += 1
            return time.process_time() - cpu, time.perf_counter() - wall


def _copy(model: nn.Module) -> tuple[nn.Module, torch.optim.Optimizer]:
    model = copy.deepcopy(model)
    return model, torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)


def bare(model: nn.Module) -> Contestant:
    """Nobody watches."""
    return Contestant(*_copy(model), around=contextlib.nullcontext)


def rhobar(model: nn.Module, budget: float | None) -> Contestant:
    """rhobar's watcher; its clock stands still while the others run."""
    watcher = Watcher(budget=budget)
    hooks, clock = watcher._hooks, watcher.observer.clock
    before = call_price()
    hooks.attach()
    clock.per_call, clock.per_event = max(0.0, call_price() - before), event_price()  # as `Watcher.start` does
    hooks.detach()
    clock.halt()

    @contextlib.contextmanager
    def around() -> Iterator[None]:
        clock.go_on()
        hooks.attach()
        yield
        hooks.detach()
        clock.halt()

    def done() -> str:
        clock.go_on()
        dense = sum(len(t.readings) for t in watcher.observer.trackers)
        said = clock.watched / clock.bare
        return f"its own clock: {said:.3f} of the bare time, {dense} readings kept" + "".join(
            f"; NOT SEEN {u.what}: {u.reason}" for u in watcher.observer.guard.unseen
        )

    return Contestant(*_copy(model), around=around, done=done, share=1.0 if budget else 0.25)


def wandb_watch(model: nn.Module) -> Contestant:
    """`wandb.watch(log="all", log_freq=1)`, offline."""
    os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_DIR=tempfile.mkdtemp())
    import wandb

    logging.getLogger("wandb").setLevel(logging.ERROR)
    one = Contestant(*_copy(model), around=contextlib.nullcontext, share=0.05)
    run = wandb.init(project="overhead")
    run.watch(one.model, log="all", log_freq=1)
    one.after_step = lambda _, step: run.log({"step": step})
    one.done = lambda: run.finish() or ""
    return one


def tensorboard_histograms(model: nn.Module) -> Contestant:
    """`SummaryWriter.add_histogram` of every parameter and gradient at every step."""
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(tempfile.mkdtemp())

    def after_step(model: nn.Module, step: int) -> None:
        for name, parameter in model.named_parameters():
            writer.add_histogram(name, parameter, step)
            writer.add_histogram(name + ".grad", parameter.grad, step)

    return Contestant(
        *_copy(model),
        around=contextlib.nullcontext,
        after_step=after_step,
        share=0.05,
        done=lambda: writer.close() or "",
    )


CONTESTANTS: dict[str, Callable[[nn.Module], Contestant]] = {
    "bare again": bare,
    "rhobar": lambda model: rhobar(model, 0.02),
    "rhobar budget=None": lambda model: rhobar(model, None),
    "wandb.watch all": wandb_watch,
    "tensorboard histograms": tensorboard_histograms,
}
NEEDS = {"wandb.watch all": "wandb", "tensorboard histograms": "tensorboard"}


def race(make: Callable[[], tuple[nn.Module, list[Batch]]], names: list[str], seconds: float) -> dict[str, Contestant]:
    """One repetition: `seconds` of bare time beside each contestant's, in blocks."""
    torch.manual_seed(0)
    model, batches = make()
    reference = bare(model)
    reference.run(batches, 5)
    per_step = reference.run(batches, 10)[0] / 10
    steps, reference = max(1, round(BLOCK / per_step)), bare(model)
    blocks = max(2, round(seconds / per_step / steps))
    racers = {name: CONTESTANTS[name](model) for name in names}
    for block in range(blocks):
        order: list[Contestant] = [r for r in racers.values() if block < max(2, r.share * blocks)]
        turn = block % (len(order) + 1)
        cpu = wall = 0.0
        for one in [*order[turn:], reference, *order[:turn]]:
            spent = one.run(batches, steps)
            one.cpu, one.wall = one.cpu + spent[0], one.wall + spent[1]
            if one is reference:
                cpu, wall = spent
        for one in order:
            one.bare_cpu, one.bare_wall = one.bare_cpu + cpu, one.bare_wall + wall
    return racers


def main() -> None:
    """Race and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="bare time of a run")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--only", default="", help="contestants, by name, separated by commas")
    options = parser.parse_args()
    names = [n for n in CONTESTANTS if not options.only or n in options.only.split(",")]
    for name, module in NEEDS.items():
        if name in names and importlib.util.find_spec(module) is None:
            print(f"skipped: {name} ({module} is not installed)")
            names.remove(name)
    print(f"{'model':<12} {'contestant':<24} {'CPU time':>9} {'wall':>7}   over bare; {options.seconds:g} s, "
          f"median of {options.repetitions}, {torch.get_num_threads()} thread(s)")  # fmt: skip
    for model in options.models.split(","):
        ratios: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
        said: dict[str, str] = {}
        for _ in range(options.repetitions):
            for name, one in race(MODELS[model], names, options.seconds).items():
                ratios[name].append((one.cpu / one.bare_cpu, one.wall / one.bare_wall))
                said[name] = one.done()
        for name, values in ratios.items():
            cpu, wall = (statistics.median(v) for v in zip(*values, strict=True))
            print(f"{model:<12} {name:<24} {cpu:>9.3f} {wall:>7.3f}   {said[name]}", flush=True)


if __name__ == "__main__":
    main()
