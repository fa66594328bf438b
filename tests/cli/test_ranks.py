"""Under torchrun every rank is watched, the first one speaks, and ranks that part are found."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
import warnings
from pathlib import Path

import jaxtyping
import pytest
import torch
from torch import distributed

SCRIPT = """
import sys, torch, torch.nn.functional as F
from torch import distributed, nn
torch.set_num_threads(1)
distributed.init_process_group("gloo")
rank = distributed.get_rank()
torch.manual_seed(0)
model = nn.parallel.DistributedDataParallel(nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3)))
x = torch.randn(512, 6)
y = x[:, :3].argmax(1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
draw = torch.Generator().manual_seed(0 if sys.argv[1] == "data" else rank)
for step in range(24):
    if sys.argv[1] == "weights" and step == 3 and rank == 1:
        with torch.no_grad():
            next(model.parameters()).add_(0.1)
    rows = torch.randint(512, (16,), generator=draw)
    optimizer.zero_grad()
    F.cross_entropy(model(x[rows]), y[rows]).backward()
    optimizer.step()
distributed.destroy_process_group()
"""
CASES = ["weights", "data"]

needs_ranks = pytest.mark.skipif(
    not (distributed.is_available() and hasattr(os, "fork")), reason="torch without distributed, or no fork"
)


def causes(path: Path) -> list[str]:
    said = json.loads(path.read_text(encoding="utf-8"))
    return [finding["id"] for finding in said["findings"] if finding["kind"] == "cause"]


def rank_of_torchrun(rank: int, port: int, folder: Path, case: str) -> int:
    """A process with the variables that torchrun sets, which does what the command does."""
    child = os.fork()
    if child == 0:
        try:
            names = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
            os.environ.update({key: str(value) for key, value in names.items()})
            sys.stderr = (folder / f"{rank}.said").open("w", encoding="utf-8")
            os.chdir(folder)
            warnings.resetwarnings()
            warnings.simplefilter("ignore")
            jaxtyping.config.update("jaxtyping_disable", True)
            from rhobar.cli.main import app

            app(["run", "--out", "out", "--json", "d.json", "script.py", case])
        except SystemExit:
            pass
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(0)
    return child


@needs_ranks
@pytest.mark.parametrize("case", CASES)
def test_the_first_rank_speaks_for_all(case, tmp_path):
    torch.set_num_threads(1)
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    left, deadline = {rank_of_torchrun(rank, port, tmp_path, case) for rank in range(2)}, time.monotonic() + 200
    while left and time.monotonic() < deadline:
        left -= {child for child in left if os.waitpid(child, os.WNOHANG) != (0, 0)}
        time.sleep(0.02)
    for child in left:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    first, second = ((tmp_path / f"{rank}.said").read_text(encoding="utf-8") for rank in range(2))
    assert not left and first.count("Report:") == 1 and "rhobar" not in second, first + second
    assert causes(tmp_path / "d.json")[0] == "replica-divergence"  # 24 steps may well be too few epochs, too
    assert causes(tmp_path / "out" / "diagnosis.json") == causes(tmp_path / "out" / "rank-1" / "diagnosis.json")
    assert (tmp_path / "out" / "run.db").exists() and not (tmp_path / "out" / "rank-1" / "run.db").exists()
    records = [tmp_path / "out" / name / "record.json" for name in (".", "rank-1")]
    assert [json.loads(r.read_text("utf-8"))["trainings"][0]["replicas"]["rank"] for r in records] == [0, 1]


@needs_ranks
@pytest.mark.slow
def test_torchrun_itself(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "rhobar"]
    ran = subprocess.run(
        [*launch, "run", "--out", "out", "script.py", "weights"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert ran.returncode == 0 and ran.stderr.count("Report:") == 1, ran.stderr
    assert causes(tmp_path / "out" / "diagnosis.json")[0] == "replica-divergence"
