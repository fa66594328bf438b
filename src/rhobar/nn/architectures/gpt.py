"""GPT-2: a stack of causal transformer blocks that gives the scores of each next token.

Reference: Radford et al. (2019), Language models are unsupervised multitask learners.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from rhobar.nn.architectures.sampling import next_token
from rhobar.nn.architectures.transformer_block import BlockCache, TransformerBlock
from rhobar.nn.layers import Learned

__all__ = ["GPT"]


class GPT(nn.Module):
    """A language model that looks at the past only.

        x = E[token] + P,  L blocks x ← x + Attention(LN x), x ← x + FFN(LN x),  logits = E · LN(x),  FFN with tanh-GELU

    V tokens, T positions, width d, hidden units 4d: Vd + Td + L(12d² + 13d) + 2d parameters; the answer shares E.
    GPT-2 (V = 50,257, T = 1,024): small d 768, L 12: 124,439,808; medium 1,024, 24: 354,823,168; large 1,280, 36:
    774,030,080; XL 1,600, 48: 1,557,611,200.

    Weights N(0, 0.02²), those of the 2L maps that end a branch N(0, 0.02²/2L), biases 0.

    Args:
        vocabulary: V.
        max_length: T.
        dim: d.
        num_layers: L.
        num_heads: A divisor of d.
        dropout: Probability of dropping an attention weight or an output of embedding and branches.

    Textbook: C65, C66, C67, C-§6.4.3, C-§8.2, C75, C79.

    Example:
        >>> model = GPT(11, 16, dim=8, num_layers=2, num_heads=2).eval()
        >>> model(torch.tensor([[1, 2, 3]])).shape
        torch.Size([1, 3, 11])
        >>> model.generate(torch.tensor([[1, 2, 3]]), 4, generator=torch.Generator().manual_seed(0)).shape
        torch.Size([1, 7])
    """

    def __init__(
        self,
        vocabulary: int = 50257,
        max_length: int = 1024,
        *,
        dim: int = 768,
        num_layers: int = 12,
        num_heads: int = 12,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.max_length = max_length
        self.embedding = nn.Embedding(vocabulary, dim)
        self.positions = Learned(max_length, dim, std=0.02)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            TransformerBlock(
                dim,
                num_heads,
                4 * dim,
                activation=lambda: nn.GELU("tanh"),
                norm_first=True,
                causal=True,
                dropout=dropout,
            )
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(dim)
        for name, parameter in self.named_parameters():
            if name.endswith(("out_proj.weight", "feedforward.2.weight")):
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * num_layers))
            elif parameter.ndim == 2 and not name.startswith("positions"):
                nn.init.normal_(parameter, std=0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(
        self, tokens: Int[Tensor, "batch length"], *, cache: list[BlockCache] | None = None
    ) -> Float[Tensor, "batch length vocabulary"]:
        """Return the scores after each token.

        Args:
            tokens: Of a sequence; with a cache, those that follow it.
            cache: One for each block, extended by the tokens.
        """
        offset = cache[0].own.length if cache else 0
        x = self.dropout(self.positions(self.embedding(tokens), offset=offset))
        for i, block in enumerate(self.blocks):
            x = block(x, cache=cache[i] if cache else None)
        logits: Tensor = self.norm(x) @ self.embedding.weight.T
        return logits

    @torch.no_grad()
    def generate(
        self,
        tokens: Int[Tensor, "batch length"],
        num_tokens: int,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        generator: torch.Generator | None = None,
        use_cache: bool = True,
    ) -> Int[Tensor, "batch longer"]:
        """Continue sequences, token by token.

        Args:
            tokens: The beginnings, all of one length, at least 1.
            num_tokens: How many to add.
            temperature: As for `next_token`.
            top_k: As for `next_token`.
            generator: As for `next_token`.
            use_cache: Keep keys and values of earlier tokens: the same tokens in time ∝ T instead of T².

        Returns:
            The beginnings with their continuations.

        Raises:
            ValueError: If a beginning is empty, or longer than the model can hold with its continuation.
        """
        if not 1 <= tokens.shape[1] <= self.max_length - num_tokens:
            raise ValueError(
                f"tokens must have between 1 and {self.max_length} − {num_tokens} positions, got {tokens.shape[1]}; "
                "cut the beginning or ask for fewer tokens."
            )
        cache = [BlockCache(self.max_length) for _ in self.blocks] if use_cache else None
        logits = self(tokens, cache=cache)[:, -1]
        for i in range(num_tokens):
            new = next_token(logits, temperature=temperature, top_k=top_k, generator=generator)
            tokens = torch.cat([tokens, new[:, None]], 1)
            if i + 1 < num_tokens:
                logits = self(tokens[:, -1:] if use_cache else tokens, cache=cache)[:, -1]
        return tokens
