"""The encoder and the decoder of the transformer (Vaswani et al. 2017, Attention is all you need, arXiv:1706.03762)."""

import math

from jaxtyping import Float, Int
from torch import Tensor, nn

from rhobar.nn.architectures.glorot import glorot_
from rhobar.nn.architectures.transformer_block import BlockCache, TransformerBlock
from rhobar.nn.layers import Sinusoidal, padding_mask

__all__ = ["TransformerDecoder", "TransformerEncoder"]


class TransformerEncoder(nn.Module):
    """Turn each token into a vector that knows all the others.

        x = √d E[token] + PE,  N blocks x ← LN(x + Attention(x)), x ← LN(x + FFN(x))

    The base size (d 512, N 6, 8 heads, 2,048 hidden units) has 18,914,304 parameters in its blocks, and 512 a token:
    37,858,304 with 37,000 tokens. Matrices are initialised by Glorot, E ~ N(0, 1/d), biases 0.

    Args:
        vocabulary: Number of tokens.
        max_length: Number of positions.
        dim: d.
        num_layers: N.
        num_heads: A divisor of d.
        hidden: Width of FFN.
        dropout: Probability of dropping an attention weight or an output of embedding and branches.

    Textbook: C65, C66, C67, C-§6.4.3.

    Example:
        >>> import torch
        >>> model = TransformerEncoder(11, 16, dim=8, num_layers=2, num_heads=2, hidden=16)
        >>> model(torch.tensor([[1, 2, 3]])).shape
        torch.Size([1, 3, 8])
    """

    def __init__(
        self,
        vocabulary: int = 37000,
        max_length: int = 512,
        *,
        dim: int = 512,
        num_layers: int = 6,
        num_heads: int = 8,
        hidden: int = 2048,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, dim)
        self.positions = Sinusoidal(max_length, dim)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            TransformerBlock(dim, num_heads, hidden, dropout=dropout) for _ in range(num_layers)
        )
        glorot_(self)

    def forward(
        self, tokens: Int[Tensor, "batch length"], *, lengths: Int[Tensor, " batch"] | None = None
    ) -> Float[Tensor, "batch length dim"]:
        """Return a vector for each token; of padded sequences only the first `lengths` tokens are looked at."""
        x: Tensor = self.dropout(self.positions(_embed(self.embedding, tokens)))
        mask = None if lengths is None else padding_mask(lengths, tokens.shape[1])
        for block in self.blocks:
            x = block(x, mask=mask)
        return x


class TransformerDecoder(nn.Module):
    """Give the scores of each next token from the tokens so far and from the encoder's vectors.

        x = √d E[token] + PE,  N blocks x ← LN(x + causal Attention(x)), x ← LN(x + Attention(x, memory)),
        x ← LN(x + FFN(x)),  logits = E x

    The base size has 25,224,192 parameters in its blocks, and 512 a token: 44,168,192 with 37,000 tokens. The answer
    shares E and has no bias.

    Args:
        vocabulary: As for `TransformerEncoder`, and so are all others.
        max_length: Number of positions.
        dim: d.
        num_layers: N.
        num_heads: A divisor of d.
        hidden: Width of FFN.
        dropout: As there.

    Textbook: C65, C66, C67, C-§6.4.3.

    Example:
        >>> import torch
        >>> model = TransformerDecoder(11, 16, dim=8, num_layers=2, num_heads=2, hidden=16)
        >>> model(torch.tensor([[1, 2, 3]]), torch.randn(1, 5, 8)).shape
        torch.Size([1, 3, 11])
    """

    def __init__(
        self,
        vocabulary: int = 37000,
        max_length: int = 512,
        *,
        dim: int = 512,
        num_layers: int = 6,
        num_heads: int = 8,
        hidden: int = 2048,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.max_length = max_length
        self.embedding = nn.Embedding(vocabulary, dim)
        self.positions = Sinusoidal(max_length, dim)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            TransformerBlock(dim, num_heads, hidden, causal=True, cross=True, dropout=dropout)
            for _ in range(num_layers)
        )
        glorot_(self)

    def forward(
        self,
        tokens: Int[Tensor, "batch length"],
        memory: Float[Tensor, "batch source_length dim"],
        *,
        source_lengths: Int[Tensor, " batch"] | None = None,
        cache: list[BlockCache] | None = None,
    ) -> Float[Tensor, "batch length vocabulary"]:
        """Return the scores after each token.

        Args:
            tokens: Of the target; with a cache, those that follow it.
            memory: The encoder's vectors.
            source_lengths: How many of them are not padding; all if not given.
            cache: One for each block, extended by the tokens.
        """
        offset = cache[0].own.length if cache else 0
        x = self.dropout(self.positions(_embed(self.embedding, tokens), offset=offset))
        seen = None if source_lengths is None else padding_mask(source_lengths, memory.shape[1])
        for i, block in enumerate(self.blocks):
            x = block(x, memory, context_mask=seen, cache=cache[i] if cache else None)
        logits: Tensor = x @ self.embedding.weight.T
        return logits


def _embed(embedding: nn.Embedding, tokens: Int[Tensor, "batch length"]) -> Float[Tensor, "batch length dim"]:
    """Return √d E[token], of unit variance like the positions."""
    return embedding(tokens) * math.sqrt(embedding.embedding_dim)  # type: ignore[no-any-return]
