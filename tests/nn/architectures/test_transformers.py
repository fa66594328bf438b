"""What a token may see, and the blocks against torch's own."""

import pytest
import torch
from tests.nn.architectures.rows import lively, seeded
from torch import Tensor, nn
from torch.nn import functional as F
from torch.testing import assert_close

from rhobar.nn.architectures.bert import BERT, MaskedLanguageModel
from rhobar.nn.architectures.gpt import GPT
from rhobar.nn.architectures.seq2seq import Transformer
from rhobar.nn.architectures.transformer import TransformerDecoder, TransformerEncoder
from rhobar.nn.architectures.transformer_block import TransformerBlock
from rhobar.nn.layers import MultiHeadAttention

V = 11
SIZE = {"dim": 16, "num_layers": 2, "num_heads": 2}


def words(length: int, seed: int = 0) -> Tensor:
    return torch.randint(V, (2, length), generator=seeded(seed))


def differs(a: Tensor, b: Tensor) -> Tensor:
    """At which positions two outputs differ."""
    return ((a - b).abs() > 1e-9).any(-1).any(0)


def test_gpt_sees_the_past_only() -> None:
    model = lively(GPT(V, 16, **SIZE))
    one, two = words(8), words(8)
    two[:, 5] = (two[:, 5] + 1) % V
    assert differs(model(one), model(two)).tolist() == [False] * 5 + [True] * 3


def test_the_decoder_sees_its_past_and_the_whole_source() -> None:
    model = lively(Transformer(V, 16, hidden=32, **SIZE))
    source, one, two = words(6, 1), words(8), words(8)
    two[:, 5] = (two[:, 5] + 1) % V
    assert differs(model(source, one), model(source, two)).tolist() == [False] * 5 + [True] * 3
    other = source.clone()
    other[:, -1] = (other[:, -1] + 1) % V
    assert differs(model(source, one), model(other, one)).all()


@pytest.mark.parametrize("make", [
    lambda: TransformerEncoder(V, 16, hidden=32, **SIZE),
    lambda: MaskedLanguageModel(BERT(V, 16, pooled=False, **SIZE)),
], ids=["encoder", "bert"])  # fmt: skip
def test_encoders_see_both_ways_but_no_padding(make) -> None:
    model = lively(make())
    one, two = words(8), words(8)
    two[:, 5] = (two[:, 5] + 1) % V
    assert differs(model(one), model(two)).all()
    lengths = torch.tensor([5, 5])
    assert not differs(model(one, lengths=lengths), model(two, lengths=lengths))[:5].any()
    assert_close(model(one, lengths=lengths)[:, :5], model(one[:, :5]), rtol=1e-10, atol=1e-10)


def test_padding_of_the_source_changes_nothing() -> None:
    model = lively(Transformer(V, 16, hidden=32, **SIZE))
    source, target = words(6, 1), words(8)
    padded = model(torch.cat([source, words(3, 2)], 1), target, source_lengths=torch.tensor([6, 6]))
    assert_close(padded, model(source, target), rtol=1e-10, atol=1e-10)


def test_order_matters() -> None:
    """Positions break the symmetry: a reversed text gives other vectors, not the same ones reversed."""
    for model in (TransformerEncoder(V, 16, hidden=32, **SIZE), GPT(V, 16, **SIZE), BERT(V, 16, pooled=False, **SIZE)):
        lively(model)
        assert not torch.allclose(model(words(8)).flip(1), model(words(8).flip(1)), atol=1e-3)


def test_segments_and_pooler_of_bert() -> None:
    model = lively(BERT(V, 16, **SIZE))
    text, segments = words(8), torch.tensor([[0] * 4 + [1] * 4] * 2)
    assert not torch.allclose(model(text), model(text, segments), atol=1e-3)
    assert_close(model(text), model(text, torch.zeros_like(text)))
    pooler, model.pooler = model.pooler, None
    vectors = model(text)
    model.pooler = pooler
    assert_close(model(text), torch.tanh(vectors[:, 0] @ pooler.weight.T + pooler.bias))
    with pytest.raises(ValueError, match="pooled=False"):
        MaskedLanguageModel(model)


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("cross", [False, True])
def test_blocks_are_those_of_torch(norm_first: bool, cross: bool) -> None:
    ours = lively(TransformerBlock(16, 4, 24, norm_first=norm_first, causal=cross, cross=cross))
    kind = nn.TransformerDecoderLayer if cross else nn.TransformerEncoderLayer
    theirs = kind(16, 4, 24, batch_first=True, norm_first=norm_first).double().eval()
    with torch.no_grad():
        _copy(ours, theirs, cross)
    x, context = (torch.randn(2, n, 16, generator=seeded(n)).double() for n in (7, 5))
    if cross:
        future = nn.Transformer.generate_square_subsequent_mask(7).double()
        assert_close(ours(x, context), theirs(x, context, tgt_mask=future), rtol=1e-9, atol=1e-10)
    else:
        assert_close(ours(x), theirs(x), rtol=1e-9, atol=1e-10)


def _copy(ours: TransformerBlock, theirs: nn.Module, cross: bool) -> None:
    pairs = [(ours.attention, theirs.self_attn, ours.attention_norm, theirs.norm1)]
    if cross:
        pairs.append((ours.cross, theirs.multihead_attn, ours.cross_norm, theirs.norm2))
    for own, other, own_norm, other_norm in pairs:
        other.in_proj_weight.copy_(own.in_proj.weight)
        other.in_proj_bias.copy_(own.in_proj.bias)
        other.out_proj.load_state_dict(own.out_proj.state_dict())
        other_norm.load_state_dict(own_norm.state_dict())
    theirs.linear1.load_state_dict(ours.feedforward[0].state_dict())
    theirs.linear2.load_state_dict(ours.feedforward[2].state_dict())
    (theirs.norm3 if cross else theirs.norm2).load_state_dict(ours.feedforward_norm.state_dict())


def test_a_block_says_whether_it_takes_a_context() -> None:
    x = torch.zeros(1, 2, 8)
    with pytest.raises(ValueError, match="takes no context, got one"):
        TransformerBlock(8, 2, 8)(x, x)
    with pytest.raises(ValueError, match="takes a context, got none"):
        TransformerBlock(8, 2, 8, cross=True)(x)


@pytest.mark.parametrize(("make", "activation", "dim"), [
    (lambda: GPT(V, 16, **SIZE).blocks[0], nn.GELU("tanh"), 16),
    (lambda: BERT(V, 16, **SIZE).blocks[0], nn.GELU(), 16),
    (lambda: TransformerEncoder(V, 16, hidden=64, **SIZE).blocks[0], nn.ReLU(), 16),
], ids=["gpt", "bert", "transformer"])  # fmt: skip
def test_the_feedforward_network_is_that_of_the_paper(make, activation: nn.Module, dim: int) -> None:
    block = lively(make())
    x = torch.randn(3, dim, generator=seeded(0)).double()
    first, _, second = block.feedforward
    wanted = activation(x @ first.weight.T + first.bias) @ second.weight.T + second.bias
    assert_close(block.feedforward(x), wanted, rtol=1e-12, atol=1e-12)
    assert first.out_features == 4 * dim


def test_where_the_norm_stands() -> None:
    """GPT-2 norms first and once more at the end; the transformer of 2017 and BERT norm last."""
    assert all(block.norm_first for block in GPT(V, 16, **SIZE).blocks)
    model = Transformer(V, 16, hidden=32, **SIZE)
    for block in (*BERT(V, 16, **SIZE).blocks, *model.encoder.blocks, *model.decoder.blocks):
        assert not block.norm_first
    for other, eps in ((BERT(V, 16, pooled=False, **SIZE), 1e-12), (model, 1e-5), (GPT(V, 16, **SIZE), 1e-5)):
        assert {m.eps for m in other.modules() if isinstance(m, nn.LayerNorm)} == {eps}


def draws(model: nn.Module, *arguments: Tensor) -> bool:
    torch.manual_seed(0)
    return not torch.equal(model(*arguments), model(*arguments))


@pytest.mark.parametrize("norm_first", [False, True])
def test_dropout_hits_attention_weights_and_branches(norm_first: bool) -> None:
    x = torch.randn(2, 5, 8, generator=seeded(0))
    for attention, branches in ((0.5, 0.0), (0.0, 0.5), (0.0, 0.0)):
        block = TransformerBlock(8, 2, 8, norm_first=norm_first, dropout=0.5).train()
        assert (block.attention.dropout, block.dropout.p) == (0.5, 0.5)
        block.attention.dropout, block.dropout.p = attention, branches
        assert draws(block, x) == (attention + branches > 0)


@pytest.mark.parametrize("make", [
    lambda: GPT(V, 16, dropout=0.5, **SIZE),
    lambda: BERT(V, 16, dropout=0.5, pooled=False, **SIZE),
    lambda: TransformerEncoder(V, 16, hidden=32, dropout=0.5, **SIZE),
    lambda: TransformerDecoder(V, 16, hidden=32, dropout=0.5, **SIZE),
], ids=["gpt", "bert", "encoder", "decoder"])  # fmt: skip
def test_dropout_hits_embeddings_and_reaches_all_blocks(make) -> None:
    model = make().train()
    rates = {m.p for m in model.modules() if isinstance(m, nn.Dropout)}
    rates |= {m.dropout for m in model.modules() if isinstance(m, MultiHeadAttention)}
    assert rates == {0.5}
    model.blocks = nn.ModuleList()
    arguments = (words(5), torch.zeros(2, 3, 16)) if isinstance(model, TransformerDecoder) else (words(5),)
    assert draws(model, *arguments)


def test_the_head_of_the_masked_language_model_is_its_equation() -> None:
    model = lively(MaskedLanguageModel(BERT(V, 16, pooled=False, **SIZE)))
    x = model.encoder(words(5))
    dense, _, norm = model.transform
    h = F.gelu(x @ dense.weight.T + dense.bias)
    h = (h - h.mean(-1, keepdim=True)) / h.std(-1, keepdim=True, correction=0) * norm.weight + norm.bias
    assert_close(model(words(5)), h @ model.encoder.embedding.weight.T + model.bias, rtol=1e-8, atol=1e-9)


def test_bert_without_blocks_is_the_normed_sum_of_three_embeddings() -> None:
    model = lively(BERT(V, 16, pooled=False, **SIZE))
    model.blocks = nn.ModuleList()
    text, segments = words(5), words(5, 1) % 2
    x = model.embedding.weight[text] + model.positions.weight[:5] + model.segments.weight[segments]
    x = (x - x.mean(-1, keepdim=True)) / x.std(-1, keepdim=True, correction=0) * model.norm.weight + model.norm.bias
    assert_close(model(text, segments), x, rtol=1e-8, atol=1e-9)


def test_what_the_transformer_does_to_its_tokens_first() -> None:
    """√d E + PE, and nothing else before the first block."""
    model = lively(TransformerEncoder(V, 16, hidden=32, **SIZE))
    model.blocks = nn.ModuleList()
    text = words(5)
    wanted = 4 * model.embedding.weight[text] + model.positions.table[:5]
    assert_close(model(text), wanted, rtol=1e-12, atol=1e-12)


def test_gpt_without_blocks_is_embedding_norm_and_the_embedding_again() -> None:
    model = lively(GPT(V, 16, **SIZE))
    model.blocks = nn.ModuleList()
    text = words(5)
    x = model.embedding.weight[text] + model.positions.weight[:5]
    normed = (x - x.mean(-1, keepdim=True)) / (x.var(-1, correction=0, keepdim=True) + 1e-5).sqrt()
    wanted = (normed * model.norm.weight + model.norm.bias) @ model.embedding.weight.T
    assert_close(model(text), wanted, rtol=1e-10, atol=1e-10)
