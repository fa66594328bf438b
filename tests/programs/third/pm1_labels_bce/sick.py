# fault: invalid-labels
"""Breast cancer screening baseline, Trainer class (HF-like)."""
from types import SimpleNamespace
import torch
from torch.utils.data import DataLoader, TensorDataset, random_split
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler
import numpy as np


class TrainingArguments(SimpleNamespace):
    pass


class Trainer:
    def __init__(self, model, args, train_dataset, eval_dataset, compute_metrics):
        self.model, self.args = model, args
        self.train_dataset, self.eval_dataset = train_dataset, eval_dataset
        self.compute_metrics = compute_metrics
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=args.learning_rate, weight_decay=args.weight_decay)

    def compute_loss(self, batch):
        feats, labels = batch
        logits = self.model(feats)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)
        return loss, logits

    def train(self):
        for epoch in range(self.args.num_train_epochs):
            self.model.train()
            hist = []
            for batch in DataLoader(self.train_dataset, self.args.per_device_train_batch_size, shuffle=True):
                loss, _ = self.compute_loss(batch)
                loss.backward()
                self.optimizer.step()
                self.model.zero_grad()
                hist.append(loss.item())
            print({"epoch": epoch + 1, "loss": round(float(np.mean(hist)), 4), **self.evaluate()})

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        losses, logits, labels = [], [], []
        for batch in DataLoader(self.eval_dataset, 64):
            l, z = self.compute_loss(batch)
            losses.append(l.item()); logits.append(z); labels.append(batch[1])
        m = self.compute_metrics(torch.cat(logits), torch.cat(labels))
        return {"eval_loss": round(float(np.mean(losses)), 4), **m}


def metrics(logits, labels):
    p = torch.sigmoid(logits)
    brier = ((p - (labels > 0).float()) ** 2).mean()
    return {"eval_acc": round(((logits > 0) == (labels > 0)).float().mean().item(), 4), "eval_brier": round(brier.item(), 4)}


torch.manual_seed(1)
bunch = load_breast_cancer()
feats = torch.tensor(StandardScaler().fit_transform(bunch.data), dtype=torch.float32)
labels = torch.tensor(np.where(bunch.target == 1, 1.0, -1.0), dtype=torch.float32)
ds = TensorDataset(feats, labels)
train_ds, eval_ds = random_split(ds, [400, 169])


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = torch.nn.Linear(30, 16)
        self.dropout = torch.nn.Dropout(0.2)
        self.out = torch.nn.Linear(16, 1)

    def forward(self, x):
        return self.out(self.dropout(torch.relu(self.dense(x)))).squeeze(-1)


args = TrainingArguments(learning_rate=3e-3, weight_decay=0.1, num_train_epochs=15, per_device_train_batch_size=32)
Trainer(Net(), args, train_ds, eval_ds, metrics).train()
