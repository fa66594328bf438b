"""The block of which all transformers are made: attention and a network of two layers, each around an identity.

References:
    Vaswani et al. (2017), Attention is all you need, arXiv:1706.03762, figure 1.
    Xiong et al. (2020), On layer normalization in the transformer architecture, arXiv:2002.04745 (norm first).
"""

from collections.abc import Callable

from jaxtyping import Bool, Float
from torch import Tensor, nn

from rhobar.nn.layers import KVCache, MultiHeadAttention

__all__ = ["BlockCache", "TransformerBlock"]


class BlockCache:
    """What one block keeps while a sequence is generated: its own keys and values, and those of the context.

    Args:
        max_length: Positions of the sequence.
        context_length: Positions of the context; none without cross-attention.

    Example:
        >>> BlockCache(8).own.length
        0
    """

    def __init__(self, max_length: int, context_length: int = 0) -> None:
        self.own = KVCache(max_length)
        self.context = KVCache(context_length)


class TransformerBlock(nn.Module):
    """Mix positions by attention, then each position by itself.

        norm first:  x ← x + Attention(LN x),  x ← x + FFN(LN x)
        norm last:   x ← LN(x + Attention(x)),  x ← LN(x + FFN(x)),   FFN(x) = W₂ φ(W₁x + b₁) + b₂

    With `cross`, attention to a context stands between the two. One block has 4d² + 4d + 2dh + h + d + 4d parameters
    (h hidden units), cross-attention 4d² + 6d more.

    Args:
        dim: d, size of a token.
        num_heads: A divisor of d.
        hidden: h, width of the network.
        activation: Makes φ.
        norm_first: Where the normalisation stands.
        causal: Whether a position sees only itself and the past.
        cross: Whether it also attends to a context.
        dropout: Probability of dropping an attention weight or an output of a branch.
        eps: ε of the normalisation.

    Textbook: C65, C66, C67, C-§6.4.3, C75, C79, A79.

    Example:
        >>> import torch
        >>> TransformerBlock(8, 2, 16)(torch.randn(5, 7, 8)).shape
        torch.Size([5, 7, 8])
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        hidden: int,
        *,
        activation: Callable[[], nn.Module] = nn.ReLU,
        norm_first: bool = False,
        causal: bool = False,
        cross: bool = False,
        dropout: float = 0.0,
        eps: float = 1e-5,
    ) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.attention = MultiHeadAttention(dim, num_heads, dropout=dropout, causal=causal)
        self.attention_norm = nn.LayerNorm(dim, eps=eps)
        self.cross = MultiHeadAttention(dim, num_heads, dropout=dropout) if cross else None
        self.cross_norm = nn.LayerNorm(dim, eps=eps) if cross else None
        self.feedforward = nn.Sequential(nn.Linear(dim, hidden), activation(), nn.Linear(hidden, dim))
        self.feedforward_norm = nn.LayerNorm(dim, eps=eps)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        x: Float[Tensor, "batch length dim"],
        context: Float[Tensor, "batch context_length dim"] | None = None,
        *,
        mask: Bool[Tensor, "#batch #heads #length keys"] | None = None,
        context_mask: Bool[Tensor, "#batch #heads #length context_length"] | None = None,
        cache: BlockCache | None = None,
    ) -> Float[Tensor, "batch length dim"]:
        """Return the tokens, mixed.

        Args:
            x: Tokens; with a cache, those that follow it.
            context: What cross-attention looks at.
            mask: Which token may look at which, beside what `causal` says.
            context_mask: Which token may look at which of the context.
            cache: Of generation, extended by the tokens.

        Raises:
            ValueError: If a context is missing, or none is expected.
        """
        if (context is None) != (self.cross is None):
            wants, got = ("a", "none") if context is None else ("no", "one")
            raise ValueError(f"This block takes {wants} context, got {got}; `cross` decides it when the block is made.")
        own, kept = (None, None) if cache is None else (cache.own, cache.context)
        x = self._around(x, self.attention_norm, lambda t: self.attention(t, mask=mask, cache=own))
        if self.cross is not None and self.cross_norm is not None:
            cross = self.cross
            x = self._around(x, self.cross_norm, lambda t: cross(t, context, mask=context_mask, cache=kept))
        return self._around(x, self.feedforward_norm, self.feedforward)

    def _around(self, x: Tensor, norm: nn.LayerNorm, branch: Callable[[Tensor], Tensor]) -> Tensor:
        if self.norm_first:
            first: Tensor = x + self.dropout(branch(norm(x)))
            return first
        last: Tensor = norm(x + self.dropout(branch(x)))
        return last
