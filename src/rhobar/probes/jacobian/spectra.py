"""Both ends of the singular values of every block's Jacobian, its spectral radius, and what theory predicts.

    σ_max and σ_min of J = ∂y/∂x over the whole batch, which is block diagonal where samples are independent,
    ρ(J) = max |λ| for blocks that map a space to itself, as those of a residual stream,
    the mean-field gain and the Marchenko–Pastur band of a linear map with its activation.

Textbook: A58 A60 A73

Reference: Golub and Kahan (1965); Pennington, Schoenholz and Ganguli (2017), Resurrecting the sigmoid in deep learning.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import nn

from rhobar.linalg import Band, largest_singular_value_of_blocks, smallest_singular_value, spectral_radius
from rhobar.probes.blocks import Block, find_blocks
from rhobar.probes.jacobian.mean_field import mean_field
from rhobar.probes.jacobian.operator import jacobian_operator, num_independent
from rhobar.probes.restoring import restored
from rhobar.probes.second_order import eager, twice_differentiable
from rhobar.probes.tracing import Inputs, Trace, trace_forward

__all__ = ["LayerSpectrum", "layer_spectra"]

_NAN = float("nan")


@dataclass(frozen=True)
class LayerSpectrum:
    """The extremes of one block's Jacobian.

    Attributes:
        name: Its linear maps, joined by `+`.
        modules: All leaf modules called in it.
        chained: Whether all of the signal flows through it.
        shape: (outputs, inputs) of J over the batch.
        sigma_max: From below.
        sigma_max_residual: J has a singular value within this distance of it.
        sigma_min: The smallest of the min(outputs, inputs) singular values, from above.
        sigma_min_residual: J has a singular value within this distance of it.
        radius: ρ(J); NaN if input and output differ in shape.
        radius_residual: A matrix within this distance of J has an eigenvalue of that size.
        converged: Whether every number reached its tolerance.
        predicted_gain: The mean-field value of ‖J‖_F/√outputs; NaN with its reason in `unpredicted`.
        band: Of the singular values of a sample's Jacobian, if its weights were independent; `None` if not predicted.
        unpredicted: Why there is no prediction; empty if there is.
        num_products: Products with J or Jᵀ.
        reason: Why numbers are missing (NaN); empty if none are.
    """

    name: str
    modules: tuple[str, ...] = ()
    chained: bool = False
    shape: tuple[int, int] = (0, 0)
    sigma_max: float = _NAN
    sigma_max_residual: float = _NAN
    sigma_min: float = _NAN
    sigma_min_residual: float = _NAN
    radius: float = _NAN
    radius_residual: float = _NAN
    converged: bool = False
    predicted_gain: float = _NAN
    band: Band | None = None
    unpredicted: str = ""
    num_products: int = 0
    reason: str = ""


def layer_spectra(
    model: nn.Module,
    inputs: Inputs,
    *,
    max_steps: int = 60,
    tol: float = 1e-2,
    generator: torch.Generator | None = None,
) -> tuple[LayerSpectrum, ...]:
    """Measure both ends of every block of `model` on `inputs`, in forward order.

    The blocks are those of `layer_gains`, which costs less; this takes up to 5 `max_steps` products a block.

    Args:
        model: Any module, in the mode that is meant; it is left as it was.
        inputs: One tensor, a sequence of positional or a mapping of keyword arguments; use few samples.
        max_steps: Bound on the steps of each search.
        tol: Relative residual at which they stop; of σ_min relative to σ_max.
        generator: Source of the random vectors; by default one seeded with zero.

    Returns:
        One entry a block. A linear map that cannot be measured has an entry with its `reason` and NaN.

    Note:
        A `ValueError` is raised if the model is not initialised.

    Example:
        >>> model = nn.Sequential(nn.Linear(2, 2, bias=False))
        >>> _ = model[0].weight.data.copy_(torch.tensor([[0.0, -2.0], [1.0, 0.0]]))
        >>> (found,) = layer_spectra(model, torch.ones(1, 2))
        >>> round(found.sigma_max, 4), round(found.sigma_min, 4), round(found.radius, 4)
        (2.0, 1.0, 1.4142)
    """
    generator = generator or torch.Generator().manual_seed(0)
    model = eager(model)
    with restored(model), twice_differentiable(model):
        trace = trace_forward(model, inputs)
        blocks = find_blocks(model, trace)
        return tuple(_predicted(_measured(b, max_steps, tol, generator), b, model, trace) for b in blocks)


def _measured(block: Block, max_steps: int, tol: float, generator: torch.Generator) -> LayerSpectrum:
    found = LayerSpectrum(block.name, block.modules, block.chained, reason=block.reason)
    if block.start is None or block.end is None:
        return found
    try:
        J = jacobian_operator(block.start, block.end)
        found = replace(found, shape=J.shape)
        samples = num_independent(J, block.start, block.end, generator)
        top = largest_singular_value_of_blocks(J, samples, max_steps=max_steps, tol=tol, generator=generator)
        low = smallest_singular_value(J, max_steps=max_steps, tol=tol, generator=generator)
        square = block.start.shape == block.end.shape
        radius = spectral_radius(J, max_steps=max_steps, tol=tol, generator=generator) if square else None
    except RuntimeError as error:  # an operation without a (second) derivative, or out of memory
        return replace(found, reason=str(error).strip().partition("\n")[0])
    return replace(
        found,
        sigma_max=top.value,
        sigma_max_residual=top.residual,
        sigma_min=low.value,
        sigma_min_residual=low.residual,
        radius=radius.value if radius else _NAN,
        radius_residual=radius.residual if radius else _NAN,
        converged=top.converged and low.converged and (radius is None or radius.converged),
        num_products=2 + top.num_matvecs + low.num_matvecs + (radius.num_matvecs if radius else 0),
        reason="" if math.isfinite(top.value + low.value) else "its Jacobian is not finite",
    )


def _predicted(found: LayerSpectrum, block: Block, model: nn.Module, trace: Trace) -> LayerSpectrum:
    """Add the mean-field numbers where the block is one map with one activation, and nothing written between."""
    if found.reason or block.start is None or block.end is None:
        return found
    names = [name.partition("#")[0] for name in block.modules]
    modules = [model if n == type(model).__name__ and not hasattr(model, n) else model.get_submodule(n) for n in names]
    last = [call for call in trace.calls if call.leaf and call.name == block.modules[-1]] if block.modules else []
    if not last or block.end.edge not in last[0].made:
        return replace(found, unpredicted="something is computed in it that is no module")
    if len(modules) > 2:
        return replace(found, unpredicted=f"it holds {', '.join(block.modules)}, not one map and one activation")
    try:
        theory = mean_field(modules[0], modules[1] if len(modules) == 2 else None, block.start.rms)
    except ValueError:
        kinds = " and ".join(type(module).__name__ for module in modules)
        return replace(found, unpredicted=f"there is no theory for {kinds}")
    return replace(found, predicted_gain=theory.gain, band=theory.band)
