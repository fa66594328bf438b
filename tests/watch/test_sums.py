"""Law: the sums of a row by one kernel are those by torch's reductions, whatever stands in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import rhobar
from rhobar.watch.moments import MAX_READ, Sheet
from rhobar.watch.sums import row_sums, torch_sums

INTERPRETED = """
import torch
from rhobar.watch.fused import fused_sums
from rhobar.watch.sums import torch_sums
from tests.watch.test_sums import compare, sheet
for rows, n in [(1, 1), (3, 1023), (2, 1024), (5, 4096), (4, 5000)]:
    compare(fused_sums(sheet(rows, n)), torch_sums(sheet(rows, n)))
whole = sheet(4, 3000)
compare(fused_sums(whole[:, :777]), torch_sums(whole[:, :777]))  # rows that are part of longer ones
bad = sheet(6, 2000)
bad[0, 7], bad[1, 1999], bad[2, 0], bad[3] = float("nan"), float("inf"), -float("inf"), 0.0
fused, oracle = fused_sums(bad), torch_sums(bad)
assert fused[0].isfinite().tolist() == oracle[0].isfinite().tolist() == [False] * 3 + [True] * 3
assert not fused[1, :3].isfinite().any()
assert fused[4].tolist() == oracle[4].tolist()
compare(fused[:, 3:], oracle[:, 3:])
"""


def sheet(rows: int, n: int) -> torch.Tensor:
    x = torch.randn(rows, n, generator=torch.Generator().manual_seed(rows * n))
    return x * (x.abs() > 0.5) + torch.arange(rows)[:, None]


def compare(found: torch.Tensor, wanted: torch.Tensor) -> None:
    torch.testing.assert_close(found[2:], wanted[2:], rtol=0, atol=0)  # extremes and counts are exact
    torch.testing.assert_close(found[:2], wanted[:2], rtol=1e-5, atol=1e-3)


def test_the_kernel_interpreted_is_torch():
    """Triton's interpreter runs the kernel on the CPU; the variable must be set before Triton is imported."""
    pytest.importorskip("triton")
    path = os.pathsep.join([str(Path(rhobar.__file__).parents[1]), str(Path(__file__).parents[2])])
    environment = {**os.environ, "TRITON_INTERPRET": "1", "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", INTERPRETED], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_sheet_on_a_device_reads_the_same():
    x = sheet(70, MAX_READ)
    compare(row_sums(x.cuda()).cpu(), torch_sums(x))
    here, there = Sheet(), Sheet()
    for row in x:
        here.add(row)
        there.add(row.cuda())
    for one, two in zip(here.moments(), there.moments(), strict=True):
        assert two.rms == pytest.approx(one.rms, rel=1e-5) and two.max_abs == one.max_abs and two.zero == one.zero
