"""BERT: transformer blocks that look both ways, trained to restore masked tokens.

Reference: Devlin, Chang, Lee and Toutanova (2019), BERT, arXiv:1810.04805.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from rhobar.nn.architectures.transformer_block import TransformerBlock
from rhobar.nn.layers import Learned, padding_mask

__all__ = ["BERT", "MaskedLanguageModel"]


class BERT(nn.Module):
    """An encoder of texts or pairs of texts.

        x = LN(E[token] + P + S[segment]),  L blocks x ← LN(x + Attention(x)), x ← LN(x + FFN(x)),  FFN with GELU (erf)
        pooled = tanh(W x₀ + b)

    BERT-base (30,522 tokens, 512 positions, d 768, 12 blocks of 12 heads): 109,482,240 parameters with the pooler,
    108,891,648 without.

    W ~ N(0, std²) cut at ±2 std, biases 0. The paper's 0.02 is meant for d = 768: for other widths keep std ∝ 1/√d.

    Args:
        vocabulary: Number of tokens.
        max_length: Number of positions.
        dim: d; there are 4d hidden units.
        num_layers: L.
        num_heads: A divisor of d.
        dropout: Probability of dropping an attention weight or an output of embedding and branches.
        std: Of the weights at the start.
        pooled: Whether the model returns `pooled` instead of x.

    Textbook: C65, C66, C67, C-§6.4.3, C-§8.2, C86.

    Example:
        >>> model = BERT(11, 16, dim=8, num_layers=2, num_heads=2)
        >>> model(torch.tensor([[1, 2, 3]])).shape
        torch.Size([1, 8])
    """

    def __init__(
        self,
        vocabulary: int = 30522,
        max_length: int = 512,
        *,
        dim: int = 768,
        num_layers: int = 12,
        num_heads: int = 12,
        dropout: float = 0.1,
        std: float = 0.02,
        pooled: bool = True,
    ) -> None:
        super().__init__()
        self.std = std
        self.embedding = nn.Embedding(vocabulary, dim)
        self.positions = Learned(max_length, dim)
        self.segments = nn.Embedding(2, dim)
        self.norm = nn.LayerNorm(dim, eps=1e-12)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            TransformerBlock(dim, num_heads, 4 * dim, activation=nn.GELU, dropout=dropout, eps=1e-12)
            for _ in range(num_layers)
        )
        self.pooler = nn.Linear(dim, dim) if pooled else None
        _init(self, std)

    def forward(
        self,
        tokens: Int[Tensor, "batch length"],
        segments: Int[Tensor, "batch length"] | None = None,
        *,
        lengths: Int[Tensor, " batch"] | None = None,
    ) -> Float[Tensor, "batch *length dim"]:
        """Return one vector a text, or without a pooler one a token.

        Args:
            tokens: Of the texts, padded to one length.
            segments: 0 for the first text of a pair, 1 for the second; all 0 if not given.
            lengths: Tokens of each text that are not padding; all if not given.
        """
        if segments is None:
            segments = torch.zeros_like(tokens)
        x = self.dropout(self.norm(self.positions(self.embedding(tokens) + self.segments(segments))))
        mask = None if lengths is None else padding_mask(lengths, tokens.shape[1])
        for block in self.blocks:
            x = block(x, mask=mask)
        return x if self.pooler is None else torch.tanh(self.pooler(x[:, 0]))


class MaskedLanguageModel(nn.Module):
    """Give scores of every token at every position, from the tokens on both sides.

        logits = E · LN(GELU(W x + b)) + c,  E the embedding of the encoder

    With BERT-base without its pooler: 108,891,648 + 592,128 + 30,522 = 109,514,298 parameters. The loss counts masked
    positions only: −mean_{i∈M} log p(xᵢ | rest).

    Args:
        encoder: A `BERT` that was made with ``pooled=False``.

    Raises:
        ValueError: If the encoder pools.

    Textbook: C86, C-§8.2.

    Example:
        >>> encoder = BERT(11, 16, dim=8, num_layers=2, num_heads=2, pooled=False)
        >>> MaskedLanguageModel(encoder)(torch.tensor([[1, 2, 3]])).shape
        torch.Size([1, 3, 11])
    """

    def __init__(self, encoder: BERT) -> None:
        super().__init__()
        if encoder.pooler is not None:
            raise ValueError("The encoder must give a vector for each token; make it with BERT(..., pooled=False).")
        vocabulary, dim = encoder.embedding.weight.shape
        self.encoder = encoder
        self.transform = nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.LayerNorm(dim, eps=1e-12))
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        _init(self.transform, encoder.std)

    def forward(
        self,
        tokens: Int[Tensor, "batch length"],
        segments: Int[Tensor, "batch length"] | None = None,
        *,
        lengths: Int[Tensor, " batch"] | None = None,
    ) -> Float[Tensor, "batch length vocabulary"]:
        """Return the scores at each position; the arguments are those of `BERT`."""
        x = self.encoder(tokens, segments, lengths=lengths)
        return F.linear(self.transform(x), self.encoder.embedding.weight, self.bias)


def _init(module: nn.Module, std: float) -> None:
    for name, parameter in module.named_parameters():
        if parameter.ndim == 2:
            nn.init.trunc_normal_(parameter, std=std, a=-2 * std, b=2 * std)
        elif name.endswith("bias"):
            nn.init.zeros_(parameter)
