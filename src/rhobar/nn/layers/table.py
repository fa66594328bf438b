"""All layers in one table: what runs in production, and the equation that it must obey.

A new layer is one row here; the laws of ``tests/nn/layers/test_laws.py`` then hold for it: formula equals production
to 1e-12 in float64, gradients equal and checked by finite differences, shapes, independence of the samples of a batch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from rhobar.nn.layers.convolution import conv2d, depthwise_conv2d
from rhobar.nn.layers.dense import DenseBlock
from rhobar.nn.layers.dropout import inverted_dropout
from rhobar.nn.layers.evaluated import (
    evaluate_attention,
    evaluate_dense_block,
    evaluate_dropped_attention,
    evaluate_gru,
    evaluate_lstm,
    evaluate_mbconv,
    evaluate_rnn,
    evaluate_rotary,
    evaluate_squeeze_excite,
    evaluate_torch_attention,
)
from rhobar.nn.layers.linear import linear
from rhobar.nn.layers.low_rank import low_rank
from rhobar.nn.layers.mbconv import MBConv
from rhobar.nn.layers.multihead import MultiHeadAttention
from rhobar.nn.layers.pooling import avg_pool2d, global_avg_pool2d, max_pool2d
from rhobar.nn.layers.positions import Learned, Rotary, Sinusoidal, sinusoidal
from rhobar.nn.layers.residual import Residual, residual
from rhobar.nn.layers.squeeze_excite import SqueezeExcite
from rhobar.nn.layers.stochastic_depth import StochasticDepth, stochastic_depth

__all__ = ["LAYERS", "Layer"]

M = TypeVar("M", bound=nn.Module)
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layer(Generic[M]):
    """A layer's production version and its equation.

    Attributes:
        summary: What it does, in one line.
        make: Builds a small one, with random parameters.
        formula: The equation, evaluated with the parameters of the module; random masks are drawn as it draws them.
        shapes: Input shapes, the batch first, each with the shape that must come out.
        textbook: Ids of the textbook index.
        random: Whether it draws random numbers in training; the equation then holds in training, under one seed.
        call: How the module maps one tensor to one tensor.
    """

    summary: str
    make: Callable[[], M] = field(repr=False)
    formula: Callable[[M, Tensor], Tensor] = field(repr=False)
    shapes: Mapping[Shape, Shape] = field(repr=False)
    textbook: str = ""
    random: bool = False
    call: Callable[[M, Tensor], Tensor] = field(default=lambda module, x: module(x), repr=False)


def _used(module: M) -> M:
    """Give norms what some training would: no parameter or statistic at its trivial value."""
    norms: list[Any] = [child for child in module.modules() if isinstance(child, nn.BatchNorm2d)]
    for norm in norms:
        for values, low in ((norm.running_mean, -1.0), (norm.running_var, 0.5), (norm.weight, 0.5), (norm.bias, -1.0)):
            nn.init.uniform_(values, low, low + 2)
    return module.eval()


LAYERS: Mapping[str, Layer[Any]] = {
    "linear": Layer(
        "Every output is a weighted sum of every input.",
        lambda: nn.Linear(5, 3),
        lambda m, x: linear(x, m.weight, m.bias),
        {(4, 5): (4, 3), (1, 7, 5): (1, 7, 3)},
    ),
    "convolution": Layer(
        "One small kernel, slid over the image.",
        lambda: nn.Conv2d(2, 3, (3, 2)),
        lambda m, x: conv2d(x, m.weight, m.bias),
        {(2, 2, 7, 5): (2, 3, 5, 4), (3, 2, 3, 2): (3, 3, 1, 1)},
        "C55",
    ),
    "strided convolution": Layer(
        "A kernel that moves by several pixels, over an image padded with zeros.",
        lambda: nn.Conv2d(2, 3, 3, stride=2, padding=1),
        lambda m, x: conv2d(x, m.weight, m.bias, stride=2, padding=1),
        {(2, 2, 7, 5): (2, 3, 4, 3), (1, 2, 1, 6): (1, 3, 1, 3)},
        "C55",
    ),
    "depthwise convolution": Layer(
        "A kernel for each channel; no sum over channels.",
        lambda: nn.Conv2d(3, 3, 3, padding=1, groups=3),
        lambda m, x: depthwise_conv2d(x, m.weight, m.bias, padding=1),
        {(2, 3, 5, 7): (2, 3, 5, 7)},
    ),
    "max pooling": Layer(
        "The largest value of each window.",
        lambda: nn.MaxPool2d(3, 2),
        lambda m, x: max_pool2d(x, 3, 2),
        {(2, 3, 7, 5): (2, 3, 3, 2), (1, 1, 8, 3): (1, 1, 3, 1)},
        "C56",
    ),
    "average pooling": Layer(
        "The mean of each window.",
        lambda: nn.AvgPool2d(2),
        lambda m, x: avg_pool2d(x, 2),
        {(2, 3, 7, 5): (2, 3, 3, 2)},
        "C-§6.2.2b",
    ),
    "global average pooling": Layer(
        "The mean of each channel over the image.",
        lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        lambda m, x: global_avg_pool2d(x),
        {(2, 3, 7, 5): (2, 3)},
    ),
    "residual": Layer(
        "A block adds to its input instead of replacing it.",
        lambda: Residual(nn.Linear(5, 5), scale=0.5),
        lambda m, x: residual(x, 0.5 * linear(x, m.branch.weight, m.branch.bias)),
        {(3, 5): (3, 5), (2, 7, 5): (2, 7, 5)},
        "C75, C79, C80",
    ),
    "dense block": Layer(
        "Each layer reads the outputs of all layers before it.",
        lambda: _used(DenseBlock(3, num_layers=2, growth=2, bottleneck=2)),
        evaluate_dense_block,
        {(2, 3, 5, 3): (2, 7, 5, 3), (1, 3, 1, 1): (1, 7, 1, 1)},
        "C81",
    ),
    "squeeze-and-excitation": Layer(
        "Each channel is scaled by a gate that saw the whole image.",
        lambda: SqueezeExcite(5, 2),
        evaluate_squeeze_excite,
        {(2, 5, 7, 3): (2, 5, 7, 3), (1, 5, 1, 1): (1, 5, 1, 1)},
    ),
    "MBConv": Layer(
        "Widen, filter each channel by itself, gate, and narrow again, around an identity.",
        lambda: _used(MBConv(4, 4, kernel_size=3, expand_ratio=2, eps=1e-3)),
        evaluate_mbconv,
        {(2, 4, 5, 3): (2, 4, 5, 3)},
    ),
    "RNN": Layer(
        "The old state is mixed with the input.",
        lambda: nn.RNN(3, 4, batch_first=True),
        evaluate_rnn,
        {(2, 5, 3): (2, 5, 4), (1, 1, 3): (1, 1, 4)},
        "C57",
        call=lambda m, x: m(x)[0],
    ),
    "LSTM": Layer(
        "Gates write, forget and read a memory.",
        lambda: nn.LSTM(3, 4, batch_first=True),
        evaluate_lstm,
        {(2, 5, 3): (2, 5, 4), (1, 1, 3): (1, 1, 4)},
        "C59–C64",
        call=lambda m, x: m(x)[0],
    ),
    "GRU": Layer(
        "One gate balances the old state against a candidate, another hides the state from it.",
        lambda: nn.GRU(3, 4, batch_first=True),
        evaluate_gru,
        {(2, 5, 3): (2, 5, 4), (1, 1, 3): (1, 1, 4)},
        call=lambda m, x: m(x)[0],
    ),
    "attention (torch)": Layer(
        "Each token takes an average of values, in several heads.",
        lambda: nn.MultiheadAttention(6, 2, batch_first=True),
        evaluate_torch_attention,
        {(2, 5, 6): (2, 5, 6), (1, 1, 6): (1, 1, 6)},
        "C65, C66, C67",
        call=lambda m, x: m(x, x, x, need_weights=False)[0],
    ),
    "attention": Layer(
        "The same with a cache for generation and rotary positions.",
        lambda: MultiHeadAttention(6, 3),
        evaluate_attention,
        {(2, 5, 6): (2, 5, 6), (1, 1, 6): (1, 1, 6)},
        "C65, C66, C67",
    ),
    "causal attention": Layer(
        "Each token sees itself and the past only.",
        lambda: MultiHeadAttention(6, 2, causal=True),
        evaluate_attention,
        {(2, 5, 6): (2, 5, 6), (1, 1, 6): (1, 1, 6)},
        "C65, C66, C67, C-§6.4.3",
    ),
    "attention dropout": Layer(
        "Weights of attention are dropped in training.",
        lambda: MultiHeadAttention(6, 2, dropout=0.3),
        evaluate_dropped_attention,
        {(2, 5, 6): (2, 5, 6)},
        "A91",
        random=True,
    ),
    "sinusoidal positions": Layer(
        "Each position as the angles of clocks of different speed, added to the token.",
        lambda: Sinusoidal(9, 6),
        lambda m, x: x + sinusoidal(x.shape[1], 6),
        {(2, 5, 6): (2, 5, 6), (1, 9, 6): (1, 9, 6)},
        "C-§6.4.3",
    ),
    "learned positions": Layer(
        "A learned vector for each position, added to the token.",
        lambda: Learned(9, 5),
        lambda m, x: x + m.weight[: x.shape[1]],
        {(2, 5, 5): (2, 5, 5), (1, 9, 5): (1, 9, 5)},
    ),
    "rotary positions": Layer(
        "Queries and keys are rotated by their position.",
        lambda: Rotary(6, max_length=9),
        evaluate_rotary,
        {(2, 5, 6): (2, 5, 6), (1, 3, 9, 6): (1, 3, 9, 6)},
    ),
    "dropout": Layer(
        "Units are dropped at random in training, and the others scaled.",
        lambda: nn.Dropout(0.3),
        lambda m, x: inverted_dropout(x, m(torch.ones_like(x)) != 0, m.p),
        {(3, 5): (3, 5), (1, 3, 7): (1, 3, 7)},
        "A88, C77",
        random=True,
    ),
    "stochastic depth": Layer(
        "Whole residual branches are dropped at random in training.",
        lambda: StochasticDepth(0.3),
        lambda m, x: stochastic_depth(x, m(torch.ones_like(x[:, :1]))[:, 0] != 0, m.p),
        {(7, 5): (7, 5), (1, 3): (1, 3)},
        "A91",
        random=True,
    ),
    "low rank": Layer(
        "A linear layer replaced by two thinner ones, its error known in advance.",
        lambda: low_rank(nn.Linear(5, 4), 2).module,
        lambda m, x: linear(linear(x, m[0].weight), m[1].weight, m[1].bias),
        {(3, 5): (3, 4), (1, 7, 5): (1, 7, 4)},
    ),
}
