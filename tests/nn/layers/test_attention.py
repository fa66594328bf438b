"""Attention: weights, torch's kernels, masks, the cache, and blindness to order."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from rhobar.nn.layers import (
    KVCache,
    MultiHeadAttention,
    Rotary,
    attention,
    attention_entropy,
    attention_weights,
    causal_mask,
    multi_head_attention,
    padding_mask,
)


def random(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def qkv(*batch, queries=4, keys=5, d=3):
    return random(*batch, queries, d), random(*batch, keys, d, seed=1), random(*batch, keys, 2, seed=2)


def make(**options):
    torch.manual_seed(0)
    layer = MultiHeadAttention(8, 2, **options).double().eval()
    for p in layer.parameters():
        nn.init.normal_(p, std=0.5)
    return layer


def test_rows_of_the_weights_are_distributions():
    A = attention_weights(*qkv(2)[:2])
    assert A.min() > 0
    torch.testing.assert_close(A.sum(-1), torch.ones(2, 4, dtype=torch.float64))


@pytest.mark.parametrize("mask", ["none", "causal", "padding", "both"])
def test_attention_equals_torch(mask):
    Q, K, V = qkv(2, 3, queries=5)
    masks = {"none": None, "causal": causal_mask(5), "padding": padding_mask(torch.tensor([2, 5]), 5)}
    masks["both"] = masks["causal"] & masks["padding"]
    torch.testing.assert_close(
        attention(Q, K, V, masks[mask]),
        F.scaled_dot_product_attention(Q, K, V, attn_mask=masks[mask]),
        rtol=1e-12,
        atol=1e-12,
    )
    if mask == "causal":
        torch.testing.assert_close(
            attention(Q, K, V, causal_mask(5)), F.scaled_dot_product_attention(Q, K, V, is_causal=True)
        )


@pytest.mark.parametrize("scale", [1e4, 1e150])
def test_large_scores_do_not_overflow(scale):
    Q, K, _ = qkv()
    A = attention_weights(scale * Q, K)
    torch.testing.assert_close(A.sum(-1), torch.ones(4, dtype=torch.float64))
    assert torch.equal(A.argmax(-1), (Q @ K.T).argmax(-1))


def test_products_of_unit_entries_have_the_variance_d():
    for d in (4, 64):
        products = (random(100_000, d) * random(100_000, d, seed=1)).sum(-1)
        assert products.var().item() == pytest.approx(d, rel=0.05)
        assert (products / d**0.5).var().item() == pytest.approx(1, rel=0.05)


def test_one_head_of_identities_is_attention():
    x, one = random(2, 5, 3), torch.eye(3, dtype=torch.float64)
    torch.testing.assert_close(multi_head_attention(x, x, x, [(one, one, one)], one), attention(x, x, x))


def test_entropy_lies_between_zero_and_log_n():
    n = 7
    for scale in (0.0, 0.1, 1.0, 100.0):
        H = attention_entropy(attention_weights(scale * random(50, 3), random(n, 3, seed=1)))
        assert 0 <= H.min() <= H.max() <= math.log(n) + 1e-12
    torch.testing.assert_close(attention_entropy(torch.full((1, n), 1 / n)), torch.tensor([math.log(n)]))
    assert attention_entropy(F.one_hot(torch.tensor([2]), n).double()).item() == 0


@pytest.mark.parametrize("make_layer", [make, lambda: nn.MultiheadAttention(8, 2, batch_first=True).double()])
def test_without_positions_attention_commutes_with_permutations(make_layer):
    layer, x, order = make_layer(), random(2, 6, 8), torch.tensor([3, 1, 5, 0, 2, 4])

    def call(x):
        return layer(x, x, x)[0] if isinstance(layer, nn.MultiheadAttention) else layer(x)

    torch.testing.assert_close(call(x[:, order]), call(x)[:, order])


@pytest.mark.parametrize("options", [{"causal": True}, {"rotary": Rotary(4)}], ids=["causal", "rotary"])
def test_with_order_it_does_not(options):
    layer, x, order = make(**options), random(2, 6, 8), torch.tensor([3, 1, 5, 0, 2, 4])
    assert not torch.allclose(layer(x[:, order]), layer(x)[:, order])


def test_no_leak_from_the_future():
    layer, x = make(causal=True), random(1, 6, 8)
    changed = x.clone()
    changed[:, 3:] += 1
    assert torch.equal(layer(x)[:, :3], layer(changed)[:, :3])
    J = torch.autograd.functional.jacobian(lambda x: layer(x)[0].sum(-1), x)[:, 0].abs().sum(-1)  # query × token
    assert (J.triu(1) == 0).all()
    assert (J.tril()[torch.ones(6, 6).tril().bool()] > 0).all()


@pytest.mark.parametrize("causal", [False, True])
def test_padding_is_not_seen(causal):
    layer, x = make(causal=causal), random(2, 6, 8)
    found = layer(x, mask=padding_mask(torch.tensor([4, 6]), 6))
    torch.testing.assert_close(found[:1, :4], layer(x[:1, :4]))
    torch.testing.assert_close(found[1:], layer(x[1:]))


@pytest.mark.parametrize("bias", [True, False])
def test_equals_torch_with_a_context(bias):
    layer = make(bias=bias)
    torchs = nn.MultiheadAttention(8, 2, bias=bias, batch_first=True).double()
    names = {"in_proj.weight": "in_proj_weight", "in_proj.bias": "in_proj_bias"}
    torchs.load_state_dict({names.get(k, k): v for k, v in layer.state_dict().items()})
    x, context = random(2, 5, 8), random(2, 3, 8, seed=1)
    torch.testing.assert_close(layer(x, context), torchs(x, context, context)[0], rtol=1e-12, atol=1e-12)
    mask = padding_mask(torch.tensor([2, 3]), 3)
    wanted = torchs(x, context, context, key_padding_mask=~mask[:, 0, 0])[0]
    torch.testing.assert_close(layer(x, context, mask=mask), wanted, rtol=1e-12, atol=1e-12)


def test_starts_as_torch_does():
    torch.manual_seed(0)
    ours, theirs = MultiHeadAttention(64, 4), nn.MultiheadAttention(64, 4)
    assert ours.in_proj.weight.std().item() == pytest.approx(theirs.in_proj_weight.std().item(), rel=0.05)
    assert ours.in_proj.bias.abs().max() == ours.out_proj.bias.abs().max() == 0
    assert sum(p.numel() for p in ours.parameters()) == sum(p.numel() for p in theirs.parameters())


@torch.no_grad()
@pytest.mark.parametrize("rotary", [False, True])
@pytest.mark.parametrize("pieces", [[1] * 7, [4, 1, 1, 1], [2, 3, 2], [7]])
def test_a_cache_changes_nothing(rotary, pieces):
    layer = make(causal=True, rotary=Rotary(4) if rotary else None)
    x, cache = random(2, 7, 8), KVCache(7)
    found = torch.cat([layer(part, cache=cache) for part in x.split(pieces, 1)], 1)
    torch.testing.assert_close(found, layer(x), rtol=1e-12, atol=1e-12)
    assert cache.length == 7


@torch.no_grad()
def test_a_cache_with_padding():
    layer, x = make(causal=True), random(2, 6, 8)
    mask = padding_mask(torch.tensor([3, 6]), 6)
    cache = KVCache(6)
    parts = [layer(x[:, :4], mask=mask[..., :4], cache=cache), layer(x[:, 4:], mask=mask, cache=cache)]
    torch.testing.assert_close(torch.cat(parts, 1), layer(x, mask=mask))


@torch.no_grad()
def test_a_cache_projects_a_context_once():
    layer, x, context = make(), random(2, 5, 8), random(2, 3, 8, seed=1)
    cache = KVCache(3)
    first = layer(x[:, :1], context, cache=cache)
    rest = layer(x[:, 1:], torch.full_like(context, torch.nan), cache=cache)  # no longer read
    torch.testing.assert_close(torch.cat([first, rest], 1), layer(x, context))


def test_refusals():
    with pytest.raises(ValueError, match="multiple of num_heads"):
        MultiHeadAttention(8, 3)
    with pytest.raises(ValueError, match="embed_dim / num_heads = 4, got 6"):
        MultiHeadAttention(8, 2, rotary=Rotary(6))
    x = random(1, 2, 8)
    for options in ({"causal": True}, {"rotary": Rotary(4)}):
        with pytest.raises(ValueError, match="own sequence"):
            make(**options)(x, x)
    with pytest.raises(ValueError, match="no_grad"):
        make()(x, cache=KVCache(4))
    with torch.no_grad(), pytest.raises(ValueError, match="max_length = 1 positions, got 2"):
        make()(x, cache=KVCache(1))
    with pytest.raises(ValueError, match="empty"):
        KVCache(3).held()
    with pytest.raises(ValueError, match="at least as many keys"):
        causal_mask(3, 2)


def test_attention_dropout_scales_the_weights_that_are_kept():
    """With all values one, each output is the sum of kept weights over 1 − p: one on average."""
    layer = make(dropout=0.4).train()
    found = torch.stack([layer(random(1, 5, 8)) for _ in range(2000)])
    exact = layer.eval()(random(1, 5, 8))
    error = (found.mean(0) - exact) / (found.std(0) / len(found) ** 0.5)
    assert error.abs().max() < 4.5
    assert found.std(0).min() > 0


def test_a_sequence_of_length_zero_sees_nothing():
    Q, K, V = qkv(2, 1, queries=5)
    mask = padding_mask(torch.tensor([0, 5]), 5)
    production = F.scaled_dot_product_attention(Q, K, V, attn_mask=mask)
    assert (production[0] == 0).all()
    assert attention(Q, K, V, mask)[0].isnan().all()
    torch.testing.assert_close(attention(Q, K, V, mask)[1], production[1])
