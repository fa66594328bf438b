"""Attention: each query takes the average of values, weighted by how well their keys fit.

Q, K and V are learned projections of the tokens. Without positions the layer commutes with permutations.

Textbook: C65, C66, C67, C-§6.4.3, B32[Prac].
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

__all__ = ["attention", "attention_entropy", "attention_weights", "multi_head_attention"]

Queries = Float[Tensor, "*batch queries dim"]
Keys = Float[Tensor, "*batch keys dim"]
Weights = Float[Tensor, "*batch queries keys"]


def attention_weights(Q: Queries, K: Keys, mask: Bool[Tensor, "..."] | None = None) -> Weights:
    """Weigh the keys for each query; each row sums to one.

        A = softmax(Q Kᵀ / √d)

    Entries of q and k with unit variance give q·k the variance d; the root takes the scores back to one.

    Textbook: C65.

    Args:
        Q: Queries.
        K: Keys.
        mask: Which query may look at which key.

    Example:
        >>> attention_weights(torch.zeros(1, 4), torch.ones(2, 4))
        tensor([[0.5000, 0.5000]])

    Reference: Vaswani et al. (2017), Attention is all you need, eq. 1.
    """
    scores = Q @ K.mT / Q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    weights = torch.exp(scores - scores.amax(-1, keepdim=True))
    return weights / weights.sum(-1, keepdim=True)


def attention(
    Q: Queries, K: Keys, V: Float[Tensor, "*batch keys values"], mask: Bool[Tensor, "..."] | None = None
) -> Float[Tensor, "*batch queries values"]:
    """Average the values by the weights of their keys.

        Attention(Q, K, V) = softmax(Q Kᵀ / √d) V

    Production: ``torch.nn.functional.scaled_dot_product_attention``.

    Textbook: C65.

    Args:
        Q: Queries.
        K: Keys.
        V: Values.
        mask: Which query may look at which key.

    Example:
        >>> attention(torch.zeros(1, 4), torch.ones(2, 4), torch.tensor([[1.0], [3.0]]))
        tensor([[2.]])

    Reference: Vaswani et al. (2017), Attention is all you need, eq. 1.
    """
    return attention_weights(Q, K, mask) @ V


def multi_head_attention(
    q: Float[Tensor, "batch queries dim"],
    k: Float[Tensor, "batch keys dim"],
    v: Float[Tensor, "batch keys dim"],
    heads: Sequence[tuple[Float[Tensor, "dim d"], Float[Tensor, "dim d"], Float[Tensor, "dim d"]]],
    W_O: Float[Tensor, "joined out"],
    mask: Bool[Tensor, "..."] | None = None,
) -> Float[Tensor, "batch queries out"]:
    """Attend several times in smaller spaces, and join what was found.

        MultiHead(Q, K, V) = Concat(head_1, …, head_h) W^O
        head_i = Attention(Q W_i^Q, K W_i^K, V W_i^V)

    Biases are left out, as in the paper; append a constant feature of one to have them. Production:
    ``torch.nn.MultiheadAttention``, and `MultiHeadAttention` with a cache for generation.

    Textbook: C66, C67.

    Args:
        q: Q, tokens that look.
        k: K, tokens that are looked at.
        v: V, tokens that are averaged.
        heads: (W_i^Q, W_i^K, W_i^V) of each head.
        W_O: W^O.
        mask: Which query may look at which key.

    Example:
        >>> x, I = torch.randn(1, 3, 2), torch.eye(2)
        >>> torch.equal(multi_head_attention(x, x, x, [(I, I, I)], I), attention(x, x, x))
        True

    Reference: Vaswani et al. (2017), Attention is all you need, section 3.2.2.
    """
    found = [attention(q @ W_Q, k @ W_K, v @ W_V, mask) for W_Q, W_K, W_V in heads]
    return torch.cat(found, -1) @ W_O


def attention_entropy(weights: Weights) -> Float[Tensor, "*batch queries"]:
    """Measure how widely each query looks, in nats: 0 for one key, log n for n keys alike.

        H = −Σ_j A_j log A_j

    Textbook: B32[Prac].

    Example:
        >>> attention_entropy(torch.tensor([[1.0, 0.0], [0.5, 0.5]]))
        tensor([0.0000, 0.6931])
    """
    information: Tensor = torch.special.entr(weights)
    return information.sum(-1)
