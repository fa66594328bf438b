"""Law: what was captured comes back, for each of the generators."""

import json
import random

import numpy as np
import torch

from rhobar.train import read_checkpoint, write_checkpoint
from rhobar.train.randomness import capture, restore


def draw(generator):
    return (
        torch.rand(3).tolist(),
        np.random.rand(3).tolist(),
        random.random(),
        torch.rand(2, generator=generator).tolist(),
    )


def test_all_generators_come_back_also_through_a_file(tmp_path):
    generator = torch.Generator().manual_seed(4)
    np.random.randn()  # half of a pair is kept
    state = capture([generator])
    expected = draw(generator)
    write_checkpoint(tmp_path / "state", state)
    for kept in (state, read_checkpoint(tmp_path / "state")):
        restore(kept, [generator])
        python, rest = random.getstate(), capture([generator])
        random.setstate(python)
        assert draw(generator) == expected
        assert json.dumps(rest["python"])
