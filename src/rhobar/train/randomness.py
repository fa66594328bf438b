"""The random number generators of a process: seed them, keep their state, put it back."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

__all__ = ["capture", "restore", "seed_all"]


def seed_all(seed: int) -> None:
    """Seed the global generators of torch (all devices), NumPy and Python.

    Example:
        >>> seed_all(0)
        >>> first = torch.rand(1), np.random.rand(), random.random()
        >>> seed_all(0)
        >>> first == (torch.rand(1), np.random.rand(), random.random())
        True
    """
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)


def capture(generators: Sequence[torch.Generator] = ()) -> dict[str, Any]:
    """Return the state of the global generators and of some others, as tensors and plain data."""
    kind, keys, position, has_gauss, gauss = np.random.get_state()
    state: dict[str, Any] = {
        "torch": torch.get_rng_state(),
        "numpy": [str(kind), torch.from_numpy(np.asarray(keys, dtype=np.int64)), int(position), int(has_gauss), gauss],
        "python": random.getstate(),
        "generators": [generator.get_state() for generator in generators],
    }
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state


def restore(state: dict[str, Any], generators: Sequence[torch.Generator] = ()) -> None:
    """Put back what `capture` returned; devices that are not there are left out."""
    torch.set_rng_state(state["torch"])
    kind, keys, position, has_gauss, gauss = state["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), position, has_gauss, gauss))
    version, words, gauss_next = state["python"]
    random.setstate((version, tuple(words), gauss_next))
    for generator, kept in zip(generators, state["generators"], strict=True):
        generator.set_state(kept)
    if "cuda" in state and torch.cuda.is_available() and torch.cuda.device_count() == len(state["cuda"]):
        torch.cuda.set_rng_state_all(state["cuda"])
