"""Attention is read where it is called, as it is computed."""

import math

import pytest
import torch
from tests.probes.curvature.nets import NETS
from torch import nn
from torch.nn import functional as F

from rhobar.nn.layers.attention import attention_entropy
from rhobar.nn.layers.multihead import MultiHeadAttention
from rhobar.probes.geometry import attention_statistics


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


class Direct(nn.Module):
    def __init__(self, **kwargs):
        super().__init__()
        self.kwargs, self.weight = kwargs, nn.Parameter(torch.ones(()))

    def forward(self, q, k):
        return F.scaled_dot_product_attention(q, k, k, **self.kwargs) * self.weight


def expected(q, k, mask=None, scale=None):
    s = q @ k.mT * (scale or q.shape[-1] ** -0.5)
    s = s if mask is None else s.masked_fill(~mask, -torch.inf)
    return s, attention_entropy(torch.softmax(s, -1))


KWARGS = {
    "plain": ({}, None, None),
    "causal": ({"is_causal": True}, torch.ones(5, 5, dtype=torch.bool).tril(), None),
    "mask": ({"attn_mask": torch.ones(5, 5, dtype=torch.bool).triu()}, torch.ones(5, 5, dtype=torch.bool).triu(), None),
    "scale": ({"scale": 2.0}, None, 2.0),
}


@pytest.mark.parametrize("name", KWARGS)
def test_the_kernel_is_read(name):
    kwargs, mask, scale = KWARGS[name]
    q, k = torch.randn(3, 2, 5, 4), torch.randn(3, 2, 5, 4)
    found = attention_statistics(Direct(**kwargs), [{"q": q, "k": k}]).layers["Direct"]
    s, H = expected(q, k, mask, scale)
    assert found.entropy.value == pytest.approx(H.mean().item(), rel=1e-5)
    assert [h.value for h in found.heads] == pytest.approx(H.mean((0, 2)).tolist(), rel=1e-5)
    seen = s.masked_fill(s == -torch.inf, 0).abs()
    assert found.largest_logit == pytest.approx(seen.max().item(), rel=1e-5)
    assert found.logit.value == pytest.approx(seen.amax(-1).mean().item(), rel=1e-5)
    assert found.num_samples == 3


def test_grouped_queries():
    q, k = torch.randn(2, 4, 5, 3), torch.randn(2, 2, 5, 3)
    found = attention_statistics(Direct(enable_gqa=True), [{"q": q, "k": k}]).layers["Direct"]
    _, H = expected(q, k.repeat_interleave(2, 1))
    assert found.entropy.value == pytest.approx(H.mean().item(), rel=1e-5)


OPTIONS = {
    "plain": {},
    "batch first": {"batch_first": True},
    "other keys": {"kdim": 3, "vdim": 3},
    "extra keys": {"add_bias_kv": True, "add_zero_attn": True},
    "no bias": {"bias": False},
}


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("need_weights", [False, True])
def test_multihead_attention_of_torch(name, masked, need_weights):
    layer = nn.MultiheadAttention(8, 2, **OPTIONS[name]).eval()
    shape = (4, 6) if layer.batch_first else (6, 4)
    q, k = torch.randn(*shape, 8), torch.randn(*shape, layer.kdim)
    options = {"key_padding_mask": torch.arange(6).expand(4, 6) > 3, "attn_mask": torch.ones(6, 6).triu(1).bool()}
    options = options if masked else {}
    _, weights = layer(q, k, k, average_attn_weights=False, **options)
    batch = {"query": q, "key": k, "value": k, "need_weights": need_weights, **options}
    found = attention_statistics(layer, [batch]).layers["MultiheadAttention"]
    H = attention_entropy(weights)
    assert found.entropy.value == pytest.approx(H.mean().item(), rel=1e-4)
    assert found.num_samples == 4 and len(found.heads) == 2
    assert found.share.value <= 1


def test_ours_is_read_under_its_name():
    model = nn.Sequential(nn.Linear(8, 8), MultiHeadAttention(8, 2, causal=True))
    found = attention_statistics(model, [torch.randn(3, 5, 8)])
    assert list(found.layers) == ["1"] and not found.skipped


def test_equal_keys_give_the_logarithm():
    found = attention_statistics(Direct(), [{"q": torch.zeros(2, 1, 7, 3), "k": torch.ones(2, 1, 7, 3)}]).layers[
        "Direct"
    ]
    assert found.entropy.value == pytest.approx(math.log(7))
    assert found.share.value == pytest.approx(1) and found.largest_logit == 0


@pytest.mark.parametrize("name", ["attention", "multihead", "cross attention"])
def test_networks(name):
    model, _, batches = NETS[name]()
    fast = torch.backends.mha.get_fastpath_enabled()
    for mode in (True, False):
        found = attention_statistics(model.train(mode), batches)
        assert len(found.layers) == 1
        (only,) = found.layers.values()
        assert only.num_samples == sum(len(y) for _, y in batches)
    assert torch.backends.mha.get_fastpath_enabled() == fast
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_fully_hidden_queries_do_not_spoil_the_mean():
    mask = torch.ones(5, 5, dtype=torch.bool).tril()
    mask[2] = False
    q = torch.randn(2, 1, 5, 4)
    found = attention_statistics(Direct(attn_mask=mask), [{"q": q, "k": q}]).layers["Direct"]
    assert math.isfinite(found.entropy.value)


def test_none_to_read():
    with pytest.raises(ValueError, match="written by hand is not recognised"):
        attention_statistics(nn.Linear(2, 2), [torch.ones(1, 2)])
