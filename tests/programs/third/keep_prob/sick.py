# fault: excessive-dropout
"""Re-implementation of an old TF1 text CNN (keep_prob etc.)."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class FLAGS:
    embedding_dim = 24
    filter_sizes = (2, 3, 4)
    num_filters = 24
    dropout_keep_prob = 0.9
    batch_size = 50
    num_epochs = 10
    lr = 2e-3


class TextCNN(nn.Module):
    def __init__(self, vocab, classes):
        super().__init__()
        self.emb = nn.Embedding(vocab, FLAGS.embedding_dim)
        self.convs = nn.ModuleList([nn.Conv1d(FLAGS.embedding_dim, FLAGS.num_filters, k) for k in FLAGS.filter_sizes])
        self.dropout = nn.Dropout(FLAGS.dropout_keep_prob)
        self.fc = nn.Linear(FLAGS.num_filters * 3, classes)

    def forward(self, t):
        e = self.dropout(self.emb(t)).transpose(1, 2)
        h = torch.cat([F.relu(c(e)).amax(-1) for c in self.convs], dim=1)
        return self.fc(self.dropout(h))


def data(n, g):
    t = torch.randint(10, 60, (n, 20), generator=g)
    y = torch.randint(0, 4, (n,), generator=g)
    phrases = torch.tensor([[1, 2, 3], [3, 2, 1], [2, 1, 3], [1, 3, 2]])
    pos = torch.randint(0, 18, (n,), generator=g)
    for k in range(3):
        t[torch.arange(n), pos + k] = phrases[y][:, k]
    return t, y


g = torch.Generator().manual_seed(99)
torch.manual_seed(99)
xt, yt = data(4000, g)
xv, yv = data(800, g)
net = TextCNN(60, 4)
opt = torch.optim.Adam(net.parameters(), FLAGS.lr)
for epoch in range(FLAGS.num_epochs):
    net.train()
    s = 0
    for b in torch.randperm(len(xt)).split(FLAGS.batch_size):
        loss = F.cross_entropy(net(xt[b]), yt[b])
        opt.zero_grad(); loss.backward(); opt.step()
        s += loss.item() * len(b) / len(xt)
    net.eval()
    with torch.no_grad():
        z = net(xv)
    print(f"epoch {epoch} train_loss {s:.4f} dev_loss {F.cross_entropy(z, yv):.4f} dev_acc {(z.argmax(1)==yv).float().mean():.4f}")
