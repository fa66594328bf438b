# fault: unshuffled-batches
"""Species from leaf measurements."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

rng = np.random.default_rng(77)
torch.manual_seed(77)
N_SPECIES, PER = 6, 400
mix = rng.normal(size=(N_SPECIES, 8, 8)) * 0.6
centres = rng.normal(size=(N_SPECIES, 8)) * 1.4


def field_trip(per):
    leaves = np.concatenate([centres[k] + rng.normal(size=(per, 8)) @ mix[k] for k in range(N_SPECIES)])
    return leaves, np.repeat(np.arange(N_SPECIES), per)


x, k = field_trip(PER)
xv, kv = field_trip(120)
mu, sd = x.mean(0), x.std(0)
x, xv = torch.tensor((x - mu) / sd).float(), torch.tensor((xv - mu) / sd).float()
k, kv = torch.tensor(k), torch.tensor(kv)
loader = DataLoader(TensorDataset(x, k), batch_size=25, shuffle=False)

net = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, N_SPECIES))
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
for epoch in range(12):
    s = 0.0
    for xb, kb in loader:
        opt.zero_grad()
        loss = loss_fn(net(xb), kb)
        loss.backward()
        opt.step()
        s += loss.item() / len(loader)
    with torch.no_grad():
        o = net(xv)
        print(f"epoch {epoch:2d} loss {s:.4f} val loss {loss_fn(o, kv).item():.4f} val acc {(o.argmax(1) == kv).float().mean().item():.3f}")
