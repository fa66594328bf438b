"""Recurrent networks: a classifier of sequences and a language model, of RNN, LSTM or GRU cells.

References:
    Elman (1990), Finding structure in time, Cognitive Science 14.
    Zaremba, Sutskever and Vinyals (2014), Recurrent neural network regularization, arXiv:1409.2329.
    Press and Wolf (2017), Using the output embedding to improve language models, arXiv:1608.05859.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from rhobar.nn.architectures.recurrent_stack import Cell, recurrent_stack

__all__ = ["RecurrentClassifier", "RecurrentLanguageModel"]

State = Float[Tensor, "layers batch hidden"] | tuple[Float[Tensor, "layers batch hidden"], ...]


class RecurrentClassifier(nn.Module):
    """Read a sequence of vectors; answer from the state after its last one.

        y = W_ho h_T + b_o

    With g gates (RNN 1, GRU 3, LSTM 4) and one layer: g·h(h + n + 2) + c(h + 1) parameters. Of 128 units on the 28 rows
    of a digit an LSTM has 82,186, a GRU 61,962, an RNN 21,514.

    Args:
        cell: "rnn", "lstm" or "gru".
        in_features: n, size of each vector.
        hidden: h, size of the state.
        num_classes: c.
        num_layers: Cells on top of each other.
        dropout: Probability between layers and before the answer.

    Textbook: C57, C58, C59, C60, C61, C62, C63, C64.

    Example:
        >>> model = RecurrentClassifier("lstm", 3, 8, 2)
        >>> model(torch.randn(5, 7, 3), lengths=torch.tensor([7, 3, 1, 7, 2])).shape
        torch.Size([5, 2])
    """

    def __init__(
        self,
        cell: Cell,
        in_features: int,
        hidden: int,
        num_classes: int,
        *,
        num_layers: int = 1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.stack = recurrent_stack(cell, in_features, hidden, num_layers=num_layers, dropout=dropout)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, num_classes)
        nn.init.normal_(self.head.weight, std=1 / math.sqrt(hidden))
        nn.init.zeros_(self.head.bias)

    def forward(
        self, x: Float[Tensor, "batch time features"], lengths: Int[Tensor, " batch"] | None = None
    ) -> Float[Tensor, "batch classes"]:
        """Return the scores of the classes; of a padded sequence only the first `lengths` vectors count."""
        h, _ = self.stack(x)
        last = h[:, -1] if lengths is None else h[torch.arange(h.shape[0], device=h.device), lengths - 1]
        logits: Tensor = self.head(self.dropout(last))
        return logits


class RecurrentLanguageModel(nn.Module):
    """Give the scores of each next token from the tokens so far.

        p(xₜ₊₁ | x₁…xₜ) = softmax(W_ho hₜ + b_o),  hₜ from E[xₜ] and hₜ₋₁

    The medium LSTM of Zaremba et al. (10,000 words, 2 layers of 650) has 19,780,400 parameters here; the second bias of
    torch's cells is 5,200 of them. A GRU of that size has 18,087,800, an RNN 14,702,600.

    Args:
        cell: "rnn", "lstm" or "gru".
        vocabulary: Number of tokens.
        hidden: Size of embedding and state.
        num_layers: Cells on top of each other.
        dropout: Probability before, between and after the layers, not along time.
        tied: The answer's matrix is the embedding.

    Textbook: C57, C58, C59, C60, C61, C62, C63, C64.

    Example:
        >>> logits, state = RecurrentLanguageModel("gru", 11, 8)(torch.tensor([[1, 2, 3]]))
        >>> logits.shape
        torch.Size([1, 3, 11])
    """

    def __init__(
        self,
        cell: Cell,
        vocabulary: int,
        hidden: int,
        *,
        num_layers: int = 1,
        dropout: float = 0.0,
        tied: bool = False,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, hidden)
        self.dropout = nn.Dropout(dropout)
        self.stack = recurrent_stack(cell, hidden, hidden, num_layers=num_layers, dropout=dropout)
        self.head = nn.Linear(hidden, vocabulary)
        if tied:
            self.head.weight = self.embedding.weight
        nn.init.normal_(self.embedding.weight, std=1 / math.sqrt(hidden) if tied else 1.0)
        if not tied:
            nn.init.normal_(self.head.weight, std=1 / math.sqrt(hidden))
        nn.init.zeros_(self.head.bias)

    def forward(
        self, tokens: Int[Tensor, "batch time"], state: State | None = None
    ) -> tuple[Float[Tensor, "batch time vocabulary"], State]:
        """Return the scores after each token, and the state to go on from."""
        h, state = self.stack(self.dropout(self.embedding(tokens)), state)
        return self.head(self.dropout(h)), state
