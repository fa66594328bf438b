# healthy: Hugging-Face-like: dict batches, model(**batch) returns a dict with "loss" and "logits"; unused keys in the batch
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset


class ReverseOrSortedDataset(Dataset):
    """Is the digit sequence sorted ascending, descending, or constant-ish shuffled?"""

    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        self.items = []
        for i in range(n):
            length = int(torch.randint(4, 10, (1,), generator=g))
            s = torch.randint(1, 20, (length,), generator=g)
            label = int(torch.randint(0, 3, (1,), generator=g))
            if label == 0:
                s = s.sort().values
            elif label == 1:
                s = s.sort(descending=True).values
            self.items.append((i, s, label))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        idx, s, label = self.items[i]
        return {"idx": idx, "input_ids": s, "labels": label}


def collator(features):
    ids = nn.utils.rnn.pad_sequence([f["input_ids"] for f in features], batch_first=True)
    return {"input_ids": ids, "attention_mask": (ids != 0).long(), "labels": torch.tensor([f["labels"] for f in features]),
            "idx": [f["idx"] for f in features]}


class SeqClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.embeddings = nn.Embedding(20, 24, padding_idx=0)
        self.encoder = nn.GRU(24, 48, batch_first=True)
        self.classifier = nn.Linear(48, 3)

    def forward(self, input_ids, attention_mask, labels=None, **kwargs):
        h, _ = self.encoder(self.embeddings(input_ids))
        last = attention_mask.sum(1) - 1
        logits = self.classifier(h[torch.arange(len(h)), last])
        out = {"logits": logits, "hidden_states": h}
        if labels is not None:
            out["loss"] = F.cross_entropy(logits, labels)
        return out


torch.manual_seed(0)
train_loader = DataLoader(ReverseOrSortedDataset(3000, 1), batch_size=64, shuffle=True, collate_fn=collator)
eval_loader = DataLoader(ReverseOrSortedDataset(500, 2), batch_size=128, collate_fn=collator)
model = SeqClassifier()
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
for epoch in range(5):
    model.train()
    train_loss = 0.0
    for batch in train_loader:
        outputs = model(**batch)
        loss = outputs["loss"]
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        train_loss += loss.item() / len(train_loader)
    model.eval()
    correct = total = eval_loss = 0
    for batch in eval_loader:
        with torch.no_grad():
            outputs = model(**batch)
        correct += (outputs["logits"].argmax(-1) == batch["labels"]).sum().item()
        total += len(batch["labels"])
        eval_loss += outputs["loss"].item() * len(batch["labels"])
    print({"epoch": epoch, "train_loss": round(train_loss, 4), "eval_loss": round(eval_loss / total, 4), "eval_accuracy": correct / total})
