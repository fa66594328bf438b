# healthy
# GraphSAGE with neighbour sampling, mini-batches of nodes, sparse lists
import random

import networkx as nx
import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(1)
torch.manual_seed(1)
sizes = [100, 80, 120, 60]
P = [[0.12 if i == j else 0.01 for j in range(4)] for i in range(4)]
G = nx.stochastic_block_model(sizes, P, seed=1)
labels = torch.tensor([G.nodes[v]["block"] for v in G])
feats = torch.randn(len(G), 10) + F.one_hot(labels, 10).float() * 1.6
neigh = {v: list(G.neighbors(v)) or [v] for v in G}


class SAGELayer(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.self_lin, self.neigh_lin = nn.Linear(i, o), nn.Linear(i, o, bias=False)

    def forward(self, h_self, h_neigh):
        return self.self_lin(h_self) + self.neigh_lin(h_neigh.mean(1))


class GraphSAGE(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = SAGELayer(10, 32), SAGELayer(32, 4)

    def forward(self, nodes, k=8):
        n1 = torch.tensor([random.choices(neigh[v], k=k) for v in nodes.tolist()])
        n2 = torch.tensor([[random.choices(neigh[u], k=k) for u in row] for row in n1.tolist()])
        h_nodes = F.relu(self.l1(feats[nodes], feats[n1]))
        h_n1 = F.relu(self.l1(feats[n1].flatten(0, 1), feats[n2].flatten(0, 1))).view(len(nodes), k, -1)
        return self.l2(h_nodes, h_n1)


model = GraphSAGE()
opt = torch.optim.Adam(model.parameters(), lr=0.01)
perm = torch.randperm(len(G))
tr, te = perm[:200], perm[200:]
for epoch in range(15):
    model.train()
    for b in tr[torch.randperm(200)].split(40):
        opt.zero_grad()
        loss = F.cross_entropy(model(b), labels[b])
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        acc = (model(te).argmax(1) == labels[te]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.3f} test acc {acc:.3f}")
