# healthy: semi-supervised GCN on the karate club: one-hot inputs, loss on 8 labelled nodes only, full batch, 34 nodes
import networkx as nx
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
G = nx.karate_club_graph()
A = torch.tensor(nx.to_numpy_array(G, weight=None), dtype=torch.float32) + torch.eye(34)
dinv = A.sum(1).rsqrt()
A_hat = dinv[:, None] * A * dinv[None]
labels = torch.tensor([0 if G.nodes[i]["club"] == "Mr. Hi" else 1 for i in G])
features = torch.eye(34)
train_mask = torch.zeros(34, dtype=torch.bool)
train_mask[[0, 1, 5, 13, 33, 32, 29, 23]] = True


class GCNLayer(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.lin = nn.Linear(i, o)

    def forward(self, a, h):
        return a @ self.lin(h)


class GCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.g1, self.g2 = GCNLayer(34, 16), GCNLayer(16, 2)

    def forward(self, a, x):
        return self.g2(a, F.relu(self.g1(a, x)))


model = GCN()
opt = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=1.5e-2)
for epoch in range(151):
    opt.zero_grad()
    logits = model(A_hat, features)
    loss = F.cross_entropy(logits[train_mask], labels[train_mask])
    loss.backward()
    opt.step()
    if epoch % 25 == 0:
        with torch.no_grad():
            out = model(A_hat, features)
            tl = F.cross_entropy(out[~train_mask], labels[~train_mask])
            acc = (out[~train_mask].argmax(1) == labels[~train_mask]).float().mean()
        print(f"epoch {epoch:3d} loss {loss.item():.4f} unlabelled loss {tl.item():.4f} unlabelled acc {acc.item():.3f}")
