"""Two ranks over gloo, in two forks: what each sees of the other, and that nobody waits for an unwatched one."""

import json
import os
import signal
import time
import traceback
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import distributed, nn

from rhobar.diagnose.live import watch

STEPS, ROWS = 8, 4


def training(rank: int, case: str) -> dict[str, object]:
    """One training on this rank; returns what was seen."""
    torch.manual_seed(0)
    inner = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3))
    model = nn.parallel.DistributedDataParallel(inner)
    x = torch.randn(4 * STEPS * ROWS, 8, generator=torch.Generator().manual_seed(1))
    y = x[:, :3].argmax(1)
    if case != "same data":
        x, y = x[rank::2], y[rank::2]
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=0.1), []
    run = watch(model, optimizer, budget=None)
    if case != "alone" and not (case == "one watched" and rank == 1):
        run.start()
    for step in range(STEPS):
        if case == "changed" and step == 3 and rank == 1:
            inner[3].weight.data[0, 0] += 0.1
        rows = slice(ROWS * step, ROWS * (step + 1))
        optimizer.zero_grad()
        loss = F.cross_entropy((inner if case == "bypassed" else model)(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    run.stop()
    found = [f.id for f in run.diagnosis().findings]
    trained = run.record.trainings[0].replicas if run.record.trainings else None
    errors = [u.reason for u in run.record.unseen if "Error" in u.reason]
    weights = [p.double().sum().item() for p in model.parameters()]
    facts = None if trained is None else [trained.steps, trained.parted, trained.parted_names, trained.same_rows]
    means = [] if trained is None else [loss[1] for loss in trained.losses]
    return {"found": found, "facts": facts, "means": means, "losses": losses, "errors": errors, "weights": weights}


class Scaled(nn.Module):
    """Its scale is one element, which lies on the first rank alone; 15 rows and 3 rows are cut unevenly."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.head = nn.Linear(8, 15), nn.Linear(15, 3)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return self.head(torch.tanh(self.inner(x)) * self.scale)


def sharded(rank: int | None, *, watched: bool) -> dict[str, object]:
    """A training whose weights are spread over the ranks, clipped; with ``rank=None`` the whole of it in one process."""
    torch.manual_seed(0)
    model = Scaled()
    x = torch.randn(2 * STEPS * ROWS, 8, generator=torch.Generator().manual_seed(1))
    y = x[:, :3].argmax(1)
    if rank is not None:
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        x, y, mesh = x[rank::2], y[rank::2], init_device_mesh("cpu", (2,))
        fully_shard(model.inner, mesh=mesh)  # freed between its passes
        fully_shard(model, mesh=mesh)
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=0.1), []
    run = watch(model, optimizer, budget=None)
    if watched:
        run.start()
    count = ROWS if rank is not None else 2 * ROWS
    for step in range(STEPS):
        rows = slice(count * step, count * (step + 1))
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x[rows]), y[rows])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.3)
        optimizer.step()
        losses.append(loss.item())
    run.stop()
    weights = [(p.full_tensor() if rank is not None else p).double().sum().item() for p in model.parameters()]
    return {"losses": losses, "weights": weights, **(told(run) if watched else {})}


def told(run) -> dict[str, object]:
    (training,) = run.record.trainings
    sizes = [
        [r.step, r.gradient_norm, r.applied_norm, [(p.name, p.size, p.weight, p.gradient) for p in r.parameters]]
        for r in training.readings
    ]
    return {
        "sizes": sizes,
        "loss": [training.loss.kind, training.loss.output_shape[1:]],
        "found": [f.id for f in run.diagnosis().findings],
        "unseen": [u.what for u in run.record.unseen],
        "errors": [u.reason for u in run.record.unseen if "Error" in u.reason],
    }


CASES = ["alone", "healthy", "same data", "bypassed", "changed", "one watched"]


def rank_of(rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    seen = {case: training(rank, case) for case in CASES}
    seen["sharded"], seen["sharded alone"] = sharded(rank, watched=True), sharded(rank, watched=False)
    (folder / f"{rank}.json").write_text(json.dumps(seen), encoding="utf-8")
    distributed.barrier()
    distributed.destroy_process_group()


def forked(rank: int, folder: Path) -> int:
    child = os.fork()
    if child == 0:
        try:
            rank_of(rank, folder)
        except BaseException:
            (folder / f"{rank}.error").write_text(traceback.format_exc(), encoding="utf-8")
        finally:
            os._exit(0)
    return child


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    if not (distributed.is_available() and hasattr(os, "fork")):
        pytest.skip("torch is built without distributed, or the system cannot fork")
    folder = tmp_path_factory.mktemp("ranks")
    left, deadline = {forked(rank, folder) for rank in range(2)}, time.monotonic() + 300
    while left and time.monotonic() < deadline:
        left -= {child for child in left if os.waitpid(child, os.WNOHANG) != (0, 0)}
        time.sleep(0.02)
    for child in left:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    errors = [path.read_text(encoding="utf-8") for path in folder.glob("*.error")]
    assert not errors and not left, "\n".join(errors)
    return [json.loads((folder / f"{rank}.json").read_text(encoding="utf-8")) for rank in range(2)]


DIVERGED = {
    "same data": True,
    "bypassed": True,
    "changed": True,
    "healthy": False,
    "one watched": False,
    "alone": False,
}


@pytest.mark.parametrize("case", CASES)
def test_divergence_is_found_where_it_is(seen, case):
    for rank in range(2):
        assert ("replica-divergence" in seen[rank][case]["found"]) == DIVERGED[case]
        assert not seen[rank][case]["errors"]


def test_what_the_ranks_tell_each_other(seen):
    for rank in range(2):
        assert seen[rank]["healthy"]["facts"] == [STEPS, None, [], 0.0]
        assert seen[rank]["same data"]["facts"] == [STEPS, None, [], 1.0]
        assert seen[rank]["changed"]["facts"] == [STEPS, 3, ["3.weight"], 0.0]
        assert seen[rank]["one watched"]["facts"] == ([0, None, [], None] if rank == 0 else None)
    means = [(a + b) / 2 for a, b in zip(*(seen[rank]["healthy"]["losses"] for rank in range(2)), strict=True)]
    assert seen[0]["healthy"]["means"] == pytest.approx(means) == seen[1]["healthy"]["means"]


def test_watching_changes_nothing_on_any_rank(seen):
    for rank in range(2):
        for case in ("healthy", "one watched"):
            for what in ("losses", "weights"):
                assert seen[rank][case][what] == seen[rank]["alone"][what]


def test_the_norms_of_a_sharded_model_are_those_of_the_whole(seen):
    whole = sharded(None, watched=True)
    assert len(whole["sizes"]) == STEPS
    for rank in range(2):
        own = seen[rank]["sharded"]
        assert own["loss"] == ["cross_entropy", [3]] and "layers of sharded models" in own["unseen"]
        assert not own["errors"] and not own["found"]
        for (step, norm, applied, parameters), found in zip(whole["sizes"], own["sizes"], strict=True):
            assert [step, pytest.approx(norm, rel=1e-4), pytest.approx(applied, rel=1e-4)] == found[:3]
            by_name = {name: sizes for name, *sizes in found[3]}
            for name, *sizes in parameters:
                assert by_name[name] == pytest.approx(sizes, rel=1e-4)


def test_watching_a_sharded_model_changes_nothing(seen):
    for rank in range(2):
        for what in ("losses", "weights"):
            assert seen[rank]["sharded"][what] == seen[rank]["sharded alone"][what]
