"""What each layer of a network makes of the same samples."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from rhobar.probes.restoring import restored
from rhobar.probes.second_order import eager

__all__ = ["Representations", "inputs_of", "representations"]

_SILENT = (nn.Identity, nn.Flatten, nn.Unflatten, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)


@dataclass(frozen=True)
class Representations:
    """Activations, one row a sample.

    Attributes:
        layers: By module, in the order of their first calls.
        inputs: What entered the model, if it is one tensor.
        targets: The batches' targets, if they are one tensor each.
        cut: Layers of which only evenly spaced features were kept, with their full number.
        skipped: Modules without activations of samples, each with the reason.
    """

    layers: dict[str, Float[Tensor, "samples features"]] = field(repr=False)
    inputs: Tensor | None = field(repr=False, default=None)
    targets: Tensor | None = field(repr=False, default=None)
    cut: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


def representations(
    model: nn.Module,
    batches: Iterable[object],
    *,
    layers: Sequence[str] | None = None,
    max_samples: int = 1000,
    max_features: int = 4096,
) -> Representations:
    """Run the model and keep what its layers return, on the CPU.

    Args:
        model: Any module, in the mode that is meant; it is left as it was.
        batches: Inputs, or pairs (inputs, targets).
        layers: Modules by name; by default all leaves that compute something, and the output.
        max_samples: Samples to stop at.
        max_features: Bound on the features kept of a layer.

    Returns:
        The activations. Of a module called several times in a pass the last call counts.

    Raises:
        ValueError: If there is no batch, or a name is not that of a module.

    Example:
        >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
        >>> found = representations(model, [(torch.ones(4, 2), torch.zeros(4))])
        >>> {name: tuple(x.shape) for name, x in found.layers.items()}
        {'0': (4, 3), '1': (4, 3)}
    """
    model = eager(model)
    chosen = _chosen(model, layers)
    kept: dict[str, list[Tensor]] = {}
    skipped: dict[str, str] = {}
    inputs, targets, seen = [], [], 0
    calls: dict[str, object] = {}
    handles = [m.register_forward_hook(_keep(calls, name)) for name, m in chosen.items()]
    try:
        with restored(model), torch.no_grad():
            for batch in batches:
                x, y = inputs_of(batch)
                calls.clear()
                _call(model, x)
                n = _num_rows(x)
                for name, output in calls.items():
                    _add(kept, skipped, name, output, n)
                inputs.append(x)
                targets.append(y)
                seen += n
                if seen >= max_samples:
                    break
    finally:
        for handle in handles:
            handle.remove()
    if not inputs:
        raise ValueError("batches must hold at least one batch, got none; pass a list such as [(inputs, targets)].")
    for name in chosen:
        if name not in kept:
            skipped.setdefault(name, "it was not called")
    whole = {name: torch.cat(rows)[:max_samples] for name, rows in kept.items() if name not in skipped}
    cut = {name: x.shape[1] for name, x in whole.items() if x.shape[1] > max_features}
    small = {name: _spaced(x, max_features) for name, x in whole.items()}
    return Representations(small, _joined(inputs, max_samples), _joined(targets, max_samples), cut, skipped)


def inputs_of(batch: object) -> tuple[object, object]:
    """Return inputs and targets of a batch; targets are None where it is not a pair."""
    if isinstance(batch, tuple | list) and len(batch) == 2:
        return batch[0], batch[1]
    return batch, None


def _chosen(model: nn.Module, layers: Sequence[str] | None) -> dict[str, nn.Module]:
    known = dict(model.named_modules())
    if layers is not None:
        unknown = [name for name in layers if name not in known]
        if unknown:
            some = list(islice(known, 1, 9))
            raise ValueError(f"layers must be names of modules, got {unknown}; the model has {some} and more.")
        return {name: known[name] for name in layers}
    leaves = {n: m for n, m in known.items() if not any(True for _ in m.children()) and not isinstance(m, _SILENT)}
    inside = [n for n, m in known.items() if isinstance(m, nn.MultiheadAttention)]
    leaves = {n: m for n, m in leaves.items() if not any(n.startswith(f"{outer}.") for outer in inside)}
    return leaves | {n: known[n] for n in inside} or {"": model}


def _keep(calls: dict[str, object], name: str) -> Callable[[nn.Module, Any, Any], None]:
    def hook(module: nn.Module, args: Any, output: Any) -> None:  # noqa: ANN401
        calls.pop(name, None)
        calls[name] = output

    return hook


def _call(model: nn.Module, x: object) -> object:
    if isinstance(x, dict):
        return model(**x)
    return model(*x) if isinstance(x, tuple) else model(x)


def _num_rows(x: object) -> int:
    sizes = [leaf.shape[0] for leaf in pytree.tree_leaves(x) if isinstance(leaf, Tensor) and leaf.dim()]
    return sizes[0] if sizes else 0


def _add(kept: dict[str, list[Tensor]], skipped: dict[str, str], name: str, output: object, n: int) -> None:
    """Keep a layer's output as rows, the samples' axis found by its size."""
    tensors = [t for t in pytree.tree_leaves(output) if isinstance(t, Tensor) and t.is_floating_point()]
    if not tensors:
        skipped[name] = "it returns no floating tensor"
        return
    t = tensors[0].detach()
    if t.dim() and t.shape[0] == n:
        rows = t
    elif t.dim() > 1 and t.shape[1] == n:
        rows = t.transpose(0, 1)
    else:
        skipped[name] = f"its output of shape {tuple(t.shape)} has no axis for the {n} samples"
        return
    rows = rows.reshape(n, -1).float() if t.dtype in (torch.bfloat16, torch.float16) else rows.reshape(n, -1)
    before = kept.setdefault(name, [])
    if before and before[0].shape[1] != rows.shape[1]:
        skipped[name] = f"its size changes from batch to batch, from {before[0].shape[1]} to {rows.shape[1]} features"
        return
    before.append(rows.cpu().clone())


def _spaced(x: Tensor, most: int) -> Tensor:
    if x.shape[1] <= most:
        return x
    return x[:, torch.linspace(0, x.shape[1] - 1, most).round().long()]


def _joined(parts: list[object], most: int) -> Tensor | None:
    """Join what is one tensor in every batch and of one shape."""
    tensors = [part.detach().cpu() for part in parts if isinstance(part, Tensor) and part.dim()]
    if len(tensors) != len(parts) or len({t.shape[1:] for t in tensors}) != 1:
        return None
    return torch.cat(tensors)[:most]
