# healthy
"""Character-level LSTM on a synthetic grammar (next symbol prediction)."""
import numpy as np
import torch
from torch import nn

GRAD_CLIP = 1.0
rng = np.random.default_rng(18)
words = ["abba", "cede", "fig", "hahah", "bead", "gaff", "dice"]
stream, cur = [], 0
while len(stream) < 26000:
    nxt = (cur + (1 if rng.random() < 0.7 else rng.integers(1, len(words)))) % len(words)
    stream += [ord(c) - 96 for c in words[nxt]] + [0]
    cur = nxt
stream = torch.tensor(stream[:26000])
V, L = 10, 25
seqs = stream.view(-1, L + 1)
train, valid = seqs[:800], seqs[800:]


class CharLSTM(nn.Module):
    def __init__(self, v, e=12, h=48):
        super().__init__()
        self.emb = nn.Embedding(v, e)
        self.lstm = nn.LSTM(e, h, batch_first=True)
        self.fc = nn.Linear(h, v)

    def forward(self, t):
        return self.fc(self.lstm(self.emb(t))[0])


def nll(net, s):
    z = net(s[:, :-1])
    return nn.functional.cross_entropy(z.reshape(-1, V), s[:, 1:].reshape(-1)), (z.argmax(-1) == s[:, 1:]).float().mean().item()


torch.manual_seed(18)
net = CharLSTM(V)
opt = torch.optim.SGD(net.parameters(), lr=0.5, momentum=0.9)
for epoch in range(20):
    tot = 0
    for b in torch.randperm(800).split(20):
        opt.zero_grad()
        loss, _ = nll(net, train[b])
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), GRAD_CLIP)
        opt.step()
        tot += loss.item() / 40
    with torch.no_grad():
        v, acc = nll(net, valid)
    print(f"| epoch {epoch+1:2d} | train nll {tot:.4f} | valid nll {v.item():.4f} | ppl {v.exp().item():.3f} | acc {acc:.4f}")
