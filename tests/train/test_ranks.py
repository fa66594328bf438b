"""Law: the same training on one process and on several is the same training, to 1e-6 in float64."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tests.train import ranks_program

import rhobar
from rhobar.train.ranks import Ranks

SOURCE = str(Path(rhobar.__file__).parents[1])


def start(config, world):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = []
    for rank in range(world):
        env = {**os.environ, "PYTHONPATH": SOURCE, "OMP_NUM_THREADS": "1"}
        if world > 1:
            place = {
                "RANK": rank,
                "LOCAL_RANK": rank,
                "WORLD_SIZE": world,
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": port,
            }
            env |= {key: str(value) for key, value in place.items()}
        command = [sys.executable, ranks_program.__file__, json.dumps(config)]
        processes.append(subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True))
    ends = [process.communicate(timeout=240) for process in processes]
    return [(process.returncode, error) for process, (_, error) in zip(processes, ends, strict=True)]


def run(folder, world, **config):
    config = {"out": str(folder / f"{world}-{len(list(folder.iterdir()))}"), **config}
    ends = start(config, world)
    assert [code for code, _ in ends] == [0] * world, ends
    return [json.loads(Path(f"{config['out']}.{rank}").read_text()) for rank in range(world)]


def alone(monkeypatch, tmp_path, **config):
    """The single process is this one: an import of torch less."""
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    ranks_program.main({"out": str(tmp_path / "alone"), **config})
    return json.loads((tmp_path / "alone.0").read_text())


def close(one, other, where="rows"):
    if isinstance(one, list):
        assert len(one) == len(other), where
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            close(a, b, f"{where}.{i}")
    else:
        assert one == pytest.approx(other, abs=1e-6), where


def agree(single, many):
    for each in many:
        close(each["rows"], single["rows"])
        for name, weight in single["weights"].items():
            close(each["weights"][name], weight, name)


def test_two_processes_are_one_training(tmp_path, monkeypatch):
    """Unequal batches, the last of one row: 45 rows by 11, and accumulation over unequal groups."""
    agree(alone(monkeypatch, tmp_path, accumulate=2), run(tmp_path, 2, accumulate=2))


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
@pytest.mark.parametrize("world", [2, 4])
@pytest.mark.parametrize("config", [{}, {"listed": True}, {"accumulate": 3}, {"min_delta": 9.0}], ids=str)
def test_any_number_of_processes_is_one_training(config, world, strategy, tmp_path, monkeypatch):
    single = alone(monkeypatch, tmp_path, **config)
    agree(single, run(tmp_path, world, strategy=strategy, **config))
    if "min_delta" in config:  # nothing improves on the first epoch by 9: all stop after the third
        assert single["rows"][-1][0] == 15


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
@pytest.mark.parametrize(("before", "after"), [(2, 1), (1, 2), (2, 4), (4, 2)])
def test_a_checkpoint_goes_on_with_another_number_of_processes(before, after, strategy, tmp_path, monkeypatch):
    """Nothing improves on the first epoch by 9: the weights at the end are those that the checkpoint kept as best."""
    single = alone(monkeypatch, tmp_path, min_delta=9.0)
    path = str(tmp_path / "state")
    first = run(tmp_path, before, checkpoint=path, until=7, strategy=strategy, min_delta=9.0)
    second = run(tmp_path, after, checkpoint=path, strategy=strategy, min_delta=9.0)
    for each in second:
        close(first[0]["rows"] + each["rows"], single["rows"])
        for name, weight in single["weights"].items():
            close(each["weights"][name], weight, name)


@pytest.mark.slow
def test_a_killed_process_ends_the_others_with_a_sentence(tmp_path):
    path = tmp_path / "state"
    ends = start({"out": str(tmp_path / "x"), "die": 4, "epochs": 50, "checkpoint": str(path)}, 2)
    assert ends[1][0] == -9
    code, error = ends[0]
    assert code == 1
    assert "Process 0 of 2 stops: another process of this training has ended" in error
    rest = run(tmp_path, 2, checkpoint=str(path))[0]["rows"]
    assert rest[0][0] in (4, 5)


@pytest.mark.parametrize("world", [1, 2, 3, 7])
@pytest.mark.parametrize("rows", [1, 2, 5, 16])
def test_the_shares_of_a_batch_are_the_batch(rows, world):
    batch = {"x": torch.arange(rows), "pair": (torch.arange(rows) * 2, torch.tensor(3.0)), "note": "kept"}
    pieces = [Ranks(rank, world).share(batch) for rank in range(world)]
    assert {total for _, _, total in pieces} == {rows}
    assert sum(count for _, count, _ in pieces) == rows
    kept = [part for part, count, _ in pieces if count]
    assert torch.equal(torch.cat([part["x"] for part in kept]), batch["x"])
    assert torch.equal(torch.cat([part["pair"][0] for part in kept]), batch["pair"][0])
    assert all(len(part["x"]) == 1 for part, count, _ in pieces if not count)
