"""Networks that read one step after the other, all steps at once, or their sum."""

from rhobar.faults.architectures.architecture import Architecture

__all__ = ["ATTENTION", "BAG", "GRU"]

GRU = Architecture(
    "gru",
    "a GRU",
    ("sequence", "words"),
    model="""\
class Recurrent(nn.Module):
    def __init__(self, hidden=<<width>>):
        super().__init__()
        <<embedding>>
        self.rnn = nn.GRU(<<embedded>>, hidden, batch_first=True)
        self.head = nn.Linear(hidden, <<num_outputs>>)

    def forward(self, x):
        <<embed>>
        x, _ = self.rnn(x)
        x = x[:, -1]
        <<before_head>>
        x = self.head(x)
        <<end>>
        return x""",
    build="model = Recurrent()",
    settings={"width": "32"},
    depth=0,
    rate=1.5,
)

ATTENTION = Architecture(
    "attention",
    "one layer of self-attention",
    ("sequence", "words"),
    model="""\
class Encoder(nn.Module):
    def __init__(self, dim=<<width>>):
        super().__init__()
        <<embedding>>
        self.project = nn.Linear(<<embedded>>, dim)
        self.position = nn.Parameter(0.3 * torch.randn(1, <<positions>>, dim))
        self.norm1 = nn.LayerNorm(dim)
        self.attention = nn.MultiheadAttention(dim, 4, batch_first=True)
        self.norm2 = nn.LayerNorm(dim)
        self.up = nn.Linear(dim, 2 * dim)
        self.down = nn.Linear(2 * dim, dim)
        self.head = nn.Linear(dim, <<num_outputs>>)

    def forward(self, x):
        <<embed>>
        x = self.project(x) + self.position
        <<after_first>>
        h = self.norm1(x)
        x = x + self.attention(h, h, h, need_weights=False)[0]
        x = x + self.down(<<act>>(self.up(self.norm2(x))))
        x = x.mean(1)
        <<before_head>>
        x = self.head(x)
        <<end>>
        return x""",
    build="model = Encoder()",
    settings={"width": "32"},
    norm="layer",
    depth=1,
    rate=0.7,
)

BAG = Architecture(
    "bag",
    "a sum of word vectors and a perceptron",
    ("words",),
    model="""\
class BagOfWords(nn.Module):
    def __init__(self, dim=<<width>>):
        super().__init__()
        <<embedding>>
        self.hidden = nn.Linear(<<embedded>>, dim)
        self.dropout = nn.Dropout(<<dropout>>)
        self.head = nn.Linear(dim, <<num_outputs>>)

    def forward(self, x):
        <<embed>>
        x = x.mean(1)
        x = self.dropout(<<act>>(self.hidden(x)))
        <<before_head>>
        x = self.head(x)
        <<end>>
        return x""",
    build="model = BagOfWords()",
    settings={"width": "32", "dropout": "0.1"},
    depth=1,
)
