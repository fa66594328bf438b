"""Masks of attention: which query may look at which key.

``True`` means *may look*, as in ``scaled_dot_product_attention``; ``nn.MultiheadAttention`` takes the opposite.

Textbook: C-§6.4.3.
"""

import torch
from jaxtyping import Bool, Int
from torch import Tensor

__all__ = ["causal_mask", "padding_mask"]


def causal_mask(
    num_queries: int, num_keys: int | None = None, *, device: torch.device | str | None = None
) -> Bool[Tensor, "queries keys"]:
    """Let each position look at itself and at the past only.

        mask[i, j] = j ≤ i + (keys − queries)

    With more keys than queries, as in generation from a cache, the queries are the last positions.

    Textbook: C-§6.4.3.

    Args:
        num_queries: Positions that look.
        num_keys: Positions that are looked at; as many if not given.
        device: Where the mask lies.

    Raises:
        ValueError: If there are fewer keys than queries, so that the first queries would see nothing.

    Example:
        >>> causal_mask(2, 3)
        tensor([[ True,  True, False],
                [ True,  True,  True]])

    Reference: Vaswani et al. (2017), Attention is all you need, section 3.2.3.
    """
    num_keys = num_queries if num_keys is None else num_keys
    if num_keys < num_queries:
        raise ValueError(
            f"A causal mask needs at least as many keys as queries, got {num_keys} keys and {num_queries} queries; "
            "the first queries would see nothing."
        )
    query = torch.arange(num_queries, device=device)[:, None] + (num_keys - num_queries)
    return torch.arange(num_keys, device=device) <= query


def padding_mask(lengths: Int[Tensor, " batch"], max_length: int) -> Bool[Tensor, "batch 1 1 keys"]:
    """Hide the padding that follows shorter sequences of a batch.

        mask[b, 1, 1, j] = j < lengths[b]

    The two axes of size one stand for heads and queries. Combine it with `causal_mask` by ``&``. A sequence of
    length 0 leaves its queries nothing to look at; attention then gives zeros in production and NaN by the formula.

    Textbook: C-§6.4.3.

    Args:
        lengths: Of the sequences, in positions.
        max_length: Length to which they were padded.

    Example:
        >>> padding_mask(torch.tensor([1, 3]), 3).view(2, 3)
        tensor([[ True, False, False],
                [ True,  True,  True]])

    Reference: Vaswani et al. (2017), Attention is all you need.
    """
    return (torch.arange(max_length, device=lengths.device) < lengths[:, None])[:, None, None, :]
