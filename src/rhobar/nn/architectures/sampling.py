"""Choosing the next token from its scores.

Reference: Fan, Lewis and Dauphin (2018), Hierarchical neural story generation, arXiv:1805.04833 (top-k).
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

__all__ = ["next_token"]


def next_token(
    logits: Float[Tensor, "batch vocabulary"],
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    generator: torch.Generator | None = None,
) -> Int[Tensor, " batch"]:
    """Draw a token from p ∝ exp(z/T) among the k likeliest.

    Args:
        logits: Scores z.
        temperature: T > 0; 0 takes the likeliest token.
        top_k: k; all tokens if not given.
        generator: Of the draw, on the device of the scores.

    Returns:
        One token for each row.

    Raises:
        ValueError: If the temperature is negative or k is not between 1 and the size of the vocabulary.

    Example:
        >>> next_token(torch.tensor([[0.0, 5.0, 1.0]]), temperature=0.0).tolist()
        [1]
    """
    if not temperature >= 0:
        raise ValueError(f"temperature must be at least 0, got {temperature}; 0 takes the likeliest token.")
    if top_k is not None and not 1 <= top_k <= logits.shape[-1]:
        raise ValueError(f"top_k must be between 1 and the vocabulary's {logits.shape[-1]} tokens, got {top_k}.")
    if temperature == 0:
        return logits.argmax(-1)
    if top_k is not None:
        scores, tokens = logits.topk(top_k)
        chosen = torch.multinomial((scores / temperature).softmax(-1), 1, generator=generator)
        return tokens.gather(-1, chosen).squeeze(-1)
    return torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator).squeeze(-1)
