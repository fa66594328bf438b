"""Published diagnosis tools on the test part of the fault laboratory, beside rhobar, in one table.

    pip install torch-audit trainpulse traintools torchdiag gradsnitch torchmortem   # into an environment of their own
    python benchmarks/rivals.py [--limit N] [--jobs N] [--cache FOLDER]

How each tool is fed and how its words are mapped to sick or healthy and to causes stands in `_adapters.py`. All tools
watch one and the same run. They need an ``nn.Module``; a program of bare tensors cannot be judged by any of them and
counts as silence, as does a tool that fails.
"""

import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import runpy
import sys
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from _adapters import RIVALS, SYMPTOMS, translate
from torch import nn

from rhobar.faults.execute import warm_up
from rhobar.faults.fork import in_fork
from rhobar.faults.laboratory import Outcome, investigate
from rhobar.faults.score import Verdict
from rhobar.faults.table import baselines, score_table, verdicts

FAILED, BLIND = "failed", "saw no module"


class Loop:
    """Listens to a training loop on behalf of the tools: the outermost module, its optimizer, every backward pass."""

    def __init__(self, names: list[str], batch: tuple[str, str]) -> None:
        self.names, self.batch, self.step, self.depth = names, batch, 0, 0
        self.tools: dict[str, Any] = {}
        self.errors: dict[str, str] = {}
        self.model: nn.Module | None = None
        self.optimizer: torch.optim.Optimizer | None = None

    def listen(self) -> None:
        """Patch what a user's loop would call the tools from."""
        backward, init = torch.Tensor.backward, torch.optim.Optimizer.__init__
        loop = self

        def first_forward(module: nn.Module, args: tuple[Any, ...]) -> None:
            if loop.model is None and any(True for _ in module.parameters()):
                loop.model = module
                for name in loop.names:
                    loop.tell(name, lambda name=name: loop.tools.update({name: RIVALS[name](module, loop.optimizer)}))

        def told(self: torch.Tensor, *args: Any, **kwargs: Any) -> None:
            local = sys._getframe(1).f_locals
            backward(self, *args, **kwargs)
            x, y = (local.get(name) for name in loop.batch)
            for name, tool in loop.tools.items():
                loop.tell(name, lambda tool=tool: tool.backward(loop.step, float(self.detach()), x, y))
            loop.step += 1

        def made(self: torch.optim.Optimizer, *args: Any, **kwargs: Any) -> None:
            init(self, *args, **kwargs)
            loop.optimizer = self

        nn.modules.module.register_module_forward_pre_hook(first_forward)
        torch.Tensor.backward, torch.optim.Optimizer.__init__ = told, made

    def tell(self, name: str, what: Any) -> None:
        """Call a tool; what it raises is its failure, not the program's."""
        if name in self.errors:
            return
        try:
            what()
        except Exception as error:
            self.errors[name] = f"{type(error).__name__}: {error}"

    def finish(self) -> dict[str, list[str]]:
        """Return what each tool said, in its own words."""
        said: dict[str, list[str]] = {}
        for name in self.names:
            if name in self.tools:
                self.tell(name, lambda name=name: said.update({name: self.tools[name].finish()}))
            if name in self.errors:
                said[name] = [FAILED]
            said.setdefault(name, [BLIND])
        return said


def ask(outcome: Outcome, names: list[str], cache: Path) -> dict[str, list[str]]:
    """Run one program under all tools."""
    program = outcome.program
    key = hashlib.sha256((program.source + Path(__file__).with_name("_adapters.py").read_text()).encode()).hexdigest()
    kept = cache / "rivals" / f"{key[:24]}.json"
    if kept.exists():
        return json.loads(kept.read_text())
    renamed = program.base.draft.names
    batch = (renamed.get("xb", "xb"), renamed.get("yb", "yb"))

    def work(out: Path) -> None:
        script = out.with_name("train.py")
        script.write_text(program.source)
        warnings.simplefilter("ignore")
        sys.argv = ["train.py"]
        loop = Loop(names, batch)
        loop.listen()
        with contextlib.suppress(Exception, SystemExit):
            runpy.run_path(str(script), run_name="__main__")
        out.write_text(json.dumps(loop.finish()))

    ended = in_fork(work, seconds=120.0)
    said = json.loads(ended.result) if ended.result else {name: [FAILED] for name in names}
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(said))
    return said


def as_verdict(of: Verdict, said: list[str]) -> Verdict:
    """What a tool said, in our words: sick if it found anything that is no mere advice."""
    ranked = tuple(said)
    causes = tuple(id for id in ranked if id not in SYMPTOMS)
    return Verdict(of.base, of.faults, bool(ranked), causes, ranked)


def main() -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=Path(".rhobar/faults"))
    options = parser.parse_args()
    names = [name for name, rival in RIVALS.items() if importlib.util.find_spec(rival.package)]
    for name in RIVALS:
        print(f"{name}: {'installed' if name in names else 'not installed'}")
    if not names:
        print("Install at least one of them, in an environment of its own, to compare.")
        return
    warm_up()
    for name in names:
        importlib.import_module(RIVALS[name].package)
    report = investigate("test", limit=options.limit, jobs=options.jobs, cache=options.cache)
    ours = verdicts(report.outcomes)
    with ThreadPoolExecutor(options.jobs) as pool:
        said = list(pool.map(lambda outcome: ask(outcome, names, options.cache), report.outcomes))
    rows = {"rhobar": ours}
    for name in names:
        rows[name] = [as_verdict(v, translate(RIVALS[name], one[name])) for v, one in zip(ours, said, strict=True)]
    print("\n" + score_table({**rows, **baselines(ours)}))
    for name in names:
        odd = Counter(one[name][0] for one in said if one[name] and one[name][0] in (FAILED, BLIND))
        print(f"{name}: no judgement of {sum(odd.values())} of {len(said)} programs {dict(odd) or ''}")


if __name__ == "__main__":
    main()
