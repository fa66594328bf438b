# fault: rank-collapse or unfit-activation or vanishing-gradient
"""Node classification with a ten-layer GCN on a stochastic block graph: all nodes end up alike."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
n, k = 240, 4
label = torch.arange(n) % k
prob = torch.where(label[:, None] == label[None], 0.10, 0.035)
upper = torch.triu((torch.rand(n, n) < prob).float(), 1)
adj = upper + upper.T + torch.eye(n)
deg = adj.sum(1)
a_hat = adj / (deg[:, None] * deg[None]).sqrt()
feat = F.one_hot(label, k).float() * 0.8 + torch.randn(n, k)
feat = torch.cat([feat, torch.randn(n, 12)], 1)
mask = torch.zeros(n, dtype=torch.bool)
mask[torch.randperm(n)[:100]] = True


class GraphConvolution(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(i, o))
        self.bias = nn.Parameter(torch.zeros(o))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, x, adj):
        return adj @ (x @ self.weight) + self.bias


class GCN(nn.Module):
    def __init__(self, nfeat, nhid, nclass, layers):
        super().__init__()
        dims = [nfeat] + [nhid] * (layers - 1) + [nclass]
        self.gc = nn.ModuleList(GraphConvolution(a, b) for a, b in zip(dims, dims[1:]))

    def forward(self, x, adj):
        for layer in self.gc[:-1]:
            x = F.relu(layer(x, adj))
        return F.log_softmax(self.gc[-1](x, adj), dim=1)


model = GCN(16, 32, k, layers=10)
optimizer = torch.optim.Adam(model.parameters(), lr=0.005, weight_decay=5e-4)
for epoch in range(150):
    model.train()
    optimizer.zero_grad()
    output = model(feat, a_hat)
    loss_train = F.nll_loss(output[mask], label[mask])
    loss_train.backward()
    optimizer.step()
    model.eval()
    with torch.no_grad():
        output = model(feat, a_hat)
        loss_val = F.nll_loss(output[~mask], label[~mask])
        acc = (output[~mask].argmax(1) == label[~mask]).float().mean()
    if epoch % 25 == 24:
        print(f"Epoch {epoch + 1:04d} loss_train {loss_train.item():.4f} loss_val {loss_val.item():.4f} acc_val {acc.item():.4f}")
