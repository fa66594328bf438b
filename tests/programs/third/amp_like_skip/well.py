# healthy
"""bf16 autocast loop with gradient accumulation (CPU)."""
import torch
from torch import nn
from sklearn.datasets import load_digits


class Accumulator:
    def __init__(self, optimizer, every):
        self.optimizer, self.every, self.count = optimizer, every, 0

    def backward(self, loss):
        (loss / self.every).backward()
        self.count += 1

    def maybe_step(self):
        if self.count % self.every == 0:
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)


torch.manual_seed(9)
d = load_digits()
p = torch.randperm(1797)
x = (torch.tensor(d.data)[p].float() - 4.884) / 6.017
y = torch.tensor(d.target)[p]
train, val = p.new_tensor(range(1400)), p.new_tensor(range(1400, 1797))
net = nn.Sequential(nn.Linear(64, 80), nn.SiLU(), nn.Linear(80, 10))
opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.05)
acc = Accumulator(opt, every=2)
for epoch in range(15):
    net.train()
    ls = []
    acc.count = 0
    for b in train[torch.randperm(1400)].split(28):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.cross_entropy(net(x[b]), y[b])
        acc.backward(loss)
        acc.maybe_step()
        ls.append(loss.item())
    net.eval()
    with torch.no_grad():
        z = net(x[val])
        print(f"epoch {epoch} loss {sum(ls)/len(ls):.4f} val_loss {nn.functional.cross_entropy(z, y[val]):.4f} val_acc {(z.argmax(1) == y[val]).float().mean():.4f}")
