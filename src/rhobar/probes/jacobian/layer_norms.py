"""Lipschitz constants of single layers, in the Euclidean norm, or bounds of them that hold for every input.

    linear           σ₁(W)
    convolution      max_ω σ₁(K̂(ω)) on a torus that holds the padded input: exact without borders, else from above
    activation       max |φ'|
    batch norm       max |γ|/√(var + ε), in evaluation mode
    layer norm       max |γ|/√ε, attained where the input is constant; RMS and group norm likewise
    max pooling      1 where windows do not overlap, else √(windows that share an element)

Reference: Sedghi, Gupta and Long (2019), The singular values of convolutional layers, theorem 6.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from rhobar.linalg import pointwise_slope
from rhobar.probes.jacobian.mean_field import POINTWISE

__all__ = ["layer_bound", "steepest"]

_POOLS = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
_ONE = (
    *(nn.Identity, nn.Flatten, nn.Unflatten, nn.PixelShuffle, nn.PixelUnshuffle, nn.ChannelShuffle),
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d, nn.ZeroPad1d, nn.ZeroPad2d, nn.ZeroPad3d),
)
_NORMS = (nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
_DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)


@torch.no_grad()
def layer_bound(module: nn.Module, shape: torch.Size | None) -> float:
    """Return a bound of the Lipschitz constant of one module.

    Args:
        module: The module, in the mode that is meant.
        shape: Of its input, which convolutions need.

    Note:
        A `ValueError` is raised if there is none, or none is known.

    Example:
        >>> layer_bound(nn.Sigmoid(), None)
        0.25
    """
    if isinstance(module, nn.Linear):
        return float(torch.linalg.matrix_norm(module.weight.double(), 2))
    if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        return _convolution(module, shape)
    if isinstance(module, POINTWISE):
        return 1.0 if isinstance(module, nn.Identity) else steepest(module)
    if isinstance(module, nn.PReLU):
        return max(1.0, module.weight.abs().max().item())
    if isinstance(module, nn.modules.batchnorm._BatchNorm):
        return _batch_norm(module)
    if isinstance(module, _NORMS):
        eps = torch.finfo(torch.float32).eps if module.eps is None else module.eps
        return _largest(module.weight) / math.sqrt(eps) if eps > 0 else _refuse("without ε a norm has no bound")
    if isinstance(module, _POOLS):
        return _pool(module)
    if isinstance(module, _DROPOUTS):
        return 1 / (1 - module.p) if module.training else 1.0
    if isinstance(module, nn.Softmax):
        return 0.5
    if isinstance(module, _ONE):
        return 1.0
    return _refuse(f"no bound is known for {type(module).__name__}")


def _refuse(reason: str) -> float:
    """Say why there is no bound.

    Raises:
        ValueError: Always.
    """
    raise ValueError(reason)


def steepest(phi: Callable[[Tensor], Tensor]) -> float:
    """Return max |φ'| of a function of each element alone, on a fine grid over [−30, 30], to seven digits."""
    x = torch.linspace(-30, 30, 120_001, dtype=torch.float64)
    return round(pointwise_slope(phi, x).abs().max().item(), 7)


def _largest(weight: Tensor | None) -> float:
    return 1.0 if weight is None else weight.abs().max().item()


def _batch_norm(module: nn.modules.batchnorm._BatchNorm) -> float:
    if module.training or module.running_var is None:
        return _refuse("in training mode its scale follows the batch: call eval()")
    gain = torch.ones_like(module.running_var) if module.weight is None else module.weight
    return float((gain.abs() / (module.running_var + module.eps).sqrt()).max())


def _pool(module: nn.Module) -> float:
    dims = int(type(module).__name__[-2])
    kernel, stride = (_each(getattr(module, name), dims) for name in ("kernel_size", "stride"))
    if any(d != 1 for d in _each(getattr(module, "dilation", 1), dims)):
        return _refuse("no bound is known for pooling with dilation")
    shared = math.prod(math.ceil(k / s) for k, s in zip(kernel, stride, strict=True))
    mean = math.prod(kernel) if "Avg" in type(module).__name__ else 1
    return math.sqrt(shared / mean)


def _each(value: object, dims: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (int(str(value)),) * dims


def _convolution(module: nn.Conv1d | nn.Conv2d | nn.Conv3d, shape: torch.Size | None) -> float:
    if module.padding_mode != "zeros" or shape is None:
        return _refuse("a bound is known for convolutions padded with zeros, on inputs of known size")
    K = module.weight.double()
    sizes = [
        size + d * (k - 1)
        for size, d, k in zip(shape[2:], _each(module.dilation, K.dim() - 2), K.shape[2:], strict=True)
    ]
    spread = K.new_zeros(*K.shape[:2], *sizes)
    places = tuple(slice(0, d * (k - 1) + 1, d) for d, k in zip(module.dilation, K.shape[2:], strict=True))
    spread[(slice(None), slice(None), *places)] = K
    dims = list(range(2, K.dim()))
    frequencies = torch.fft.rfftn(spread, dim=dims).flatten(2).permute(2, 0, 1)
    groups = frequencies.unflatten(1, (module.groups, -1))
    return float(torch.linalg.matrix_norm(groups, 2).max())
