"""Glorot initialisation of a whole network: what the transformer of 2017 starts from.

Reference: Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward neural networks.
"""

import math

from torch import nn

__all__ = ["glorot_"]


def glorot_(module: nn.Module) -> None:
    """Initialise every matrix by Glorot, and embeddings so that √d E has unit variance.

        W ~ U(−a, a), a = √(6/(n + m)),  E ~ N(0, 1/d),  b = 0

    Args:
        module: The network, changed in place; what is neither linear nor an embedding stays as it is.

    Textbook: A70, C71.

    Example:
        >>> linear = nn.Linear(64, 32)
        >>> glorot_(linear)
        >>> linear.weight.abs().max().item() <= 0.25
        True
    """
    for part in module.modules():
        if isinstance(part, nn.Embedding):
            nn.init.normal_(part.weight, std=1 / math.sqrt(part.embedding_dim))
        elif isinstance(part, nn.Linear):
            nn.init.xavier_uniform_(part.weight)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
