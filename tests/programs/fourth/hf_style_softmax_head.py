# fault: double-softmax
"""A transformers-like mini stack: config, model returning an output dataclass with loss, Trainer."""
import math
from dataclasses import dataclass
from typing import Optional

import torch
from torch import nn


@dataclass
class TinyConfig:
    vocab_size: int = 20
    hidden_size: int = 32
    num_heads: int = 4
    num_layers: int = 2
    max_position: int = 16
    num_labels: int = 4
    dropout: float = 0.0


@dataclass
class ClassifierOutput:
    loss: Optional[torch.Tensor]
    logits: torch.Tensor


class TinyForSequenceClassification(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.word = nn.Embedding(config.vocab_size, config.hidden_size)
        self.pos = nn.Embedding(config.max_position, config.hidden_size)
        layer = nn.TransformerEncoderLayer(config.hidden_size, config.num_heads, 64, config.dropout, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, config.num_layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(config.hidden_size)
        self.classifier = nn.Sequential(nn.Linear(config.hidden_size, config.num_labels), nn.Softmax(dim=-1))

    def forward(self, input_ids, labels=None):
        position = torch.arange(input_ids.shape[1])
        h = self.encoder(self.word(input_ids) + self.pos(position))
        logits = self.classifier(self.norm(h).mean(1))
        loss = None
        if labels is not None:
            loss_fct = nn.CrossEntropyLoss()
            loss = loss_fct(logits.view(-1, self.config.num_labels), labels.view(-1))
        return ClassifierOutput(loss=loss, logits=logits)


class Trainer:
    def __init__(self, model, train_dataset, eval_dataset, lr=1e-3, epochs=6, batch_size=32):
        self.model, self.train_dataset, self.eval_dataset = model, train_dataset, eval_dataset
        self.epochs, self.batch_size = epochs, batch_size
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
        total = epochs * math.ceil(len(train_dataset) / batch_size)
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda s: min(1.0, (s + 1) / 10) * (1 - s / total))

    def batches(self, ds, shuffle):
        yield from torch.utils.data.DataLoader(ds, self.batch_size, shuffle=shuffle, collate_fn=self.collate)

    @staticmethod
    def collate(rows):
        return {"input_ids": torch.stack([r["ids"] for r in rows]), "labels": torch.tensor([r["label"] for r in rows])}

    def train(self):
        for epoch in range(self.epochs):
            self.model.train()
            for batch in self.batches(self.train_dataset, True):
                out = self.model(**batch)
                out.loss.backward()
                nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
                self.optimizer.step()
                self.scheduler.step()
                self.optimizer.zero_grad()
            print({"epoch": epoch + 1, **self.evaluate()})

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        hits, losses = [], []
        for batch in self.batches(self.eval_dataset, False):
            out = self.model(**batch)
            hits.append((out.logits.argmax(-1) == batch["labels"]).float())
            losses.append(out.loss.item())
        return {"eval_loss": sum(losses) / len(losses), "eval_accuracy": torch.cat(hits).mean().item()}


def make_dataset(n, seed):
    g = torch.Generator().manual_seed(seed)
    rows = []
    for _ in range(n):
        ids = torch.randint(0, 20, (12,), generator=g)
        counts = torch.stack([(ids // 5 == k).sum() for k in range(4)])
        rows.append({"ids": ids, "label": int(counts.argmax())})
    return rows


if __name__ == "__main__":
    torch.manual_seed(0)
    trainer = Trainer(TinyForSequenceClassification(TinyConfig()), make_dataset(1200, 1), make_dataset(300, 2))
    trainer.train()
