"""Multi-head attention with what ``nn.MultiheadAttention`` lacks: a cache for generation, and rotary positions.

Textbook: C66, C67.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from rhobar.nn.layers.masks import causal_mask
from rhobar.nn.layers.positions import Rotary

__all__ = ["KVCache", "MultiHeadAttention"]

Heads = Float[Tensor, "batch heads length head_dim"]
AllHeads = Float[Tensor, "batch heads all_length head_dim"]


class KVCache:
    """Keys and values of the positions so far, so that generation computes each of them once.

    Space for all positions is taken at the first call and written in place, so nothing is copied as it grows.

    Args:
        max_length: Positions that it can hold.

    Attributes:
        length: Positions that it holds.

    Example:
        >>> cache, k = KVCache(8), torch.ones(1, 2, 3, 4)
        >>> keys, values = cache.extend(k, k)
        >>> keys, values = cache.extend(k, k)
        >>> cache.length, keys.shape
        (6, torch.Size([1, 2, 6, 4]))
    """

    def __init__(self, max_length: int) -> None:
        self.max_length = max_length
        self.length = 0
        self._keys: Tensor | None = None
        self._values: Tensor | None = None

    def extend(self, keys: Heads, values: Heads) -> tuple[AllHeads, AllHeads]:
        """Append positions and return all.

        Raises:
            ValueError: If more positions come than it can hold, or if a gradient is asked of it.
        """
        end = self.length + keys.shape[2]
        if end > self.max_length:
            raise ValueError(
                f"The cache holds at most max_length = {self.max_length} positions, got {end}; make a larger one."
            )
        if torch.is_grad_enabled() and (keys.requires_grad or values.requires_grad):
            raise ValueError("A cache is for generation and carries no gradient; call the model under torch.no_grad().")
        if self._keys is None or self._values is None:
            self._keys, self._values = (t.new_empty(*t.shape[:2], self.max_length, t.shape[3]) for t in (keys, values))
        self._keys[:, :, self.length : end] = keys
        self._values[:, :, self.length : end] = values
        self.length = end
        return self.held()

    def held(self) -> tuple[AllHeads, AllHeads]:
        """Return the keys and values of all positions so far.

        Raises:
            ValueError: If there are none yet.
        """
        if self._keys is None or self._values is None:
            raise ValueError("The cache is empty; extend it first.")
        return self._keys[:, :, : self.length], self._values[:, :, : self.length]


class MultiHeadAttention(nn.Module):
    """Self-attention, or attention to another sequence, in several heads.

    Its parameters are those of ``nn.MultiheadAttention`` (`in_proj` holds the rows of W^Q, W^K and W^V, in this
    order) and start the same way; the kernel is ``scaled_dot_product_attention``.

    Textbook: C65, C66, C67.

    Args:
        embed_dim: Of a token; a multiple of `num_heads`.
        num_heads: h.
        bias: Of all four projections.
        dropout: Share of attention weights dropped in training.
        causal: Whether a position sees only itself and the past (self-attention only).
        rotary: Rotation of queries and keys by their positions (self-attention only).

    Raises:
        ValueError: If the heads do not divide the dimension, or rotary has another dimension than a head; and, from
            the forward pass, if a causal or rotary layer is to attend to another sequence.

    Example:
        >>> layer = MultiHeadAttention(8, 2, causal=True).eval()
        >>> tokens, cache = torch.randn(1, 5, 8), KVCache(5)
        >>> with torch.no_grad():
        ...     at_once = layer(tokens)
        ...     one_by_one = torch.cat([layer(tokens[:, t : t + 1], cache=cache) for t in range(5)], 1)
        >>> torch.allclose(at_once, one_by_one, atol=1e-6)
        True

    Reference: Vaswani et al. (2017), Attention is all you need, section 3.2.2.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        *,
        bias: bool = True,
        dropout: float = 0.0,
        causal: bool = False,
        rotary: Rotary | None = None,
    ) -> None:
        super().__init__()
        if num_heads < 1 or embed_dim % num_heads:
            raise ValueError(f"embed_dim must be a multiple of num_heads, got {embed_dim} and {num_heads}.")
        if rotary is not None and 2 * rotary.cos.shape[1] != embed_dim // num_heads:
            raise ValueError(
                f"rotary must be made for heads of dimension embed_dim / num_heads = {embed_dim // num_heads}, "
                f"got {2 * rotary.cos.shape[1]}."
            )
        self.num_heads, self.dropout, self.causal, self.rotary = num_heads, dropout, causal, rotary
        self.in_proj = nn.Linear(embed_dim, 3 * embed_dim, bias=bias)
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias=bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start as ``nn.MultiheadAttention`` does: Xavier for `in_proj`, no bias."""
        nn.init.xavier_uniform_(self.in_proj.weight)
        for projection in (self.in_proj, self.out_proj):
            if projection.bias is not None:
                nn.init.zeros_(projection.bias)

    def forward(
        self,
        tokens: Float[Tensor, "batch queries dim"],
        context: Float[Tensor, "batch keys dim"] | None = None,
        *,
        mask: Bool[Tensor, "#batch #heads #queries all_keys"] | None = None,
        cache: KVCache | None = None,
    ) -> Float[Tensor, "batch queries dim"]:
        """Attend from the tokens to themselves (and to the cache), or to a context.

        Args:
            tokens: Those that look; with a cache, the positions that follow it.
            context: Those that are looked at; the tokens themselves if not given. A cache keeps its projections.
            mask: Which query may look at which key, beside what `causal` says.
            cache: Extended by the tokens.
        """
        if context is None:
            q, k, v, mask = self._self(tokens, mask, cache)
        else:
            q, k, v = self._cross(tokens, context, cache)
        causal = self.causal and mask is None and q.shape[2] == k.shape[2]
        dropout = self.dropout if self.training else 0.0
        found = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout, is_causal=causal)
        joined: Tensor = self.out_proj(found.transpose(1, 2).flatten(2))
        return joined

    def _self(
        self, tokens: Tensor, mask: Tensor | None, cache: KVCache | None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        q, k, v = (self._split(part) for part in self.in_proj(tokens).chunk(3, -1))
        if self.rotary is not None:
            offset = 0 if cache is None else cache.length
            q, k = self.rotary(q, offset=offset), self.rotary(k, offset=offset)
        if cache is not None:
            k, v = cache.extend(k, v)
        num_queries, num_keys = q.shape[2], k.shape[2]
        if self.causal and num_queries > 1 and (mask is not None or num_keys > num_queries):
            past = causal_mask(num_queries, num_keys, device=q.device)
            mask = past if mask is None else past & mask
        return q, k, v, mask

    def _cross(self, tokens: Tensor, context: Tensor, cache: KVCache | None) -> tuple[Tensor, Tensor, Tensor]:
        if self.causal or self.rotary is not None:
            raise ValueError(
                "A causal or rotary layer attends to its own sequence; for a context make one with causal=False and "
                "rotary=None."
            )
        dim, bias = tokens.shape[-1], self.in_proj.bias
        q = F.linear(tokens, self.in_proj.weight[:dim], None if bias is None else bias[:dim])
        if cache is not None and cache.length:
            return self._split(q), *cache.held()
        both = F.linear(context, self.in_proj.weight[dim:], None if bias is None else bias[dim:])
        k, v = (self._split(part) for part in both.chunk(2, -1))
        return self._split(q), *((k, v) if cache is None else cache.extend(k, v))

    def _split(self, x: Float[Tensor, "batch length dim"]) -> Heads:
        batch, length, dim = x.shape
        return x.view(batch, length, self.num_heads, dim // self.num_heads).transpose(1, 2)

    def extra_repr(self) -> str:
        """Show what the projections do not."""
        return f"num_heads={self.num_heads}, dropout={self.dropout}, causal={self.causal}"
