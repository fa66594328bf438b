"""What a convolution contributes to the gradient of its kernel, sample by sample.

As a linear map of patches: δ_it is the gradient of the output at place t, a_it the patch that t sees, and
G_i = Σ_t δ_it a_itᵀ. Where there are more places than G_i has entries, the kernel's own backward pass, with samples as
groups, makes G_i without any patch.

Reference: Rochette, Manoel and Tramel (2019), Efficient per-example gradient computations in convolutional networks.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from rhobar.probes.noise.contributions import Convolved, Dense
from rhobar.probes.noise.layout import Layout

__all__ = ["convolution", "has_patches", "unfolded"]


def convolution(node: Any, gradient: Tensor, layout: Layout, shape: torch.Size) -> Convolved:  # noqa: ANN401
    """Return the contribution of a node `ConvolutionBackward0` to its kernel's gradients."""
    x, delta = layout.by_sample(node._saved_input), layout.by_sample(gradient)

    def make(chosen: slice) -> Tensor:
        return _wide(torch.vmap(partial(_weight_gradient, node))(x[chosen], delta[chosen]))

    def outputs(v: Tensor) -> Tensor:
        y = torch.ops.aten.convolution(x.flatten(0, 1), v.to(x.dtype), None, *_geometry(node))
        return _places(_wide(y).unflatten(0, x.shape[:2]))

    each = Dense(make, layout.samples, shape.numel())
    return Convolved(_places(_wide(delta)), each, _patches(node, x, shape), outputs, shape)


def _patches(node: Any, x: Tensor, shape: torch.Size) -> Callable[[slice], Tensor] | None:  # noqa: ANN401
    if not has_patches(node, shape):
        return None

    def patches(chosen: slice) -> Tensor:
        part = x[chosen]
        return _places(unfolded(node, part.flatten(0, 1), shape).unflatten(0, part.shape[:2]))

    return patches


def has_patches(node: Any, shape: torch.Size) -> bool:  # noqa: ANN401
    """Whether a node `ConvolutionBackward0` with a kernel of this shape is one matrix on patches of its input."""
    return node._saved_groups == 1 and not node._saved_transposed and len(shape) in (3, 4)


def unfolded(node: Any, x: Tensor, shape: torch.Size) -> Tensor:  # noqa: ANN401
    """Return the patches under the kernel, (samples, inputs · kernel, places), in float32 at least."""
    flat = len(shape) == 3
    kernel, *where = (
        (1, *given) if flat else tuple(given)
        for given in (shape[2:], node._saved_dilation, node._saved_padding, node._saved_stride)
    )
    if flat:
        where[1] = (0, *where[1][1:])
    return F.unfold(_wide(x.unsqueeze(-2) if flat else x), kernel, *where)


def _weight_gradient(node: Any, x: Tensor, delta: Tensor) -> Tensor:  # noqa: ANN401
    weight: Tensor = torch.ops.aten.convolution_backward(
        delta, x, node._saved_weight, None, *_geometry(node), [False, True, False]
    )[1]
    return weight


def _geometry(node: Any) -> tuple[Any, ...]:  # noqa: ANN401
    return (
        node._saved_stride,
        node._saved_padding,
        node._saved_dilation,
        node._saved_transposed,
        node._saved_output_padding,
        node._saved_groups,
    )


def _places(x: Tensor) -> Tensor:
    """Return (n, b, channels, …) as (n, b ·…, channels)."""
    x = x.flatten(3) if x.dim() > 3 else x.unsqueeze(-1)
    return x[:, 0].mT if x.shape[1] == 1 else x.mT.flatten(1, 2)


def _wide(x: Tensor) -> Tensor:
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
