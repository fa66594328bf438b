# healthy
# Semi-supervised graph network on a stochastic block model: thirty labelled nodes, full batch, dropout.
import networkx as nx
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(2)
np.random.seed(2)
sizes = [100, 100, 100]
G = nx.stochastic_block_model(sizes, (0.09 * np.eye(3) + 0.008).tolist(), seed=2)
A = torch.tensor(nx.to_numpy_array(G), dtype=torch.float32) + torch.eye(300)
deg = A.sum(1)
A_hat = A / torch.sqrt(deg[:, None] * deg[None, :])
labels = torch.arange(3).repeat_interleave(100)
X = torch.randn(300, 24)
X[:, :3] += 1.0 * F.one_hot(labels, 3)
perm = torch.randperm(300)
train_mask, val_mask = perm[:60], perm[60:]


class GCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = nn.Linear(24, 16), nn.Linear(16, 3)

    def forward(self, x):
        x = F.dropout(x, 0.3, self.training)
        x = F.relu(A_hat @ self.l1(x))
        x = F.dropout(x, 0.5, self.training)
        return F.log_softmax(A_hat @ self.l2(x), dim=1)


model = GCN()
opt = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-3)
for epoch in range(200):
    model.train()
    opt.zero_grad()
    out = model(X)
    loss = F.nll_loss(out[train_mask], labels[train_mask])
    loss.backward()
    opt.step()
    if epoch % 20 == 19:
        model.eval()
        with torch.no_grad():
            out = model(X)
            acc = (out[val_mask].argmax(1) == labels[val_mask]).float().mean()
            print(f"Epoch {epoch + 1:3d} Train {loss.item():.3f} Val {F.nll_loss(out[val_mask], labels[val_mask]):.3f} Acc {acc:.3f}")
