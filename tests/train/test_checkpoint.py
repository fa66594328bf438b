"""Laws of the file: what is written comes back; what was cut or changed is refused; a kill leaves the old one."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rhobar.train import CorruptCheckpoint, read_checkpoint, write_checkpoint
from rhobar.train.checkpoint import write_checkpoint as written_by

TREE = {
    "numbers": [1, 2.5, float("inf"), True, None, "text", (1, (2,))],
    7: {"tensor": torch.arange(6).reshape(2, 3), 0: torch.tensor(3.0, dtype=torch.bfloat16)},
    "empty": [torch.zeros(0, 3), {}, []],
    "strided": torch.arange(12.0).reshape(3, 4).T,
}


def same(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b) and a.dtype == b.dtype and a.stride() == b.stride() and b.data_ptr() % 16 == 0
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return a == b and type(a) is type(b)


def test_what_is_written_comes_back(tmp_path):
    path = tmp_path / "deep" / "state"
    write_checkpoint(path, TREE)
    assert same(read_checkpoint(path), TREE)
    assert [p.name for p in path.parent.iterdir()] == ["state"]


@pytest.mark.parametrize("wrong", [{"a": object()}, {(1, 2): 3}, {"a": {True: 1}}])
def test_anything_else_is_refused_and_nothing_is_written(wrong, tmp_path):
    with pytest.raises(TypeError, match=r"state"):
        write_checkpoint(tmp_path / "state", wrong)
    assert not list(tmp_path.iterdir())


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1, exclude_max=True))
def test_cut_anywhere_it_is_refused_by_name(tmp_path_factory, share):
    path = tmp_path_factory.mktemp("cut") / "state.safetensors"
    write_checkpoint(path, TREE)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(CorruptCheckpoint, match=r"state\.safetensors"):
        read_checkpoint(path)


@settings(max_examples=80, deadline=None)
@given(st.floats(0, 1, exclude_max=True), st.integers(0, 7))
def test_one_bit_changed_anywhere_is_refused(tmp_path_factory, share, bit):
    path = tmp_path_factory.mktemp("bit") / "state.safetensors"
    write_checkpoint(path, TREE)
    whole = bytearray(path.read_bytes())
    whole[int(share * len(whole))] ^= 1 << bit
    path.write_bytes(bytes(whole))
    try:
        assert same(read_checkpoint(path), TREE)  # a space of the header's padding
    except CorruptCheckpoint as error:
        assert "state.safetensors" in str(error)


def test_another_kind_of_file_is_refused(tmp_path):
    from safetensors.torch import save_file

    save_file({"a": torch.ones(1)}, tmp_path / "weights.safetensors")
    (tmp_path / "pickle.pt").write_bytes(b"\x80\x02}q\x00.")
    for name in ("weights.safetensors", "pickle.pt"):
        with pytest.raises(CorruptCheckpoint, match=name):
            read_checkpoint(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="nothing"):
        read_checkpoint(tmp_path / "nothing")


WRITER = """
import sys, itertools, torch
from pathlib import Path
from rhobar.train.checkpoint import write_checkpoint
path = Path(sys.argv[1])
for i in itertools.count():
    write_checkpoint(path, {"i": i, "tensors": [torch.full((50_000,), float(i)) for _ in range(4)]})
    print(i, flush=True)
"""


def test_kill_9_in_the_middle_of_writing_leaves_a_whole_file(tmp_path):
    path = tmp_path / "state"
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"0\n"
    time.sleep(0.004)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    state = read_checkpoint(path)
    assert all(bool((t == state["i"]).all()) for t in state["tensors"])


@pytest.mark.parametrize("moment", ["write", "fsync", "replace"])
def test_a_failure_at_any_moment_leaves_the_previous_file(moment, tmp_path, monkeypatch):
    path = tmp_path / "state"
    write_checkpoint(path, {"i": 1})

    def fail(*args, **kwargs):
        raise OSError("no space left")

    target = {"write": "rhobar.train.checkpoint.save", "fsync": "os.fsync", "replace": "os.replace"}[moment]
    monkeypatch.setattr(target, fail)
    with pytest.raises(OSError, match="no space"):
        written_by(path, {"i": 2})
    monkeypatch.undo()
    assert read_checkpoint(path) == {"i": 1}


def test_the_state_is_readable_without_us(tmp_path):
    from safetensors import safe_open

    write_checkpoint(tmp_path / "state", {"step": 3, "weights": {"w": torch.ones(2)}})
    with safe_open(tmp_path / "state", "pt") as file:
        assert json.loads(file.metadata()["state"])["dict"][0] == ["step", 3]
        assert torch.equal(file.get_tensor("state.weights.w"), torch.ones(2))
