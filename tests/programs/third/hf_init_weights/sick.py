# fault: symmetric-initialization
"""Tiny BERT-like encoder for sequence classification, _init_weights in HF style."""
import math
from dataclasses import dataclass
import torch
from torch import nn


@dataclass
class TinyConfig:
    vocab_size: int = 24
    hidden_size: int = 32
    intermediate_size: int = 64
    num_labels: int = 3
    max_len: int = 16
    initializer_range: float = 0.1


class Encoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.config = c
        self.tok = nn.Embedding(c.vocab_size, c.hidden_size)
        self.ff1 = nn.Linear(c.hidden_size * c.max_len, c.intermediate_size)
        self.ff2 = nn.Linear(c.intermediate_size, c.intermediate_size)
        self.classifier = nn.Linear(c.intermediate_size, c.num_labels)
        self.act = nn.GELU()
        self.apply(self._init_weights)

    def _init_weights(self, module):
        if isinstance(module, nn.Embedding):
            module.weight.data.normal_(mean=0.0, std=1.0)
        elif isinstance(module, nn.Linear):
            nn.init.constant_(module.weight, self.config.initializer_range / math.sqrt(module.in_features))
            module.bias.data.zero_()

    def forward(self, input_ids, labels=None):
        h = self.tok(input_ids).flatten(1)
        h = self.act(self.ff2(self.act(self.ff1(h))))
        logits = self.classifier(h)
        loss = nn.functional.cross_entropy(logits, labels) if labels is not None else None
        return loss, logits


def make_split(n, c, g):
    ids = torch.randint(0, c.vocab_size, (n, c.max_len), generator=g)
    score = (ids < 8).float().sum(1) - (ids >= 16).float().sum(1)
    labels = 1 + (score > 1.5).long() - (score < -1.5).long()
    return ids, labels


c = TinyConfig()
g = torch.Generator().manual_seed(66)
torch.manual_seed(66)
train_ids, train_lab = make_split(14000, c, g)
dev_ids, dev_lab = make_split(1000, c, g)
model = Encoder(c)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: max(0.0, 1 - s / (8 * 219)))
for epoch in range(8):
    model.train()
    losses = []
    for b in torch.randperm(14000).split(64):
        loss, _ = model(train_ids[b], train_lab[b])
        loss.backward()
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        l, z = model(dev_ids, dev_lab)
    print({"epoch": epoch, "train_loss": round(sum(losses) / len(losses), 4), "eval_loss": round(l.item(), 4),
           "eval_accuracy": round((z.argmax(-1) == dev_lab).float().mean().item(), 4)})
