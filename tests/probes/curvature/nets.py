"""Networks that second derivatives must come through, each with a loss and unequal batches, in float64."""

import torch
import torch.nn.functional as F
from torch import nn


class SelfAttention(nn.Module):
    """F.scaled_dot_product_attention, with its own norms."""

    def __init__(self, width=6):
        super().__init__()
        self.norm, self.qkv, self.head = nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.Linear(width, 3)

    def forward(self, x):
        q, k, v = self.qkv(self.norm(x)).unflatten(-1, (3, 2, -1)).unbind(-3)
        mixed = F.scaled_dot_product_attention(*(t.transpose(1, 2) for t in (q, k, v)), is_causal=True)
        return self.head((x + mixed.transpose(1, 2).flatten(2)).mean(1))


class Multihead(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.embed = nn.Embedding(7, width)
        self.layer = nn.TransformerEncoderLayer(width, 2, 2 * width, dropout=0.0, batch_first=True, norm_first=True)
        self.head = nn.Linear(width, 7)

    def forward(self, tokens):
        return self.head(self.layer(self.embed(tokens))).transpose(1, 2)


class Cross(nn.Module):
    """Keys of another width than queries: three separate projections."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, kdim=3, vdim=3)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        out, _ = self.attention(x.transpose(0, 1), x[..., :3].transpose(0, 1), x[..., :3].transpose(0, 1))
        return self.head(out.mean(0))


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.rnn, self.head = kind(3, 4, batch_first=True), nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.rnn(x)[0][:, -1])


class Residual(nn.Module):
    def __init__(self, norm):
        super().__init__()
        self.stem, self.a, self.b = (
            nn.Conv2d(2, 4, 3, padding=1),
            nn.Conv2d(4, 4, 3, padding=1),
            nn.Conv2d(4, 4, 1, groups=2),
        )
        self.n1, self.n2, self.head = norm(4), norm(4), nn.Linear(4, 3)

    def forward(self, x):
        x = self.stem(x)
        x = F.silu(x + self.b(F.gelu(self.n2(self.a(self.n1(x))))))
        return self.head(x.mean((2, 3)))


class Tied(nn.Module):
    """One matrix as embedding and as output, and one layer called twice."""

    def __init__(self):
        super().__init__()
        self.embed, self.middle, self.head = nn.Embedding(6, 5), nn.Linear(5, 5), nn.Linear(5, 6, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens):
        h = torch.tanh(self.middle(torch.tanh(self.middle(self.embed(tokens).mean(1)))))
        return self.head(h)


class Own(nn.Module):
    """Parameters used without any layer of torch, one of them unused."""

    def __init__(self):
        super().__init__()
        self.matrix, self.scale = nn.Parameter(torch.randn(4, 3)), nn.Parameter(torch.randn(3))
        self.unused, self.norm = nn.Parameter(torch.ones(2)), nn.RMSNorm(3)

    def forward(self, x):
        return {"logits": torch.sin(self.norm(x @ self.matrix) * self.scale.exp()), "width": 3}


class Called(nn.Module):
    """A chain of linear layers that its user calls in his own way, on sequences, behind a head of his own."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(3, 4), nn.Linear(4, 5, bias=False), nn.Linear(5, 3)

    def forward(self, x):
        return self.c(self.b(torch.sin(F.gelu(self.a(x))))).log_softmax(-1).mean(1)


def logits_loss(output, targets):
    return F.cross_entropy(output["logits"], targets)


def mlp(*norms):
    return nn.Sequential(nn.Linear(4, 5), *norms, nn.Tanh(), nn.Linear(5, 3))


def classes(*shape, num=3, sizes=(4, 1, 3)):
    return [(torch.randn(n, *shape), torch.randint(num, (n,))) for n in sizes]


def tokens(num, length, sizes=(3, 1), each=True):
    shapes = [(n, length) for n in sizes]
    return [(torch.randint(num, s), torch.randint(num, s if each else s[:1])) for s in shapes]


CROSS, TRAIN_SIZES = nn.CrossEntropyLoss(), (4, 3)
NETS = {
    "linear": lambda: (nn.Linear(4, 3), CROSS, classes(4)),
    "mlp": lambda: (mlp(), CROSS, classes(4)),
    "called": lambda: (Called(), CROSS, classes(2, 3)),
    "regression": lambda: (nn.Sequential(nn.Linear(4, 5), nn.Sigmoid(), nn.Linear(5, 2)), nn.MSELoss(), [(torch.randn(n, 4), torch.randn(n, 2)) for n in (3, 2)]),
    "summed": lambda: (mlp(), nn.CrossEntropyLoss(reduction="sum"), classes(4)),
    "layer norm": lambda: (mlp(nn.LayerNorm(5)), CROSS, classes(4)),
    "group norm": lambda: (Residual(lambda c: nn.GroupNorm(2, c)), CROSS, classes(2, 3, 3)),
    "instance norm": lambda: (Residual(lambda c: nn.InstanceNorm2d(c, affine=True)), CROSS, classes(2, 3, 3)),
    "batch norm, eval": lambda: (Residual(nn.BatchNorm2d).eval(), CROSS, classes(2, 3, 3)),
    "batch norm, train": lambda: (Residual(nn.BatchNorm2d), CROSS, classes(2, 3, 3, sizes=TRAIN_SIZES)),
    "batch norm 1d, train": lambda: (mlp(nn.BatchNorm1d(5)), CROSS, classes(4, sizes=TRAIN_SIZES)),
    "attention": lambda: (SelfAttention(), CROSS, classes(3, 6)),
    "multihead": lambda: (Multihead(), CROSS, tokens(7, 3)),
    "cross attention": lambda: (Cross(), nn.MSELoss(), [(torch.randn(n, 3, 4), torch.randn(n, 2)) for n in (3, 1)]),
    "rnn": lambda: (Recurrent(nn.RNN), CROSS, classes(3, 3, num=2)),
    "lstm": lambda: (Recurrent(nn.LSTM), CROSS, classes(3, 3, num=2)),
    "gru": lambda: (Recurrent(nn.GRU), CROSS, classes(3, 3, num=2)),
    "tied": lambda: (Tied(), CROSS, tokens(6, 3, each=False)),
    "own": lambda: (Own(), logits_loss, classes(4)),
    "dropout": lambda: (mlp(nn.Dropout(0.5)), CROSS, classes(4)),
    "pooling": lambda: (nn.Sequential(nn.Conv1d(2, 4, 2), nn.SiLU(), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(8, 3)), CROSS, classes(2, 5)),
    "transposed": lambda: (nn.Sequential(nn.ConvTranspose2d(2, 3, 2), nn.Softplus(), nn.Flatten(), nn.Linear(27, 3)), CROSS, classes(2, 2, 2)),
}  # fmt: skip


def net(name):
    """The network with all its parameters moved off their symmetric starts."""
    model, loss, batches = NETS[name]()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.3 * torch.randn_like(p))
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)
    return model, loss, batches
