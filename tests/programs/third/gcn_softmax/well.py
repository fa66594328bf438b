# healthy
"""Two-layer GCN on a stochastic block model (dense adjacency), semi-supervised node classification."""
import torch
from torch import nn
import torch.nn.functional as F


def sbm(n=1200, k=10, p_in=0.05, p_out=0.004, d=24, seed=0):
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(0, k, (n,), generator=g)
    prob = torch.where(y[:, None] == y[None], torch.tensor(p_in), torch.tensor(p_out))
    A = (torch.rand(n, n, generator=g) < prob).float().triu(1)
    A = A + A.T
    centres = torch.randn(k, d, generator=g) * 0.5
    X = centres[y] + torch.randn(n, d, generator=g)
    return X, A, y


def normalise(A):
    A = A + torch.eye(len(A))
    d = A.sum(1).rsqrt()
    return d[:, None] * A * d[None]


class GraphConv(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.lin = nn.Linear(i, o)

    def forward(self, x, A):
        return A @ self.lin(x)


class GCN(nn.Module):
    def __init__(self, d, h, k, dropout=0.3):
        super().__init__()
        self.gc1, self.gc2 = GraphConv(d, h), GraphConv(h, k)
        self.dropout = dropout

    def forward(self, x, A):
        x = F.relu(self.gc1(x, A))
        x = F.dropout(x, self.dropout, self.training)
        x = self.gc2(x, A)
        return x


X, A, y = sbm()
X = (X - X.mean(0)) / X.std(0)
A = normalise(A)
torch.manual_seed(0)
mask = torch.zeros(len(y), dtype=torch.bool)
mask[torch.randperm(len(y))[:600]] = True
model = GCN(24, 32, 10)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-4)
for epoch in range(80):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X, A)[mask], y[mask])
    loss.backward()
    optimizer.step()
    if epoch % 10 == 9:
        model.eval()
        with torch.no_grad():
            out = model(X, A)
        print(f"Epoch: {epoch+1:03d}, Loss: {loss:.4f}, Val loss: {F.cross_entropy(out[~mask], y[~mask]):.4f}, "
              f"Val acc: {(out[~mask].argmax(1) == y[~mask]).float().mean():.4f}")
