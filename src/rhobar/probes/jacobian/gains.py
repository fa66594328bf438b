"""How much each layer stretches a signal, and their product over depth: ρ̄.

For a block y = f(x) with Jacobian J = ∂y/∂x (n_out × n_in, the whole batch at once), measured on the signal
that is really there:

    forward gain    rms(y) / rms(x)
    Jacobian gain   ‖J‖_F / √n_out,   ‖J‖_F² = E ‖Jᵀ v‖²  for  E[v vᵀ] = I      (Hutchinson)
    largest gain    σ₁(J) = max ‖J δ‖ / ‖δ‖                                       (Golub and Kahan)

The Jacobian gain is the factor by which the block multiplies the rms of a small random change of its input.
Over depth L the factors multiply; ρ̄ is their geometric mean. Signals explode with ρ̄ᴸ ≫ 1 and vanish with
ρ̄ᴸ ≪ 1.

A block reaches from the input of one linear map (linear, convolution, recurrent, attention) to the input of
the next one that depends on it, so norms, activations and whatever is computed between belong to it, module
or not. Blocks on a branch around which the signal also flows are measured, but the product takes the whole
from where the branch leaves to where it has come back.

Textbook: A61, A82.

References:
    Poole et al. (2016), Exponential expressivity in deep neural networks through transient chaos, eq. 7 (χ).
    Pennington, Schoenholz and Ganguli (2017), Resurrecting the sigmoid in deep learning, section 2.
    Hutchinson (1989); Golub and Kahan (1965).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from rhobar.linalg import LinearOperator, largest_singular_value_of_blocks
from rhobar.probes.blocks import Block, find_blocks
from rhobar.probes.jacobian.operator import jacobian_operator, num_independent, signs
from rhobar.probes.restoring import restored
from rhobar.probes.second_order import eager, twice_differentiable
from rhobar.probes.tracing import Inputs, trace_forward

__all__ = ["ChainGain", "LayerGain", "chain_gain", "layer_gains"]

_NAN = float("nan")


@dataclass(frozen=True)
class LayerGain:
    """What one block does to the signal.

    Attributes:
        name: Its linear maps, joined by `+`.
        modules: All leaf modules called from its start to its end.
        chained: Whether all of the signal flows through it, so that it is a factor of the product over depth.
        forward: rms(y) / rms(x).
        jacobian: ‖J‖_F / √n_out.
        jacobian_stderr: Standard error of `jacobian`.
        sigma_max: The largest singular value of J, from below.
        sigma_residual: J has a singular value within this distance of `sigma_max`.
        num_products: Products with J or Jᵀ.
        reason: Why numbers are missing (NaN); empty if none are.
    """

    name: str
    modules: tuple[str, ...] = ()
    chained: bool = False
    forward: float = _NAN
    jacobian: float = _NAN
    jacobian_stderr: float = _NAN
    sigma_max: float = _NAN
    sigma_residual: float = _NAN
    num_products: int = 0
    reason: str = ""


@dataclass(frozen=True)
class ChainGain:
    """The product of gains over depth.

    Attributes:
        product: ∏ g_l over the chained blocks; NaN if there is none.
        mean: ρ̄ = (∏ g_l)^(1/L), the geometric mean.
        mean_stderr: Standard error of `mean`.
        depth: L, the number of factors.
        missing: Names of chained blocks whose gain is not known; the product leaves them out.
    """

    product: float
    mean: float
    mean_stderr: float
    depth: int
    missing: tuple[str, ...] = ()


def layer_gains(
    model: nn.Module,
    inputs: Inputs,
    *,
    num_probes: int = 8,
    max_steps: int = 12,
    tol: float = 1e-2,
    generator: torch.Generator | None = None,
) -> tuple[LayerGain, ...]:
    """Measure every block of `model` on `inputs`, in forward order.

    Runs one forward pass in the model's present mode and keeps its graph: use few samples. Modes, buffers,
    gradients, hooks and random states are as before afterwards.

    Args:
        model: Any module.
        inputs: One tensor, a sequence of positional or a mapping of keyword arguments.
        num_probes: Random vectors per block for the Jacobian gain, at least two.
        max_steps: Bound on the Golub–Kahan steps per block.
        tol: Relative residual at which they stop.
        generator: Source of the random vectors; by default one seeded with zero.

    Returns:
        One entry a block. A linear map that cannot be measured has an entry with its `reason` and NaN.

    Raises:
        ValueError: If fewer than two probes are allowed, or the model is not initialised.

    Example:
        >>> model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 1, bias=False))
        >>> _ = nn.init.eye_(model[0].weight), nn.init.constant_(model[1].weight, 3.0)
        >>> [round(gain.sigma_max, 2) for gain in layer_gains(model, torch.ones(1, 2))]
        [1.0, 4.24]
    """
    if num_probes < 2:
        raise ValueError(f"num_probes must be at least 2, got {num_probes}; one gives no standard error.")
    generator = generator or torch.Generator().manual_seed(0)
    model = eager(model)
    with restored(model), twice_differentiable(model):
        trace = trace_forward(model, inputs)
        return tuple(_measure(b, num_probes, max_steps, tol, generator) for b in find_blocks(model, trace))


def chain_gain(gains: Sequence[LayerGain]) -> ChainGain:
    """Multiply the Jacobian gains of the chained blocks.

    log ρ̄ = (1/L) Σ log g_l, with variance (1/L²) Σ (stderr_l / g_l)².

    Returns:
        The product and its geometric mean ρ̄. It is the gain of the whole chain if the blocks' Jacobians are
        independently and isotropically oriented, as at initialisation, and an indication otherwise.

    Example:
        >>> gains = [LayerGain("a", chained=True, jacobian=4.0, jacobian_stderr=0.0)] * 2
        >>> chain_gain(gains).mean
        4.0
    """
    chained = [gain for gain in gains if gain.chained]
    known = [gain for gain in chained if not math.isnan(gain.jacobian)]
    missing = tuple(gain.name for gain in chained if math.isnan(gain.jacobian))
    if not known:
        return ChainGain(_NAN, _NAN, _NAN, 0, missing)
    depth = len(known)
    if any(gain.jacobian == 0 for gain in known):
        return ChainGain(0.0, 0.0, 0.0, depth, missing)
    log_product = sum(math.log(gain.jacobian) for gain in known)
    mean = _exp(log_product / depth)
    relative = math.sqrt(sum((gain.jacobian_stderr / gain.jacobian) ** 2 for gain in known)) / depth
    return ChainGain(_exp(log_product), mean, mean * relative, depth, missing)


def _exp(x: float) -> float:
    return math.exp(x) if x < 709 else math.inf


def _measure(block: Block, num_probes: int, max_steps: int, tol: float, generator: torch.Generator) -> LayerGain:
    gain = LayerGain(block.name, block.modules, block.chained, reason=block.reason)
    if block.start is None or block.end is None:
        return gain
    rms = block.start.rms
    gain = replace(gain, forward=block.end.rms / rms if rms else _NAN)
    try:
        J = jacobian_operator(block.start, block.end)
        value, stderr = _frobenius_gain(J, num_probes, generator)
        gain = replace(gain, jacobian=value, jacobian_stderr=stderr, num_products=num_probes)
        samples = num_independent(J, block.start, block.end, generator)
        sigma = largest_singular_value_of_blocks(J, samples, max_steps=max_steps, tol=tol, generator=generator)
    except RuntimeError as error:  # an operation without a (second) derivative, or out of memory
        return replace(gain, reason=str(error).strip().partition("\n")[0])
    return replace(
        gain,
        sigma_max=sigma.value,
        sigma_residual=sigma.residual,
        num_products=num_probes + 2 + sigma.num_matvecs,
        reason="" if math.isfinite(value + sigma.value) else "its Jacobian is not finite",
    )


def _frobenius_gain(J: LinearOperator, num_probes: int, generator: torch.Generator) -> tuple[float, float]:
    """Estimate g = ‖J‖_F / √m from q = ‖Jᵀ v‖² / m, E q = g²; the error of g is that of q over 2 g."""
    m, _ = J.shape
    squares = []
    for _ in range(num_probes):
        JTv = J.T @ signs(J, generator)
        squares.append(torch.linalg.vector_norm(JTv).double() ** 2 / m)
    q = torch.stack(squares)
    g = q.mean().sqrt().item()
    stderr = (q.std() / num_probes**0.5).item()
    return g, stderr / (2 * g) if g else 0.0
