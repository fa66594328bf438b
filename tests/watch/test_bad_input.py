"""Law: whatever a script does, it does the same under `rhobar run`, and a diagnosis is made without an error of ours."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
from functools import cache
from pathlib import Path

import pytest

import rhobar

HERE = Path(__file__).parent
SOURCE = str(Path(rhobar.__file__).parents[1])
EXAMPLES = sorted((HERE.parents[1] / "examples").glob("*.py"))[:2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": SOURCE, "OMP_NUM_THREADS": "1", "COLUMNS": "120"}

HEAD = """
import dataclasses, os, random, signal, sys, warnings
import numpy as np, torch, torch.nn.functional as F
from torch import nn
torch.manual_seed(0); np.random.seed(0); random.seed(0)
def mlp(i=4, o=3): return nn.Sequential(nn.Linear(i, 16), nn.ReLU(), nn.Linear(16, o))
def train(model, loss, steps=6, **kw):
    optimizer = torch.optim.SGD([p for p in model.parameters()], lr=0.05, **kw)
    for _ in range(steps):
        optimizer.zero_grad(); l = loss(); l.backward(); optimizer.step(); print(repr(l))
    print([p.detach().double().abs().sum().item() if not p.is_complex() else p.detach().abs().sum().item() for p in model.parameters()])
x, y = torch.randn(32, 4), torch.randint(3, (32,))
"""

SCRIPTS = {
    "class out of range": "m = mlp(); y[3] = 7\ntrain(m, lambda: F.cross_entropy(m(x), y))",
    "raises": "m = mlp(); train(m, lambda: F.cross_entropy(m(x), y)); raise ValueError('mine')",
    "raises in backward": "m = mlp(); m[0].weight.register_hook(lambda g: 1 / 0)\ntrain(m, lambda: F.cross_entropy(m(x), y))",
    "raises in forward": "m = mlp(5); train(m, lambda: F.cross_entropy(m(x), y))",
    "exit 5": "m = mlp(); train(m, lambda: F.cross_entropy(m(x), y)); sys.exit(5)",
    "exit with text": "sys.exit('a reason')",
    "os._exit": "m = mlp(); train(m, lambda: F.cross_entropy(m(x), y)); sys.stdout.flush(); os._exit(7)",
    "interrupt": "m = mlp(); train(m, lambda: F.cross_entropy(m(x), y)); sys.stdout.flush(); os.kill(os.getpid(), signal.SIGINT); import time; time.sleep(5)",
    "no training": "m = mlp(); print(m(x).sum())",
    "empty loader": "m = mlp(); L = torch.utils.data.DataLoader([], batch_size=4)\no = torch.optim.Adam(m.parameters())\nfor b in L: o.step()\nprint(len(L))",
    "batch of one": "m = mlp(); train(m, lambda: F.cross_entropy(m(x[:1]), y[:1]))",
    "batch norm of one": "m = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 3)); train(m, lambda: F.cross_entropy(m(x[:1]), y[:1]))",
    "integer inputs": "m = nn.Sequential(nn.Embedding(10, 4), nn.Flatten(), nn.Linear(20, 3)); i = torch.randint(10, (32, 5)); train(m, lambda: F.cross_entropy(m(i), y))",
    "dict batches": "class M(nn.Module):\n  def __init__(s): super().__init__(); s.n = mlp()\n  def forward(s, batch): return {'logits': s.n(batch['x']), 'none': None, 'text': 'a'}\nm = M(); train(m, lambda: F.cross_entropy(m({'x': x, 'ids': [1, 2]})['logits'], y))",
    "dataclass output": "@dataclasses.dataclass\nclass O:\n  z: torch.Tensor\n  extra: tuple = ()\nclass M(nn.Module):\n  def __init__(s): super().__init__(); s.n = mlp()\n  def forward(s, *, x, flag): return O(s.n(x), (x, 1))\nm = M(); train(m, lambda: F.cross_entropy(m(x=x, flag=True).z, y))",
    "hostile outputs": "class O:\n  def __init__(s, z): s.z = z\n  def __getattr__(s, n): raise RuntimeError('do not touch ' + n)\n  def __eq__(s, o): raise RuntimeError('eq')\n  __hash__ = None\nclass M(nn.Module):\n  def __init__(s): super().__init__(); s.n = mlp()\n  def forward(s, x): return O(s.n(x))\nm = M(); train(m, lambda: F.cross_entropy(m(x).z, y))",
    "gan": "g, d = mlp(2, 4), mlp(4, 1); og, od = torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters())\nfor _ in range(8):\n  f = g(torch.randn(32, 2)); l = F.binary_cross_entropy_with_logits(d(x), torch.ones(32, 1)) + F.binary_cross_entropy_with_logits(d(f.detach()), torch.zeros(32, 1))\n  od.zero_grad(); l.backward(); od.step(); l2 = F.binary_cross_entropy_with_logits(d(f), torch.ones(32, 1)); og.zero_grad(); l2.backward(); og.step(); print(l.item(), l2.item())",
    "closures": "m = mlp(); o = torch.optim.LBFGS(m.parameters(), max_iter=4)\ndef c(): o.zero_grad(); l = F.cross_entropy(m(x), y); l.backward(); return l\nfor _ in range(4): print(o.step(c).item())",
    "module used twice": "a = nn.Linear(4, 4); m = nn.Sequential(a, nn.Tanh(), a, nn.Tanh(), nn.Linear(4, 3)); train(m, lambda: F.cross_entropy(m(x), y))",
    "no parameters": "m = nn.Tanh(); a = x.clone().requires_grad_()\nfor _ in range(5): m(a).square().mean().backward()\nprint(a.grad.sum())",
    "all nan": "m = mlp(); x = x * float('nan'); train(m, lambda: F.cross_entropy(m(x), y))",
    "nan targets": "m = mlp(4, 1); t = torch.full((32, 1), float('nan')); train(m, lambda: F.mse_loss(m(x), t))",
    "hostile names": "class Evil(nn.Module):\n  def __init__(s): super().__init__(); s.add_module('<script>alert(1)</script>', nn.Linear(4, 8)); s.add_module('\\x1b[31mred', nn.Linear(8, 3)); s.add_module('ключ 鍵', nn.Linear(3, 3))\n  def forward(s, x):\n    for c in s.children(): x = c(x)\n    return x\nEvil.__name__ = '\\x1b[31m<b>Evil\\n[bold]'\nm = Evil(); train(m, lambda: F.cross_entropy(m(x), y))",
    "zero rows": "m = mlp(); train(m, lambda: F.cross_entropy(m(x[:0]), y[:0], reduction='sum'))",
    "zero width": "with warnings.catch_warnings():\n  warnings.simplefilter('ignore'); m = nn.Sequential(nn.Linear(4, 0), nn.Linear(0, 3))\ntrain(m, lambda: F.cross_entropy(m(x), y))",
    "complex parameters": "class M(nn.Module):\n  def __init__(s): super().__init__(); s.w = nn.Parameter(torch.randn(4, 3, dtype=torch.cfloat))\n  def forward(s, x): return (x.to(torch.cfloat) @ s.w).abs()\nm = M(); train(m, lambda: F.cross_entropy(m(x), y))",
    "complex inputs": "class M(nn.Module):\n  def __init__(s): super().__init__(); s.w = nn.Parameter(torch.randn(4, 3, dtype=torch.cfloat))\n  def forward(s, x): return x @ s.w\nm = M(); c = torch.randn(32, 4, dtype=torch.cfloat); t = torch.randn(32, 3, dtype=torch.cfloat); train(m, lambda: (m(c) - t).abs().square().mean())",
    "sparse gradients": "m = nn.Embedding(50, 3, sparse=True); i = torch.randint(50, (32,)); train(m, lambda: F.cross_entropy(m(i), y))",
    "sparse inputs": "m = nn.Linear(4, 3); s = x.relu().to_sparse()\nclass M(nn.Module):\n  def __init__(q): super().__init__(); q.w = nn.Parameter(torch.randn(4, 3))\n  def forward(q, a): return torch.sparse.mm(a, q.w)\nm = M(); train(m, lambda: F.cross_entropy(m(s), y))",
    "float64": "m = mlp().double(); x = x.double(); train(m, lambda: F.cross_entropy(m(x), y))",
    "bfloat16": "m = mlp().bfloat16(); x = x.bfloat16(); train(m, lambda: F.cross_entropy(m(x), y))",
    "float16": "m = mlp().half(); x = x.half(); train(m, lambda: F.cross_entropy(m(x).float(), y))",
    "no dimensions": "class M(nn.Module):\n  def __init__(s): super().__init__(); s.w = nn.Parameter(torch.tensor(0.5)); s.b = nn.Parameter(torch.tensor(0.))\n  def forward(s, x): return s.w * x + s.b\nm = M()\ntrain(m, lambda: F.mse_loss(m(torch.tensor(2.)), torch.tensor(3.)))",
    "raw scalars": "w = torch.tensor(0., requires_grad=True)\nfor _ in range(8):\n  l = (w * 2 - 3) ** 2; l.backward()\n  with torch.no_grad(): w -= 0.1 * w.grad\n  w.grad = None; print(l.item())",
    "dot products": "w = torch.zeros(4, requires_grad=True); o = torch.optim.Adam([w])\nfor i in range(8): o.zero_grad(); l = (torch.dot(x[i], w) - 1) ** 2; l.backward(); o.step(); print(l.item())",
    "huge expanded": "m = mlp(); big = torch.zeros(1, requires_grad=True)\ntrain(m, lambda: F.cross_entropy(m(x[:1].expand(32, 4)), y) + big.expand(10**7).mean())",
    "several elements": "m = mlp(); o = torch.optim.SGD(m.parameters(), lr=0.1)\nfor _ in range(5): o.zero_grad(); l = F.cross_entropy(m(x), y, reduction='none'); l.backward(torch.ones(32) / 32); o.step(); print(l.sum().item())",
    "anomaly": "m = mlp()\nwith torch.autograd.set_detect_anomaly(True, check_nan=False): train(m, lambda: F.cross_entropy(m(x), y))",
    "meta": "m = mlp().to('meta'); F.cross_entropy(m(x.to('meta')), y.to('meta')).backward(); print(m[0].weight.grad.shape)",
    "broadcast warning": "m = nn.Linear(4, 1); t = torch.randn(32)\ndef loss():\n  return F.mse_loss(m(x), t)\ntrain(m, loss); c = nn.SmoothL1Loss()\ntrain(m, lambda: c(m(x), t))",
    "warnings in a loop": "m = mlp()\ndef loss():\n  warnings.warn('again')\n  return F.cross_entropy(m(x), y)\ntrain(m, loss); train(m, loss)",
    "generators": "class M(nn.Module):\n  def __init__(s): super().__init__(); s.n = mlp()\n  def forward(s, x): return s.n(F.dropout(x, 0.1) * random.random() + float(np.random.rand()))\nm = M(); train(m, lambda: F.cross_entropy(m(x), y)); print(random.random(), np.random.rand(), torch.rand(2))",
    "unshaped lists": "m = mlp()\nclass M(nn.Module):\n  def __init__(s): super().__init__(); s.n = m\n  def forward(s, xs): return [s.n(a) for a in xs], xs\nk = M(); train(k, lambda: sum(F.cross_entropy(o, y) for o in k([x, x + 1])[0]))",
    "nested tensors": "m = nn.Linear(4, 3)\nwith warnings.catch_warnings():\n  warnings.simplefilter('ignore'); n = torch.nested.nested_tensor([torch.randn(2, 4), torch.randn(5, 4)])\ntrain(m, lambda: sum(o.square().mean() for o in m(n).unbind()))",
    "lists of parameters": "ws = [torch.randn(4, 8, requires_grad=True), torch.randn(8, 3, requires_grad=True)]\no = torch.optim.RMSprop(ws)\nfor _ in range(6): l = F.cross_entropy((x @ ws[0]).tanh() @ ws[1], y); o.zero_grad(); l.backward(); o.step(); print(l.item())",
    "classes by floats": "m = mlp(4, 1); train(m, lambda: F.binary_cross_entropy(torch.sigmoid(m(x)), (y[:, None] > 1).float()))",
    "wrong dtype": "m = mlp(); train(m, lambda: F.cross_entropy(m(x), y.int()))",
    "string targets": "m = mlp(); train(m, lambda: F.cross_entropy(m(x), ['a'] * 32))",
    "stolen name": "import types; torch.nn.functional.cross_entropy = lambda a, b: ((a - F.one_hot(b, 3)) ** 2).mean()\nm = mlp(); train(m, lambda: F.cross_entropy(m(x), y))",
    "closed stderr": "m = mlp(); train(m, lambda: F.cross_entropy(m(x), y)); sys.stdout.flush(); sys.stderr.close(); sys.stdout.close()",
    "segmentation": "m = nn.Conv2d(1, 3, 3, padding=1); i = torch.randn(4, 1, 8, 8).to(memory_format=torch.channels_last); t = torch.randint(3, (4, 8, 8)); train(m, lambda: F.cross_entropy(m(i), t))",
    "three optimizers, one model": "m = mlp(); os_ = [torch.optim.SGD([p], lr=0.01) for p in m.parameters()]\nfor _ in range(5):\n  l = F.cross_entropy(m(x), y); l.backward()\n  for o in os_: o.step(); o.zero_grad()\n  print(l.item())",
    "models by the dozen": "for i in range(40):\n  m = mlp(); l = F.cross_entropy(m(x), y); l.backward(); print(l.item())",
    "frozen": "m = mlp()\nfor p in m[0].parameters(): p.requires_grad_(False)\ntrain(m, lambda: F.cross_entropy(m(x), y))",
    "swapped data": "m = mlp()\ndef loss():\n  m[0].weight.data = m[0].weight.data.clone(); return F.cross_entropy(m(x), y)\ntrain(m, loss)",
    "reshaped parameter": "m = mlp()\ntrain(m, lambda: F.cross_entropy(m(x), y)); m[2] = nn.Linear(16, 3); m[0].weight.data = torch.randn(16, 5); x = torch.randn(32, 5); train(m, lambda: F.cross_entropy(m(x), y))",
    "uncopyable": "import threading\nm = mlp(); m.lock = threading.Lock()\ntrain(m, lambda: F.cross_entropy(m(x), y))",
    "counts its calls": "calls = []\nclass M(nn.Module):\n  def __init__(s): super().__init__(); s.n = mlp()\n  def forward(s, x): print('called'); return s.n(x)\nm = M(); train(m, lambda: F.cross_entropy(m(x), y))",
}
FOUND = {
    "class out of range": "invalid-labels",
    "all nan": "nonfinite-data",
    "broadcast warning": "broadcast-loss",
}
NO_DIAGNOSIS = {"os._exit"}
THROUGH_MODULES = {"raises in forward", "batch norm of one"}
"""Their tracebacks lead through `Module.__call__`, which takes another path in torch where global hooks exist."""
INJECTED = {
    "rhobar.watch.reading:read_layer": "read layers",
    "rhobar.watch.moments:Sheet.moments": "gradients",
    "rhobar.watch.reading:trace_loss": "loss",
    "rhobar.watch.observer:read_step": "step",
    "rhobar.watch.passes:Passes.split": "pending",
    "rhobar.watch.steps:optimizer_facts": "facts",
    "rhobar.watch.parameters:identical_rows": "rows",
    "rhobar.watch.exam:label_score": "exam",
    "rhobar.watch.exam:rate_line": "exam",
    "rhobar.watch.tracker:Tracker.result": "result",
}
GOOD = "m = mlp(); x, y = torch.randn(128, 4), torch.randint(3, (128,)); train(m, lambda: F.cross_entropy(m(x), y))\n"

PROGRAMS = (
    {name: HEAD + script + "\n" for name, script in SCRIPTS.items()}
    | {path.stem: path.read_text(encoding="utf-8") for path in EXAMPLES}
    | dict.fromkeys(INJECTED, HEAD + GOOD)
)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """A function of a program's name: what it said alone, what it said watched, and where it wrote then."""
    root = tmp_path_factory.mktemp("scripts")
    command = [sys.executable, "-W", "default", str(HERE / "forked.py")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "encoding": "utf-8"}
    with subprocess.Popen(command, env=ENVIRONMENT, **pipes) as server:

        @cache
        def outcome(name: str) -> tuple[dict, dict, Path]:
            place = root / f"{list(PROGRAMS).index(name):02}"
            script = place.with_suffix(".py")
            script.write_text(PROGRAMS[name], encoding="utf-8")
            said = []
            for watched in (False, True):
                folder = place / ("watched" if watched else "alone")
                job = {"script": str(script), "folder": str(folder), "watched": watched}
                print(json.dumps(job | {"break": name if name in INJECTED else None}), file=server.stdin, flush=True)
                said.append(json.loads(server.stdout.readline()))
            return said[0], said[1], folder

        yield outcome


def _without_torch(text):
    """Without the frames of torch/nn/modules/module.py, each a line and its code with marks."""
    frames = re.split(r"(?m)^(?=  File |\w)", text)
    return "".join(f for f in frames if "nn/modules/module.py" not in f)


def said(folder: Path) -> tuple[dict, dict]:
    return tuple(
        json.loads((folder / "out" / f"{name}.json").read_text(encoding="utf-8")) for name in ("diagnosis", "record")
    )


def touched(folder: Path) -> set[str]:
    """What a program wrote to outside ``out``, as seen from its folder, and whether it used the network."""
    lines = (folder / "touched").read_text(encoding="utf-8").splitlines()
    own = str(folder.resolve())
    # `tempfile` looks for a folder by writing to a file of eight letters there.
    idle = re.compile(rf"\t{re.escape(own)}/out(/|$)|__pycache__|\t{tempfile.gettempdir()}/\w{{8}}$")
    outside = [line for line in lines if not idle.search(line)]
    return {line.replace(own, ".") for line in outside}


@pytest.mark.parametrize("name", [*SCRIPTS, *(p.stem for p in EXAMPLES)])
def test_the_scripts(name, outcomes):
    alone, watched, folder = outcomes(name)
    if name in THROUGH_MODULES:
        alone["stderr"], watched["stderr"] = (_without_torch(text) for text in (alone["stderr"], watched["stderr"]))
    assert watched == alone
    assert touched(folder) <= touched(folder.with_name("alone"))
    if name in NO_DIAGNOSIS:
        return
    diagnosis, record = said(folder)
    assert [u for u in record["unseen"] if "Error" in u["reason"] or "Exception" in u["reason"]] == []
    assert [n for n in diagnosis["not_checked"] if "the check failed" in n["reason"]] == []
    if FOUND.get(name):
        assert FOUND[name] in [f["id"] for f in diagnosis["findings"]]
    assert (folder / "out" / "report.html").exists()


@pytest.mark.parametrize("place", INJECTED)
def test_an_error_of_ours_is_contained(place, outcomes):
    alone, watched, folder = outcomes(place)
    assert watched == alone
    diagnosis, record = said(folder)
    assert "injected" in json.dumps([record["unseen"], diagnosis["not_checked"]])


def test_hostile_names_do_not_reach_page_or_terminal_raw(outcomes):
    _, _, folder = outcomes("hostile names")
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert(1)" not in page
    assert "\x1b" not in page


def rhobar_run(*arguments, folder, **options):
    command = [sys.executable, "-m", "rhobar", "run", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, **options)


def test_a_missing_script(tmp_path):
    ended = rhobar_run("nowhere.py", folder=tmp_path)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "can't open file" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_script_without_torch(tmp_path):
    (tmp_path / "plain.py").write_text("import sys; print('hi'); sys.exit(4)")
    ended = rhobar_run("--json", "d.json", "plain.py", folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (4, "hi\n")
    assert "did not import torch" in ended.stderr
    assert "did not import torch" in json.loads((tmp_path / "d.json").read_text())["headline"]


def test_an_unwritable_folder_and_a_hostile_terminal(tmp_path):
    """One run with everything: --out is a file, names hold escapes and markup, an interrupt ends it."""
    script = (
        HEAD
        + SCRIPTS["hostile names"]
        + "\nsys.stdout.flush(); os.kill(os.getpid(), signal.SIGINT); import time; time.sleep(9)\n"
    )
    (tmp_path / "evil.py").write_text(textwrap.dedent(script), encoding="utf-8")
    (tmp_path / "occupied").write_text("a file")
    ended = rhobar_run("--out", "occupied/in", "evil.py", folder=tmp_path)
    assert ended.returncode == -signal.SIGINT
    assert "could not write" in ended.stderr
    assert "\x1b[31m" not in ended.stderr
    assert ended.stderr.count("Traceback") == 1  # the script's own KeyboardInterrupt
    assert "rhobar/" not in ended.stderr.replace(str(tmp_path), "")
