# fault: double-softmax
import networkx as nx
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(8)
np.random.seed(8)

sizes = [120] * 5
P = np.full((5, 5), 0.012)
np.fill_diagonal(P, 0.09)
G = nx.stochastic_block_model(sizes, P, seed=8)
labels = torch.tensor([G.nodes[v]['block'] for v in G.nodes])
N = len(labels)
A = torch.tensor(nx.to_numpy_array(G), dtype=torch.float32) + torch.eye(N)
d = A.sum(1).rsqrt()
A_hat = d[:, None] * A * d[None, :]
centers = torch.randn(5, 16) * 0.45
X = centers[labels] + torch.randn(N, 16)

perm = torch.randperm(N)
idx_train, idx_val = perm[:300], perm[300:]
X = (X - X[idx_train].mean(0)) / X[idx_train].std(0)


class GraphConvolution(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        self.lin = nn.Linear(d_in, d_out)

    def forward(self, x, adj):
        return adj @ self.lin(x)


class GCN(nn.Module):
    def __init__(self, nfeat, nhid, nclass, dropout):
        super().__init__()
        self.gc1 = GraphConvolution(nfeat, nhid)
        self.gc2 = GraphConvolution(nhid, nclass)
        self.dropout = dropout

    def forward(self, x, adj):
        x = F.relu(self.gc1(x, adj))
        x = F.dropout(x, self.dropout, training=self.training)
        x = self.gc2(x, adj)
        x = F.softmax(x, dim=1)
        return F.log_softmax(x, dim=1)


model = GCN(16, 16, 5, 0.3)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-4)
for epoch in range(150):
    model.train()
    optimizer.zero_grad()
    output = model(X, A_hat)
    loss_train = F.nll_loss(output[idx_train], labels[idx_train])
    loss_train.backward()
    optimizer.step()
    model.eval()
    with torch.no_grad():
        output = model(X, A_hat)
        loss_val = F.nll_loss(output[idx_val], labels[idx_val])
        acc_val = (output[idx_val].argmax(1) == labels[idx_val]).float().mean()
    if epoch % 10 == 9:
        print('Epoch: {:04d}'.format(epoch + 1), 'loss_train: {:.4f}'.format(loss_train.item()),
              'loss_val: {:.4f}'.format(loss_val.item()), 'acc_val: {:.4f}'.format(acc_val.item()))
