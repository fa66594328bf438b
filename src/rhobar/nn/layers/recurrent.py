"""Recurrent cells: a state that each step of a sequence rewrites.

Weights are split as torch splits them, W_ih for the input and W_hh for the state, where the texts write W [h, x];
of torch's two biases b_ih + b_hh only the sum counts, except in the GRU's candidate.

Textbook: C57–C64.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["forget_bias_", "gru_cell", "lstm_cell", "rnn_cell", "rnn_output", "unroll"]

Input = Float[Tensor, "batch inputs"]
State = Float[Tensor, "batch hidden"]


def rnn_cell(
    x: Input,
    h: State,
    W_ih: Float[Tensor, "hidden inputs"],
    W_hh: Float[Tensor, "hidden hidden"],
    b: Float[Tensor, " hidden"],
) -> State:
    """Mix the old state with the input.

        h_t = tanh(W_hh h_{t−1} + W_ih x_t + b_h)

    Production: ``torch.nn.RNN``, whose two biases add up to b_h.

    Textbook: C57.

    Example:
        >>> one = torch.ones(1, 1)
        >>> rnn_cell(one, one, one, one, torch.zeros(1))
        tensor([[0.9640]])

    Reference: Elman (1990), Finding structure in time.
    """
    return torch.tanh(h @ W_hh.T + x @ W_ih.T + b)


def rnn_output(
    h: Float[Tensor, "... hidden"], W_ho: Float[Tensor, "out hidden"], b: Float[Tensor, " out"]
) -> Float[Tensor, "... out"]:
    """Read the state out.

        y_t = W_ho h_t + b_o

    torch's recurrent modules have no such map: put an ``nn.Linear`` behind them.

    Textbook: C58.

    Example:
        >>> rnn_output(torch.ones(1, 2), torch.ones(1, 2), torch.zeros(1))
        tensor([[2.]])
    """
    return h @ W_ho.T + b


def lstm_cell(
    x: Input,
    h: State,
    C: State,
    W_ih: Float[Tensor, "four_hidden inputs"],
    W_hh: Float[Tensor, "four_hidden hidden"],
    b: Float[Tensor, " four_hidden"],
) -> tuple[State, State]:
    """Keep a memory C that gates write, forget and read.

        f_t = σ(W_f [h_{t−1}, x_t] + b_f)         forget
        i_t = σ(W_i [h_{t−1}, x_t] + b_i)         write
        C̃_t = tanh(W_C [h_{t−1}, x_t] + b_C)      candidate
        C_t = f_t ⊙ C_{t−1} + i_t ⊙ C̃_t           memory
        o_t = σ(W_o [h_{t−1}, x_t] + b_o)         read
        h_t = o_t ⊙ tanh(C_t)                     state

    On the direct path ∂C_t/∂C_{t−1} = diag(f_t): gates near one keep the gradient. Rows are stacked in torch's
    order i, f, C̃, o.

    Production: ``torch.nn.LSTM``, whose two biases add up to b.

    Textbook: C59–C64.

    Returns:
        h_t and C_t.

    Example:
        >>> x, zero = torch.ones(1, 1), torch.zeros(4, 1)
        >>> lstm_cell(x, x, x, zero, zero, torch.zeros(4))
        (tensor([[0.2311]]), tensor([[0.5000]]))

    References:
        Hochreiter and Schmidhuber (1997), Long short-term memory.
        Gers, Schmidhuber and Cummins (2000), Learning to forget (the forget gate).
    """
    i, f, g, o = (x @ W_ih.T + h @ W_hh.T + b).chunk(4, -1)
    i, f, o = (1 / (1 + torch.exp(-gate)) for gate in (i, f, o))
    C = f * C + i * torch.tanh(g)
    return o * torch.tanh(C), C


def gru_cell(
    x: Input,
    h: State,
    W_ih: Float[Tensor, "three_hidden inputs"],
    W_hh: Float[Tensor, "three_hidden hidden"],
    b_ih: Float[Tensor, " three_hidden"],
    b_hh: Float[Tensor, " three_hidden"],
) -> State:
    """Let one gate balance the old state against a candidate, and another hide the state from it.

        r_t = σ(W_ir x_t + b_ir + W_hr h_{t−1} + b_hr)              reset
        z_t = σ(W_iz x_t + b_iz + W_hz h_{t−1} + b_hz)              update
        n_t = tanh(W_in x_t + b_in + r_t ⊙ (W_hn h_{t−1} + b_hn))   candidate
        h_t = (1 − z_t) ⊙ n_t + z_t ⊙ h_{t−1}                       state

    As torch and cuDNN do, r acts after the matrix W_hn; the paper's r ⊙ h acts before it. The paper's z is
    1 − z here.

    Production: ``torch.nn.GRU``.

    Example:
        >>> x, zero, none = torch.ones(1, 1), torch.zeros(3, 1), torch.zeros(3)
        >>> gru_cell(x, x, zero, zero, none, none)
        tensor([[0.5000]])

    Reference: Cho et al. (2014), Learning phrase representations using RNN encoder–decoder, eq. 5–8.
    """
    i_r, i_z, i_n = (x @ W_ih.T + b_ih).chunk(3, -1)
    h_r, h_z, h_n = (h @ W_hh.T + b_hh).chunk(3, -1)
    r, z = 1 / (1 + torch.exp(-i_r - h_r)), 1 / (1 + torch.exp(-i_z - h_z))
    n = torch.tanh(i_n + r * h_n)
    return (1 - z) * n + z * h


def unroll(
    step: Callable[[Tensor, Tensor], Tensor], x: Float[Tensor, "batch time inputs"], state: Float[Tensor, "batch _"]
) -> Float[Tensor, "batch time _"]:
    """Apply a cell along time and return its state at each step.

        s_t = step(x_t, s_{t−1})

    Args:
        step: The cell: input and old state to new state.
        x: The sequence.
        state: s_0.

    Example:
        >>> unroll(lambda x, s: s + x, torch.ones(1, 3, 1), torch.zeros(1, 1)).flatten()
        tensor([1., 2., 3.])
    """
    states = []
    for x_t in x.unbind(1):
        state = step(x_t, state)
        states.append(state)
    return torch.stack(states, 1)


def forget_bias_(lstm: nn.LSTM | nn.LSTMCell, value: float = 1.0) -> None:
    """Set the forget gate's bias, in place, so that f = σ(value) where nothing has been learned.

    torch starts it near 0, hence f near ½ and a memory that halves with each step. With 1, f = 0.73.

    Textbook: C59 (a forget bias > 0 keeps gradients).

    Args:
        lstm: All its layers and directions are set; of the two biases one becomes `value`, the other 0.
        value: The sum of both.

    Raises:
        ValueError: If it has no biases.

    Example:
        >>> lstm = nn.LSTM(2, 3)
        >>> forget_bias_(lstm)
        >>> (lstm.bias_ih_l0 + lstm.bias_hh_l0)[3:6].tolist()
        [1.0, 1.0, 1.0]

    Reference: Jozefowicz, Zaremba and Sutskever (2015), An empirical exploration of recurrent network architectures.
    """
    if not lstm.bias:
        raise ValueError("An LSTM without biases has no forget bias to set; make it with bias=True.")
    with torch.no_grad():
        for name, bias in lstm.named_parameters():
            if name.startswith("bias_"):
                forget = bias[lstm.hidden_size : 2 * lstm.hidden_size]
                forget.fill_(value if name.startswith("bias_ih") else 0.0)
