"""The deviation of attention logits that is read is that of the logits, however the attention is written."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from rhobar.watch.attention import read_attentions
from rhobar.watch.graph import Graph

WRITTEN = {
    "softmax of a product": lambda q, k, v: torch.softmax(q @ k.mT / 4.0, -1) @ v,
    "einsum": lambda q, k, v: torch.einsum("bhij,bhjd->bhid", torch.einsum("bhid,bhjd->bhij", q, k).div(4).softmax(3), v),
    "fused": lambda q, k, v: F.scaled_dot_product_attention(q, k, v),
    "with dropout": lambda q, k, v: F.scaled_dot_product_attention(q, k, v, dropout_p=0.1),
}  # fmt: skip
CAUSAL = {
    "masked by hand": lambda q, k, v: (q @ k.mT / 4.0 + torch.full((20, 20), -math.inf).triu(1)).softmax(-1) @ v,
    "fused": lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
}


def tensors(scale: float) -> list[Tensor]:
    g = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(3, 2, 20, 16, generator=g) for _ in range(3))
    return [t.requires_grad_() for t in (scale * q, k, v)]


def read(attend, scale: float):
    signals = [t + 0 for t in tensors(scale)]  # else they are weights
    (reading,) = read_attentions(Graph(attend(*signals).sum()), str)
    return reading


@pytest.mark.parametrize("scale", [0.1, 1.0, 20.0])
@pytest.mark.parametrize("written", WRITTEN)
def test_the_deviation_is_that_of_the_logits(written, scale):
    q, k, _ = (t.detach() for t in tensors(scale))
    truth = (q @ k.mT / 4).std(-1, correction=0).median().item()
    reading = read(WRITTEN[written], scale)
    assert reading.keys == 20
    assert abs(reading.spread - truth) < 4 * reading.stderr + 1e-6
    assert 0 < reading.stderr < 0.2 * truth


@pytest.mark.parametrize("written", CAUSAL)
def test_hidden_keys_do_not_count(written):
    reading = read(CAUSAL[written], 1.0)
    assert 5 < reading.keys < 16 and 0.5 < reading.spread < 1.5


def test_weights_that_underflow_are_seen_as_far_below():
    reading = read(WRITTEN["softmax of a product"], 1e4)
    assert reading.keys == 20 and reading.spread > 20 and reading.passed < 1e-3


def test_softmax_that_weighs_no_values_is_no_attention():
    x = torch.randn(8, 5, requires_grad=True)
    assert read_attentions(Graph(torch.softmax(2 * x, 1).square().sum()), str) == ()
