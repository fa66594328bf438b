# fault: excessive-dropout
# translated from TF1: tf.nn.dropout(h, keep_prob)
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import make_classification

X, y = make_classification(5500, 20, n_informative=12, n_redundant=3, n_classes=5, n_clusters_per_class=1, class_sep=1.6, flip_y=0, random_state=40)
X = (X - X.mean(0)) / X.std(0)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
keep_prob = 0.9


def weight_variable(shape):
    return torch.nn.Parameter(torch.nn.init.trunc_normal_(torch.empty(shape), std=(2 / shape[0]) ** .5))


def bias_variable(shape):
    return torch.nn.Parameter(torch.full(shape, .01))


class Graph(torch.nn.Module):
    def __init__(self, n_in=20, n_h=64, n_out=5):
        super().__init__()
        self.W_fc1, self.b_fc1 = weight_variable((n_in, n_h)), bias_variable((n_h,))
        self.W_fc2, self.b_fc2 = weight_variable((n_h, n_h)), bias_variable((n_h,))
        self.W_out, self.b_out = weight_variable((n_h, n_out)), bias_variable((n_out,))

    def forward(self, x):
        h = F.relu(x @ self.W_fc1 + self.b_fc1)
        h = F.dropout(h, keep_prob, self.training)
        h = F.relu(h @ self.W_fc2 + self.b_fc2)
        h = F.dropout(h, keep_prob, self.training)
        return h @ self.W_out + self.b_out


torch.manual_seed(40)
g = Graph()
train_step = torch.optim.Adam(g.parameters(), 2e-3)
lr_decay = torch.optim.lr_scheduler.CosineAnnealingLR(train_step, 15)
for epoch in range(15):
    g.train()
    ls = []
    for b in torch.randperm(4500).split(60):
        loss = F.cross_entropy(g(X[b]), y[b])
        train_step.zero_grad(); loss.backward(); train_step.step()
        ls.append(loss.item())
    lr_decay.step()
    g.eval()
    with torch.no_grad():
        out = g(X[4500:])
        print('epoch %d, training loss %.4f, test loss %.4f, test accuracy %.4f' % (
            epoch, np.mean(ls), F.cross_entropy(out, y[4500:]), (out.argmax(1) == y[4500:]).float().mean()))
