"""The transformer as a whole, encoder and decoder, for translating sequences.

Reference: Vaswani et al. (2017), Attention is all you need, arXiv:1706.03762.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from rhobar.nn.architectures.sampling import next_token
from rhobar.nn.architectures.transformer import TransformerDecoder, TransformerEncoder
from rhobar.nn.architectures.transformer_block import BlockCache

__all__ = ["Transformer"]


class Transformer(nn.Module):
    """Read a source sequence, write a target sequence; source, target and answer share one embedding.

        memory = Encoder(source),  p(yₜ₊₁ | y₁…yₜ, source) = softmax(Decoder(y₁…yₜ, memory))ₜ

    The base size with 37,000 tokens: 18,944,000 + 18,914,304 + 25,224,192 = 63,082,496 parameters (the paper rounds to
    65·10⁶).

    Args:
        vocabulary: Number of tokens.
        max_length: Number of positions.
        dim: Size of a token.
        num_layers: Blocks of the encoder, and of the decoder.
        num_heads: A divisor of dim.
        hidden: Width of FFN.
        dropout: Probability of dropping an attention weight or an output of embedding and branches.

    Textbook: C65, C66, C67, C-§6.4.3.

    Example:
        >>> model = Transformer(11, 16, dim=8, num_layers=2, num_heads=2, hidden=16)
        >>> model(torch.tensor([[1, 2, 3]]), torch.tensor([[0, 4]])).shape
        torch.Size([1, 2, 11])
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
        size = {"dim": dim, "num_layers": num_layers, "num_heads": num_heads, "hidden": hidden}
        self.encoder = TransformerEncoder(vocabulary, max_length, dropout=dropout, **size)
        self.decoder = TransformerDecoder(vocabulary, max_length, dropout=dropout, **size)
        self.decoder.embedding = self.encoder.embedding

    def forward(
        self,
        source: Int[Tensor, "batch source_length"],
        target: Int[Tensor, "batch length"],
        *,
        source_lengths: Int[Tensor, " batch"] | None = None,
    ) -> Float[Tensor, "batch length vocabulary"]:
        """Return the scores after each token of the target.

        Padding at the end of the target needs no mask: no earlier position sees it, and the loss leaves it out.

        Args:
            source: Tokens to read.
            target: Tokens written so far, from the one that begins every target.
            source_lengths: How many tokens of each source are not padding; all if not given.
        """
        memory = self.encoder(source, lengths=source_lengths)
        logits: Tensor = self.decoder(target, memory, source_lengths=source_lengths)
        return logits

    @torch.no_grad()
    def generate(
        self,
        source: Int[Tensor, "batch source_length"],
        begin: int,
        num_tokens: int,
        *,
        source_lengths: Int[Tensor, " batch"] | None = None,
        temperature: float = 0.0,
        top_k: int | None = None,
        generator: torch.Generator | None = None,
        use_cache: bool = True,
    ) -> Int[Tensor, "batch written"]:
        """Write a target for each source, token by token; by default the likeliest (greedy decoding).

        Args:
            source: Tokens to read.
            begin: The token that begins every target.
            num_tokens: How many to write.
            source_lengths: As for `forward`.
            temperature: As for `next_token`.
            top_k: As for `next_token`.
            generator: As for `next_token`.
            use_cache: Keep keys and values of earlier tokens and of the source: the same tokens with less work.

        Returns:
            `begin` and the tokens written.

        Raises:
            ValueError: If the model cannot hold so many tokens.
        """
        if num_tokens > self.decoder.max_length:
            raise ValueError(f"num_tokens must be at most max_length = {self.decoder.max_length}, got {num_tokens}.")
        memory = self.encoder(source, lengths=source_lengths)
        cache = [BlockCache(num_tokens, source.shape[1]) for _ in self.decoder.blocks] if use_cache else None
        tokens = torch.full((source.shape[0], 1), begin, device=source.device)
        for _ in range(num_tokens):
            latest = tokens[:, -1:] if use_cache else tokens
            logits = self.decoder(latest, memory, source_lengths=source_lengths, cache=cache)[:, -1]
            new = next_token(logits, temperature=temperature, top_k=top_k, generator=generator)
            tokens = torch.cat([tokens, new[:, None]], 1)
        return tokens
