"""What each operation of autograd contributes to the gradients of the samples, from what it saved for backward.

A rule takes the node, the gradient of its output, the layout of the rows and the shape of the parameter.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from rhobar.probes.noise.contributions import Contribution, Outer, Rows, held
from rhobar.probes.noise.convolution import convolution
from rhobar.probes.noise.layout import Layout

__all__ = ["RULES", "Rule", "leading_dims"]

Rule = Callable[[Any, Tensor, Layout, torch.Size], Contribution]
_LAST = ("AddBackward0", "SubBackward0", "MulBackward0", "NativeLayerNormBackward0")


def leading_dims(name: str, gradient_dim: int, shape: torch.Size) -> int:
    """Return how many leading dimensions of an operation's output are rows, of which each belongs to one sample."""
    if name == "EmbeddingBackward0":
        return gradient_dim - 1
    if name in _LAST:
        own = len(shape)
        while own and shape[len(shape) - own] == 1:
            own -= 1
        return max(1, gradient_dim - own)
    return 1


def _rows(x: Tensor, lead: int) -> Tensor:
    wide = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
    return wide.flatten(0, lead - 1)


def _matrix(saved: str, transposed: bool) -> Rule:
    """Y = a Wᵀ, with W entered transposed, or y = a W."""

    def rule(node: Any, gradient: Tensor, layout: Layout, shape: torch.Size) -> Contribution:  # noqa: ANN401
        scale = float(getattr(node, "_saved_alpha", 1))
        delta = layout.by_sample(_rows(gradient if scale == 1 else gradient * scale, 1))
        a = layout.by_sample(_rows(getattr(node, saved), 1))
        return Outer(delta, a, flipped=not transposed)

    return rule


def _term(scale_name: str, sign: float = 1.0) -> Rule:
    """A term that was broadcast: its gradient is the sum over what it was broadcast to."""

    def rule(node: Any, gradient: Tensor, layout: Layout, shape: torch.Size) -> Contribution:  # noqa: ANN401
        scale = sign * (float(getattr(node, scale_name)) if scale_name else 1.0)
        gradient = gradient if scale == 1 else gradient * scale
        lead = leading_dims(node.name(), gradient.dim(), shape)
        return held(_summed_to(layout.by_sample(_rows(gradient, lead)), shape))

    return rule


def _factor(other: str) -> Rule:
    """A factor p of y = p · x, likewise."""

    def rule(node: Any, gradient: Tensor, layout: Layout, shape: torch.Size) -> Contribution:  # noqa: ANN401
        lead = leading_dims(node.name(), gradient.dim(), shape)
        return held(_summed_to(layout.by_sample(_rows(gradient * getattr(node, other), lead)), shape))

    return rule


def _summed_to(x: Tensor, shape: torch.Size) -> Tensor:
    """Sum (n, t, …) over t, and over the dimensions along which `shape` was broadcast."""
    x = x[:, 0] if x.shape[1] == 1 else x.sum(1)
    own = tuple(shape)
    while own and len(own) > x.dim() - 1:
        own = own[1:]  # a leading one
    padded = (1,) * (x.dim() - 1 - len(own)) + own
    dims = [i + 1 for i, size in enumerate(padded) if size == 1 and x.shape[i + 1] != 1]
    return (x.sum(dims) if dims else x).reshape(x.shape[0], *shape)


def _embedding(node: Any, gradient: Tensor, layout: Layout, shape: torch.Size) -> Contribution:  # noqa: ANN401
    """The row of the padding index gets nothing. Counts of `scale_grad_by_freq` are those of the batch."""
    indices, padding = node._saved_indices.reshape(-1), int(node._saved_padding_idx)
    delta = _rows(gradient, gradient.dim() - 1)
    if 0 <= padding < shape[0]:
        delta = delta * (indices != padding).unsqueeze(-1)
    if node._saved_scale_grad_by_freq:
        delta = delta / indices.bincount(minlength=shape[0])[indices].unsqueeze(-1)
    return Rows(layout.by_sample(indices), layout.by_sample(delta), shape)


def _layer_norm(slot: int) -> Rule:
    def rule(node: Any, gradient: Tensor, layout: Layout, shape: torch.Size) -> Contribution:  # noqa: ANN401
        if slot == 1:
            gradient = gradient * ((node._saved_input - node._saved_result1) * node._saved_result2)
        return held(layout.by_sample(_rows(gradient, gradient.dim() - len(shape))).sum(1))

    return rule


def _batch_norm(slot: int) -> Rule:
    def rule(node: Any, gradient: Tensor, layout: Layout, shape: torch.Size) -> Contribution:  # noqa: ANN401
        if slot == 1:
            if node._saved_training:
                mean, rstd = node._saved_result1, node._saved_result2
            else:
                mean, rstd = node._saved_running_mean, (node._saved_running_var + node._saved_eps).rsqrt()
            centred = node._saved_input - mean.view((1, -1) + (1,) * (gradient.dim() - 2))
            return _channels(centred.mul_(gradient), layout, rstd)
        return _channels(gradient, layout)

    return rule


def _group_norm(slot: int) -> Rule:
    def rule(node: Any, gradient: Tensor, layout: Layout, shape: torch.Size) -> Contribution:  # noqa: ANN401
        if slot == 1:
            grouped = node._saved_input.reshape(node._saved_N, node._saved_group, -1)
            mean, rstd = (r.view(*grouped.shape[:2], 1) for r in (node._saved_result1, node._saved_result2))
            gradient = gradient * ((grouped - mean) * rstd).view_as(gradient)
        return _channels(gradient, layout)

    return rule


def _channels(x: Tensor, layout: Layout, scale: Tensor | float = 1.0) -> Contribution:
    """Sum (rows, channels, …) over all but sample and channel, and scale the channels."""
    x = _rows(x, 1)
    return held(layout.by_sample(x.flatten(2).sum(2) if x.dim() > 2 else x).sum(1) * scale)


def _convolution_bias(node: Any, gradient: Tensor, layout: Layout, shape: torch.Size) -> Contribution:  # noqa: ANN401
    return _channels(gradient, layout)


RULES: dict[tuple[str, int, bool], Rule] = {
    ("AddmmBackward0", 0, False): _term("_saved_beta"),
    ("AddmmBackward0", 2, True): _matrix("_saved_mat1", True),
    ("AddmmBackward0", 2, False): _matrix("_saved_mat1", False),
    ("MmBackward0", 1, True): _matrix("_saved_self", True),
    ("MmBackward0", 1, False): _matrix("_saved_self", False),
    ("AddBackward0", 0, False): _term(""),
    ("AddBackward0", 1, False): _term("_saved_alpha"),
    ("SubBackward0", 0, False): _term(""),
    ("SubBackward0", 1, False): _term("_saved_alpha", -1.0),
    ("MulBackward0", 0, False): _factor("_saved_other"),
    ("MulBackward0", 1, False): _factor("_saved_self"),
    ("EmbeddingBackward0", 0, False): _embedding,
    ("NativeLayerNormBackward0", 1, False): _layer_norm(1),
    ("NativeLayerNormBackward0", 2, False): _layer_norm(2),
    ("NativeBatchNormBackward0", 1, False): _batch_norm(1),
    ("NativeBatchNormBackward0", 2, False): _batch_norm(2),
    ("NativeGroupNormBackward0", 1, False): _group_norm(1),
    ("NativeGroupNormBackward0", 2, False): _group_norm(2),
    ("ConvolutionBackward0", 1, False): convolution,
    ("ConvolutionBackward0", 2, False): _convolution_bias,
}
"""By the node's name, the slot of the parameter, and whether it was transposed before."""
