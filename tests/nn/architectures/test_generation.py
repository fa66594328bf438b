"""Generation: with a cache as without, and from the distribution that was asked for."""

import pytest
import torch
from tests.nn.architectures.rows import lively, seeded

from rhobar.nn.architectures.gpt import GPT
from rhobar.nn.architectures.sampling import next_token
from rhobar.nn.architectures.seq2seq import Transformer
from rhobar.nn.architectures.transformer_block import BlockCache

VOCABULARY = 17


@pytest.fixture(scope="module")
def gpt() -> GPT:
    return lively(GPT(VOCABULARY, 24, dim=16, num_layers=3, num_heads=4))


@pytest.fixture(scope="module")
def transformer() -> Transformer:
    return lively(Transformer(VOCABULARY, 24, dim=16, num_layers=3, num_heads=4, hidden=32))


def test_gpt_token_by_token_equals_gpt_at_once(gpt: GPT) -> None:
    tokens = torch.randint(VOCABULARY, (3, 9), generator=seeded(0))
    cache = [BlockCache(9) for _ in gpt.blocks]
    with torch.no_grad():
        whole = gpt(tokens)
        parts = [gpt(tokens[:, a:b], cache=cache) for a, b in ((0, 3), (3, 4), (4, 7), (7, 8), (8, 9))]
    torch.testing.assert_close(torch.cat(parts, 1), whole, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("options", [{"temperature": 0.0}, {"temperature": 1.3}, {"top_k": 4}], ids=str)
def test_gpt_generates_the_same_with_a_cache(gpt: GPT, options: dict[str, float]) -> None:
    start = torch.randint(VOCABULARY, (3, 4), generator=seeded(0))
    with_cache, without = (
        gpt.generate(start, 12, generator=seeded(5), use_cache=use, **options) for use in (True, False)
    )
    assert torch.equal(with_cache, without)
    assert torch.equal(with_cache[:, :4], start) and with_cache.shape == (3, 16)
    assert len(set(with_cache.flatten().tolist())) > 4  # not one token over and over


def test_greedy_generation_takes_the_likeliest(gpt: GPT) -> None:
    text = gpt.generate(torch.tensor([[1, 2]]), 8, temperature=0.0)
    with torch.no_grad():
        assert torch.equal(gpt(text)[:, 1:-1].argmax(-1), text[:, 2:])


def test_generation_obeys_its_generator_and_no_other(gpt: GPT) -> None:
    start = torch.tensor([[1, 2]])
    before = torch.get_rng_state()
    one, same, other = (gpt.generate(start, 16, generator=seeded(s)) for s in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)
    assert torch.equal(before, torch.get_rng_state())


def test_gpt_refuses_what_it_cannot_hold(gpt: GPT) -> None:
    full = gpt.generate(torch.ones(1, 4, dtype=torch.long), 20, temperature=0.0)
    assert full.shape == (1, 24)
    with pytest.raises(ValueError, match="between 1 and 24 − 21 positions, got 4"):
        gpt.generate(torch.ones(1, 4, dtype=torch.long), 21)
    with pytest.raises(ValueError, match="got 0"):
        gpt.generate(torch.ones(1, 0, dtype=torch.long), 2)


@pytest.mark.parametrize("options", [{}, {"temperature": 1.3}, {"temperature": 1.0, "top_k": 4}], ids=str)
@pytest.mark.parametrize("padded", [False, True])
def test_transformer_generates_the_same_with_a_cache(
    transformer: Transformer, options: dict[str, float], padded: bool
) -> None:
    source = torch.randint(VOCABULARY, (3, 5), generator=seeded(0))
    lengths = torch.tensor([5, 2, 1]) if padded else None
    with_cache, without = (
        transformer.generate(source, 0, 12, source_lengths=lengths, generator=seeded(5), use_cache=use, **options)
        for use in (True, False)
    )
    assert torch.equal(with_cache, without) and with_cache.shape == (3, 13)
    assert (with_cache[:, 0] == 0).all()
    scores = transformer(source, with_cache[:, :-1], source_lengths=lengths)
    if not options:
        assert torch.equal(scores.argmax(-1), with_cache[:, 1:])
    with pytest.raises(ValueError, match="at most max_length = 24, got 25"):
        transformer.generate(source, 0, 25)


@pytest.mark.parametrize("k", [3, None])
def test_tokens_are_drawn_as_their_scores_say(k: int | None) -> None:
    """p ∝ exp(z/T) among the k likeliest: frequencies lie within four standard errors."""
    z, T, n = torch.tensor([0.3, 2.0, -1.0, 1.0, 0.9]), 0.7, 20_000
    drawn = next_token(z.expand(n, 5), temperature=T, top_k=k, generator=seeded(0))
    p = (z / T).masked_fill(z < z.topk(k or 5).values[-1], -torch.inf).softmax(0)
    shares = torch.bincount(drawn, minlength=5) / n
    assert (shares[p == 0] == 0).all()
    assert ((shares - p).abs() <= 4 * (p * (1 - p) / n).sqrt()).all()


def test_one_choice_or_no_warmth_takes_the_likeliest() -> None:
    z = torch.randn(6, 5, generator=seeded(0))
    assert torch.equal(next_token(z, top_k=1), z.argmax(-1))
    assert torch.equal(next_token(z, temperature=0.0), z.argmax(-1))
    for bad, said in (({"temperature": -1.0}, "at least 0"), ({"top_k": 6}, "between 1 and"), ({"top_k": 0}, "got 0")):
        with pytest.raises(ValueError, match=said):
            next_token(z, **bad)
