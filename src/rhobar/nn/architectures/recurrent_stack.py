"""A stack of RNN, LSTM or GRU cells, initialised so that signals and gradients last.

References:
    Elman (1990), Finding structure in time, Cognitive Science 14.
    Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9; forget gate: Gers et al. (2000).
    Cho et al. (2014), Learning phrase representations using RNN encoder–decoder, arXiv:1406.1078.
    Jozefowicz, Zaremba and Sutskever (2015), An empirical exploration of recurrent network architectures.
"""

import math
from typing import Literal

from torch import nn

from rhobar.nn.layers import forget_bias_

__all__ = ["Cell", "recurrent_stack"]

Cell = Literal["rnn", "lstm", "gru"]
_KINDS: dict[str, type[nn.RNN] | type[nn.LSTM] | type[nn.GRU]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def recurrent_stack(
    cell: Cell, in_features: int, hidden: int, *, num_layers: int = 1, dropout: float = 0.0
) -> nn.RNN | nn.LSTM | nn.GRU:
    """Build torch's stack of cells, started so that signals and gradients last.

        RNN:  h = tanh(W_ih x + W_hh h + b)
        LSTM: f, i, o = σ(W[h, x] + b),  C = f ⊙ C + i ⊙ tanh(W_C[h, x] + b_C),  h = o ⊙ tanh C
        GRU:  r, z = σ(W[h, x] + b),  n = tanh(W_in x + r ⊙ W_hn h + b_n),  h = (1 − z) ⊙ n + z ⊙ h

    W_hh is orthogonal for each gate, W_ih ~ N(0, 1/n), b = 0, but the forget gate's b = 1, so that ∂Cₜ/∂Cₜ₋₁ = f ≈ 0.73
    (Jozefowicz et al. 2015). torch adds two biases, b_ih and b_hh; they count twice.

    Args:
        cell: "rnn", "lstm" or "gru".
        in_features: Size of x.
        hidden: Size of h.
        num_layers: Cells on top of each other.
        dropout: Probability between layers, not along time (Zaremba et al.).

    Returns:
        The stack; its tensors are (batch, time, features).

    Raises:
        ValueError: If there is no such cell.

    Textbook: C57, C58, C59, C60, C61, C62, C63, C64.

    Example:
        >>> import torch
        >>> recurrent_stack("gru", 3, 8)(torch.randn(5, 7, 3))[0].shape
        torch.Size([5, 7, 8])
    """
    if cell not in _KINDS:
        raise ValueError(f"cell must be one of {', '.join(_KINDS)}, got {cell!r}.")
    stack = _KINDS[cell](in_features, hidden, num_layers, batch_first=True, dropout=dropout if num_layers > 1 else 0.0)
    for name, parameter in stack.named_parameters():
        if name.startswith("weight_hh"):
            for gate in parameter.split(hidden):
                nn.init.orthogonal_(gate)
        elif name.startswith("weight_ih"):
            nn.init.normal_(parameter, std=1 / math.sqrt(parameter.shape[1]))
        else:
            nn.init.zeros_(parameter)
    if isinstance(stack, nn.LSTM):
        forget_bias_(stack, 1.0)
    return stack
