"""Layers: each equation as a short function, beside torch's production version or, where torch has none, ours."""

from rhobar.nn.layers.attention import attention, attention_entropy, attention_weights, multi_head_attention
from rhobar.nn.layers.convolution import conv2d, depthwise_conv2d, toeplitz
from rhobar.nn.layers.dense import DenseBlock, DenseLayer, dense_block, dense_in_channels
from rhobar.nn.layers.dropout import (
    all_masks,
    inverted_dropout,
    mask_probabilities,
    scaled_at_test,
    unscaled_dropout,
)
from rhobar.nn.layers.linear import linear
from rhobar.nn.layers.low_rank import LowRank, low_rank, truncated_svd
from rhobar.nn.layers.masks import causal_mask, padding_mask
from rhobar.nn.layers.mbconv import MBConv, mbconv
from rhobar.nn.layers.multihead import KVCache, MultiHeadAttention
from rhobar.nn.layers.pooling import avg_pool2d, global_avg_pool2d, max_pool2d
from rhobar.nn.layers.positions import Learned, Rotary, Sinusoidal, rotary_matrix, sinusoidal
from rhobar.nn.layers.recurrent import forget_bias_, gru_cell, lstm_cell, rnn_cell, rnn_output, unroll
from rhobar.nn.layers.residual import Residual, residual, residual_backward
from rhobar.nn.layers.squeeze_excite import SqueezeExcite, squeeze_excite
from rhobar.nn.layers.stochastic_depth import StochasticDepth, stochastic_depth, survival_rates
from rhobar.nn.layers.table import LAYERS, Layer

__all__ = [
    "LAYERS",
    "DenseBlock",
    "DenseLayer",
    "KVCache",
    "Layer",
    "Learned",
    "LowRank",
    "MBConv",
    "MultiHeadAttention",
    "Residual",
    "Rotary",
    "Sinusoidal",
    "SqueezeExcite",
    "StochasticDepth",
    "all_masks",
    "attention",
    "attention_entropy",
    "attention_weights",
    "avg_pool2d",
    "causal_mask",
    "conv2d",
    "dense_block",
    "dense_in_channels",
    "depthwise_conv2d",
    "forget_bias_",
    "global_avg_pool2d",
    "gru_cell",
    "inverted_dropout",
    "linear",
    "low_rank",
    "lstm_cell",
    "mask_probabilities",
    "max_pool2d",
    "mbconv",
    "multi_head_attention",
    "padding_mask",
    "residual",
    "residual_backward",
    "rnn_cell",
    "rnn_output",
    "rotary_matrix",
    "scaled_at_test",
    "sinusoidal",
    "squeeze_excite",
    "stochastic_depth",
    "survival_rates",
    "toeplitz",
    "truncated_svd",
    "unroll",
    "unscaled_dropout",
]
