"""How little a representation changes under a transformation that should not matter.

    invariance = mean_i ‖f(T x_i) − f(x_i)‖² / mean_{i≠j} ‖f(x_i) − f(x_j)‖²

0 is invariant; 1 means that T moves a sample as far as another sample lies. The ratio cannot be fooled by scaling f;
a collapsed f has no ratio.

Textbook: B52[Info].

Reference: Goodfellow, Le, Saxe, Lee and Ng (2009), Measuring invariances in deep networks, section 3 (the idea).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from torch import Tensor, nn

from rhobar.probes.estimate import Estimate, jackknife
from rhobar.probes.representations import inputs_of, representations
from rhobar.probes.samples import checked_pair

__all__ = ["Invariance", "displacement", "invariance"]


@dataclass(frozen=True)
class Invariance:
    """The relative displacement of every layer.

    Attributes:
        layers: By module, in forward order; the first, `input`, is the transformation's effect on the data.
        skipped: Modules without activations of samples, each with the reason.
    """

    layers: dict[str, Estimate]
    skipped: dict[str, str] = field(default_factory=dict)


def invariance(
    model: nn.Module,
    batches: Iterable[object],
    transformation: Callable[[Tensor], Tensor],
    *,
    layers: Sequence[str] | None = None,
    max_samples: int = 1000,
) -> Invariance:
    """Measure how far a transformation of the inputs moves each layer's representation.

    Args:
        model: Any module, in the mode that is meant; it is left as it was.
        batches: Inputs that are one tensor each, or pairs (inputs, targets).
        transformation: T, of a whole batch of inputs.
        layers: As for `representations`.
        max_samples: Likewise.

    Raises:
        ValueError: If inputs are not tensors, T changes their number, or nothing can be measured.

    Example:
        >>> import torch
        >>> model = nn.Sequential(nn.AdaptiveAvgPool1d(1), nn.Flatten())
        >>> x = torch.randn(20, 1, 8, generator=torch.Generator().manual_seed(0))
        >>> found = invariance(model, [x], lambda x: x.roll(3, -1)).layers
        >>> found["input"].value > 0.5, found["0"].value < 1e-9
        (True, True)
    """
    plain = [inputs_of(batch)[0] for batch in batches]
    tensors = [x for x in plain if isinstance(x, Tensor)]
    if len(tensors) != len(plain):
        raise ValueError("The inputs must be one tensor each, so that the transformation can be applied to them.")
    moved = [transformation(x) for x in tensors]
    if any(a.shape[0] != b.shape[0] for a, b in zip(tensors, moved, strict=True)):
        raise ValueError("The transformation must return as many samples as it is given.")
    before = representations(model, tensors, layers=layers, max_samples=max_samples)
    after = representations(model, moved, layers=layers, max_samples=max_samples)
    pairs = {name: (x, after.layers[name]) for name, x in before.layers.items() if name in after.layers}
    if before.inputs is not None and after.inputs is not None and before.inputs.is_floating_point():
        pairs = {"input": (before.inputs, after.inputs), **pairs}
    skipped = dict(before.skipped)
    found: dict[str, Estimate] = {}
    for name, (x, y) in pairs.items():
        try:
            found[name] = displacement(x, y)
        except ValueError as error:
            skipped[name] = str(error)
    return Invariance(found, skipped)


def displacement(x: Tensor, moved: Tensor) -> Estimate:
    """Return mean ‖moved_i − x_i‖² over the mean square distance of two samples; NaN if all x are alike.

    Raises:
        ValueError: If there are fewer than three samples, shapes differ, or a value is not finite.

    Example:
        >>> import torch
        >>> displacement(torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([[1.0], [2.0], [3.0]])).value
        0.5
    """
    a, b = checked_pair(x, moved, least=3)
    if a.shape != b.shape:
        raise ValueError(f"The transformation must not change the representation's size, {a.shape[1]} to {b.shape[1]}.")
    steps = (b - a).square().sum(1)

    def ratio(kept: Tensor) -> Tensor:
        apart = 2 * a[kept].var(0).sum()  # E‖x − x'‖² of two different samples is twice the variance
        return steps[kept].mean() / apart

    value, stderr = jackknife(ratio, a.shape[0])
    return Estimate(value.item(), stderr.item()) if value.isfinite() else Estimate(float("nan"), float("nan"))
