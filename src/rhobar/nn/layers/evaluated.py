"""The equations evaluated with the parameters of their production modules, where that takes more than one line.

They serve `rhobar.nn.layers.table.LAYERS`: each must equal the module itself.
"""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rhobar.nn.layers.attention import attention_weights, multi_head_attention
from rhobar.nn.layers.convolution import conv2d, depthwise_conv2d
from rhobar.nn.layers.dense import DenseBlock, dense_block
from rhobar.nn.layers.dropout import inverted_dropout
from rhobar.nn.layers.linear import linear
from rhobar.nn.layers.masks import causal_mask
from rhobar.nn.layers.mbconv import mbconv
from rhobar.nn.layers.multihead import MultiHeadAttention
from rhobar.nn.layers.positions import Rotary, rotary_matrix
from rhobar.nn.layers.recurrent import gru_cell, lstm_cell, rnn_cell, unroll
from rhobar.nn.layers.squeeze_excite import squeeze_excite

__all__ = [
    "evaluate_attention",
    "evaluate_dense_block",
    "evaluate_dropped_attention",
    "evaluate_gru",
    "evaluate_lstm",
    "evaluate_mbconv",
    "evaluate_rnn",
    "evaluate_rotary",
    "evaluate_squeeze_excite",
    "evaluate_torch_attention",
]


def _norm(norm: Any, x: Tensor) -> Tensor:  # noqa: ANN401
    """Batch norm in evaluation: γ (x − μ) / √(σ² + ε) + β."""
    μ, σ2, γ, β = (t[:, None, None] for t in (norm.running_mean, norm.running_var, norm.weight, norm.bias))
    normed: Tensor = γ * (x - μ) / torch.sqrt(σ2 + norm.eps) + β
    return normed


def _silu(x: Tensor) -> Tensor:
    return x / (1 + torch.exp(-x))


def evaluate_dense_block(m: DenseBlock, x: Tensor) -> Tensor:
    """Dense connections of norm, ReLU, 1 × 1 and 3 × 3 convolutions, in evaluation."""

    def H(h: Tensor, layer: Any) -> Tensor:  # noqa: ANN401
        h = conv2d(_norm(layer[0], h).clamp(min=0), layer[2].weight)
        return conv2d(_norm(layer[3], h).clamp(min=0), layer[5].weight, padding=1)

    return dense_block(x, [partial(H, layer=layer) for layer in m.layers])


def evaluate_squeeze_excite(m: Any, x: Tensor) -> Tensor:  # noqa: ANN401
    """Squeeze-and-excitation with the weights of its 1 × 1 convolutions."""
    first, second = m.squeeze, m.excite
    return squeeze_excite(x, first.weight[:, :, 0, 0], first.bias, second.weight[:, :, 0, 0], second.bias)


def evaluate_mbconv(m: Any, x: Tensor) -> Tensor:  # noqa: ANN401
    """MBConv of stride 1 with a 3 × 3 kernel, in evaluation."""
    return mbconv(
        x,
        lambda x: _silu(_norm(m.expand[1], conv2d(x, m.expand[0].weight))),
        lambda u: _silu(_norm(m.depthwise[1], depthwise_conv2d(u, m.depthwise[0].weight, padding=1))),
        lambda v: evaluate_squeeze_excite(m.gate, v),
        lambda w: _norm(m.project[1], conv2d(w, m.project[0].weight)),
    )


def evaluate_rnn(m: nn.RNN, x: Tensor) -> Tensor:
    """One layer from a state of zeros, its two biases merged."""
    W_ih, W_hh, b_ih, b_hh = m.parameters()
    return unroll(lambda x_t, h: rnn_cell(x_t, h, W_ih, W_hh, b_ih + b_hh), x, x.new_zeros(len(x), m.hidden_size))


def evaluate_lstm(m: nn.LSTM, x: Tensor) -> Tensor:
    """One layer from a state and memory of zeros, its two biases merged."""
    W_ih, W_hh, b_ih, b_hh = m.parameters()

    def step(x_t: Tensor, state: Tensor) -> Tensor:  # the state is [h, C]
        h, C = state.chunk(2, -1)
        return torch.cat(lstm_cell(x_t, h, C, W_ih, W_hh, b_ih + b_hh), -1)

    return unroll(step, x, x.new_zeros(len(x), 2 * m.hidden_size))[..., : m.hidden_size]


def evaluate_gru(m: nn.GRU, x: Tensor) -> Tensor:
    """One layer from a state of zeros."""
    W_ih, W_hh, b_ih, b_hh = m.parameters()
    return unroll(lambda x_t, h: gru_cell(x_t, h, W_ih, W_hh, b_ih, b_hh), x, x.new_zeros(len(x), m.hidden_size))


def _heads(x: Tensor, W: Tensor, b: Tensor, W_O: Tensor, b_O: Tensor, num_heads: int, causal: bool) -> Tensor:
    """Multi-head attention with biases: those of Q, K and V as the weights of a constant feature."""
    one = torch.cat([x, torch.ones_like(x[..., :1])], -1)
    rows = torch.cat([W, b[:, None]], -1).chunk(3)
    heads = [(Q.T, K.T, V.T) for Q, K, V in zip(*(part.chunk(num_heads) for part in rows), strict=True)]
    mask = causal_mask(x.shape[1]) if causal else None
    return multi_head_attention(one, one, one, heads, W_O.T, mask) + b_O


def evaluate_torch_attention(m: nn.MultiheadAttention, x: Tensor) -> Tensor:
    """Self-attention by torch."""
    return _heads(x, m.in_proj_weight, m.in_proj_bias, m.out_proj.weight, m.out_proj.bias, m.num_heads, causal=False)


def evaluate_attention(m: MultiHeadAttention, x: Tensor) -> Tensor:
    """Self-attention by rhobar, causal or not."""
    W, W_O = m.in_proj, m.out_proj
    return _heads(x, W.weight, W.bias, W_O.weight, W_O.bias, m.num_heads, m.causal)


def evaluate_dropped_attention(m: MultiHeadAttention, x: Tensor) -> Tensor:
    """Self-attention in training, its weights dropped as torch draws them under the same seed."""
    Q, K, V = (part.unflatten(-1, (m.num_heads, -1)).movedim(2, 1) for part in m.in_proj(x).chunk(3, -1))
    A = attention_weights(Q, K)
    kept = F.dropout(torch.ones_like(A), m.dropout) != 0
    heads = inverted_dropout(A, kept, m.dropout) @ V
    return linear(heads.movedim(1, 2).flatten(2), m.out_proj.weight, m.out_proj.bias)


def evaluate_rotary(m: Rotary, x: Tensor) -> Tensor:
    """Each position multiplied by its rotation matrix."""
    R = torch.stack([rotary_matrix(t, x.shape[-1]) for t in range(x.shape[-2])])
    return torch.einsum("tij,...tj->...ti", R, x)
