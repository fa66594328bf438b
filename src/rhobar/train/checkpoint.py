"""Files that hold the whole state of a training: safetensors with the rest as JSON inside, never pickle.

A file is there whole or not at all, and one that was cut or changed is refused by its name: the JSON holds a digest of
everything else.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

__all__ = ["CorruptCheckpoint", "read_checkpoint", "write_checkpoint"]

FORMAT = "rhobar-training-1"


class CorruptCheckpoint(ValueError):
    """A checkpoint that was cut short, changed, or is no checkpoint."""


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write nested dictionaries, lists, numbers, strings and tensors to one file, atomically.

    The bytes go to a file beside it, are forced to the disk, and take the name in one move: whoever is killed at any
    moment leaves the previous file as it was.

    Tensors come back in memory of their own, with their axes in the order that they had.

    Args:
        path: The file.
        state: The tree. Keys may be strings or whole numbers.

    Anything else in the tree is refused (TypeError).

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "state"
        >>> write_checkpoint(path, {"step": 3, "weights": {0: torch.ones(2)}})
        >>> read_checkpoint(path)
        {'step': 3, 'weights': {0: tensor([1., 1.])}}
    """
    tensors: dict[str, Tensor] = {}
    text = json.dumps(_encode(state, tensors, "state"))
    metadata = {"format": FORMAT, "state": text, "sha256": _digest(text, tensors)}
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.partial")
    with beside.open("wb") as file:
        file.write(save(tensors, metadata))
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read what `write_checkpoint` wrote; tensors come on the CPU.

    Raises:
        CorruptCheckpoint: If the file is not whole, was changed, or is something else; the message names it.
        FileNotFoundError: If there is none.
    """
    if not path.exists():
        raise FileNotFoundError(f"There is no checkpoint {path}.")
    try:
        with safe_open(path, "pt", device="cpu") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 (no mapping)
    except (SafetensorError, OSError) as error:
        raise CorruptCheckpoint(
            f"The checkpoint {path} cannot be read: it was cut short or is no checkpoint ({error}). Delete it to begin "
            "anew, or name an older one."
        ) from error
    if metadata.get("format") != FORMAT:
        raise CorruptCheckpoint(
            f"{path} is not a checkpoint of this version: its format is {metadata.get('format')!r}, not {FORMAT!r}."
        )
    text = metadata.get("state")
    if text is None or metadata.get("sha256") != _digest(text, tensors):
        raise CorruptCheckpoint(
            f"The checkpoint {path} was changed after it was written: its digest does not match. Delete it to begin "
            "anew, or name an older one."
        )
    state: dict[str, Any] = _decode(json.loads(text), tensors)
    return state


def _digest(text: str, tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        t = tensors[name]
        digest.update(f"{name} {t.dtype} {tuple(t.shape)}".encode())
        digest.update(t.reshape(-1).view(torch.uint8).numpy().tobytes() if t.numel() else b"")
    return digest.hexdigest()


def _encode(tree: Any, tensors: dict[str, Tensor], name: str) -> Any:  # noqa: ANN401
    """Return the tree as JSON has it, and collect its tensors.

    Raises:
        TypeError: If the tree holds something that a file cannot.
    """
    if isinstance(tree, Tensor):
        # The order of the axes in memory is kept, too: it decides in which order sums are taken, and so the last bit.
        strides = tree.stride()
        order = sorted(range(tree.ndim), key=lambda axis: -int(strides[axis]))
        tensors[name] = tree.detach().cpu().permute(order).contiguous().clone()
        return {"tensor": name, "order": order}
    if isinstance(tree, dict):
        keys = list(tree)
        if not all(isinstance(key, str | int) and not isinstance(key, bool) for key in keys):
            raise TypeError(f"The keys of {name} must be strings or whole numbers, got {keys[:5]}.")
        return {"dict": [[key, _encode(tree[key], tensors, f"{name}.{key}")] for key in keys]}
    if isinstance(tree, list | tuple):
        parts = [_encode(part, tensors, f"{name}.{i}") for i, part in enumerate(tree)]
        return {"tuple": parts} if isinstance(tree, tuple) else parts
    if tree is None or isinstance(tree, bool | int | float | str):
        return tree
    raise TypeError(
        f"{name} must be made of tensors, numbers, strings, lists and dictionaries, got {type(tree).__name__}."
    )


def _decode(node: Any, tensors: dict[str, Tensor]) -> Any:  # noqa: ANN401
    if isinstance(node, dict):
        if "tensor" in node:
            order = node["order"]
            return tensors[node["tensor"]].permute([order.index(axis) for axis in range(len(order))])
        if "tuple" in node:
            return tuple(_decode(part, tensors) for part in node["tuple"])
        return {key: _decode(part, tensors) for key, part in node["dict"]}
    return [_decode(part, tensors) for part in node] if isinstance(node, list) else node
