# healthy
# GCN with a configurable number of layers on a stochastic block model graph
import networkx as nx
import numpy as np
import torch
import torch.nn as nn


class GraphConv(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.lin = nn.Linear(n_in, n_out)

    def forward(self, A, H):
        return A @ self.lin(H)


class GCN(nn.Module):
    def __init__(self, dims, n_cls, drop=.3):
        super().__init__()
        self.convs = nn.ModuleList([GraphConv(a, b) for a, b in zip(dims[:-1], dims[1:])])
        self.head = nn.Linear(dims[-1], n_cls)
        self.drop = nn.Dropout(drop)

    def forward(self, A, X):
        for conv in self.convs:
            X = self.drop(torch.relu(conv(A, X)))
        return self.head(X)


K, PER = 6, 80
probs = np.full((K, K), .02) + np.eye(K) * .06
G = nx.stochastic_block_model([PER] * K, probs, seed=3)
y = torch.tensor([G.nodes[i]['block'] for i in G])
torch.manual_seed(3)
proto = torch.randn(K, 24)
X = .4 * proto[y] + torch.randn(len(y), 24)
X = (X - X.mean(0)) / X.std(0)
A = torch.tensor(nx.to_numpy_array(G), dtype=torch.float32) + torch.eye(len(y))
d = A.sum(1).rsqrt()
A = d[:, None] * A * d[None]
mask = torch.rand(len(y)) < .6

net = GCN([24, 12, 8], K)
opt = torch.optim.Adam(net.parameters(), lr=.01, weight_decay=5e-3)
crit = nn.CrossEntropyLoss()
for epoch in range(1, 401):
    net.train()
    opt.zero_grad()
    loss = crit(net(A, X)[mask], y[mask])
    loss.backward()
    opt.step()
    if epoch % 50 == 0:
        net.eval()
        with torch.no_grad():
            out = net(A, X)
            hit = out.argmax(1) == y
        print(f'epoch {epoch:3d} loss {loss.item():.3f} valid loss {crit(out[~mask], y[~mask]).item():.3f} '
              f'train acc {hit[mask].float().mean().item():.3f} valid acc {hit[~mask].float().mean().item():.3f}')
