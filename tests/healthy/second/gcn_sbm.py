# healthy
"""Semi-supervised node classification with a two-layer GCN on a stochastic block model (full batch, masked loss)."""
import networkx as nx
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
rng = np.random.default_rng(0)
K, per = 4, 120
P = np.full((K, K), 0.008) + np.eye(K) * 0.05
G = nx.stochastic_block_model([per] * K, P, seed=1)
n = G.number_of_nodes()
A = torch.tensor(nx.to_numpy_array(G), dtype=torch.float32) + torch.eye(n)
dinv = A.sum(1).rsqrt()
Ahat = dinv[:, None] * A * dinv[None]
y = torch.arange(K).repeat_interleave(per)
means = torch.randn(K, 16) * 0.5
X = means[y] + torch.randn(n, 16)

perm = torch.tensor(rng.permutation(n))
train, val, test = perm[:160], perm[160:280], perm[280:]


class GCN(nn.Module):
    def __init__(self, d, h, k):
        super().__init__()
        self.w1, self.w2 = nn.Linear(d, h), nn.Linear(h, k)

    def forward(self, x):
        x = F.relu(Ahat @ self.w1(F.dropout(x, 0.3, self.training)))
        return Ahat @ self.w2(F.dropout(x, 0.3, self.training))


model = GCN(16, 32, K)
opt = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-3)
for epoch in range(150):
    model.train()
    opt.zero_grad()
    loss = F.cross_entropy(model(X)[train], y[train])
    loss.backward()
    opt.step()
    if epoch % 10 == 9:
        model.eval()
        with torch.no_grad():
            z = model(X)
            print(f"epoch {epoch+1} train {loss.item():.3f} val {F.cross_entropy(z[val], y[val]).item():.3f} "
                  f"val acc {(z[val].argmax(1) == y[val]).float().mean().item():.3f} test acc {(z[test].argmax(1) == y[test]).float().mean().item():.3f}")
