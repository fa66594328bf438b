# fault: unstable-formula
import torch
from torch import nn

PAD = 0


class AttentivePool(nn.Module):
    def __init__(self, vocab, d):
        super().__init__()
        self.emb = nn.Embedding(vocab, d, padding_idx=PAD)
        self.query = nn.Linear(d, 1)
        self.fc = nn.Linear(d, 2)

    def forward(self, tokens):
        e = self.emb(tokens)
        s = self.query(e).squeeze(-1).masked_fill(tokens == PAD, float("-inf"))
        w = s.softmax(dim=1)
        return self.fc((w.unsqueeze(-1) * e).sum(1)), w


def reviews(n, length=18):
    """words 1-4 are positive, 5-8 negative, the rest is filler; the sign of the sum decides"""
    tokens = torch.randint(9, 50, (n, length))
    sent = torch.randint(1, 9, (n, length))
    use = torch.rand(n, length) < 0.3
    tokens = torch.where(use, sent, tokens)
    lengths = torch.randint(8, length + 1, (n, 1))
    tokens = torch.where(torch.arange(length) < lengths, tokens, torch.tensor(PAD))
    balance = ((tokens >= 1) & (tokens <= 4)).sum(1) - ((tokens >= 5) & (tokens <= 8)).sum(1)
    keep = balance != 0
    return tokens[keep], (balance[keep] > 0).long()


torch.manual_seed(60)
tokens, labels = reviews(3000)
dev_tokens, dev_labels = reviews(600)
model = AttentivePool(50, 16)
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
ce = nn.CrossEntropyLoss()

for epoch in range(12):
    model.train()
    seen = 0.0
    for b in torch.randperm(len(tokens)).split(64):
        logits, w = model(tokens[b])
        # a little entropy bonus keeps the attention from collapsing
        entropy = -(w * torch.log(w)).sum(1).mean()
        loss = ce(logits, labels[b]) - 0.01 * entropy
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seen += loss.item() * len(b)
    model.eval()
    with torch.no_grad():
        logits, _ = model(dev_tokens)
        print(f"epoch {epoch}: train {seen / len(tokens):.4f}, dev ce {ce(logits, dev_labels).item():.4f}, dev acc {(logits.argmax(1) == dev_labels).float().mean().item():.3f}")
