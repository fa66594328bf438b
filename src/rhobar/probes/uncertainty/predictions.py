"""What a classifier says of every sample: probabilities beside the true classes."""

from collections.abc import Iterable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from rhobar.probes.representations import inputs_of
from rhobar.probes.restoring import restored
from rhobar.probes.second_order import eager

__all__ = ["checked_probabilities", "predicted_logits"]


def predicted_logits(
    model: nn.Module, batches: Iterable[object], *, evaluating: bool = True
) -> tuple[Float[Tensor, "samples classes"], Int[Tensor, " samples"]]:
    """Return logits and classes of all samples, in float64 on the CPU.

    Args:
        model: A classifier that returns logits, one row a sample; it is left as it was.
        batches: Pairs (inputs, classes).
        evaluating: Whether to run it in eval mode.

    Raises:
        ValueError: If there is no batch, or outputs and targets are not those of a classifier.
    """
    model = eager(model)
    logits, classes = [], []
    with restored(model), torch.no_grad():
        if evaluating:
            model.eval()
        for batch in batches:
            x, y = inputs_of(batch)
            out = model(*x) if isinstance(x, tuple) else model(x)
            if not (isinstance(out, Tensor) and out.dim() == 2 and isinstance(y, Tensor) and y.shape == out.shape[:1]):
                shapes = [tuple(t.shape) if isinstance(t, Tensor) else type(t).__name__ for t in (out, y)]
                raise ValueError(
                    "A classifier is needed: outputs of the shape (samples, classes) and one class a sample, got "
                    f"{shapes[0]} and {shapes[1]}."
                )
            if y.is_floating_point() or out.shape[1] < 2:
                raise ValueError(f"The targets must be whole numbers of at least two classes, got {y.dtype}.")
            logits.append(out.double().cpu())
            classes.append(y.cpu())
    if not logits:
        raise ValueError("batches must hold at least one batch, got none; pass a list such as [(inputs, targets)].")
    return torch.cat(logits), torch.cat(classes)


def checked_probabilities(
    probabilities: Tensor, classes: Tensor
) -> tuple[Float[Tensor, "samples classes"], Int[Tensor, " samples"]]:
    """Return probabilities in float64, and classes.

    Raises:
        ValueError: If they do not fit, are not finite, or do not sum to one.
    """
    p, classes = probabilities.detach().double().cpu(), classes.cpu()
    if p.dim() != 2 or p.shape[0] < 2 or p.shape[1] < 2 or classes.shape != p.shape[:1] or classes.is_floating_point():
        raise ValueError(
            "probabilities must have the shape (samples, classes), two of each at least, and classes one number each, "
            f"got {tuple(p.shape)} and {tuple(classes.shape)} of {classes.dtype}."
        )
    if not p.isfinite().all() or (p < -1e-6).any() or ((p.sum(1) - 1).abs() > 1e-3).any():
        raise ValueError("Probabilities must be finite, each row of sum one; pass logits.softmax(1), not logits.")
    if int(classes.min()) < 0 or int(classes.max()) >= p.shape[1]:
        raise ValueError(f"classes must lie in 0 … {p.shape[1] - 1}, got {int(classes.min())} to {int(classes.max())}.")
    return p, classes
