# healthy: CTC: the familiar plateau where everything is blank, then the loss drops
import torch
import torch.nn as nn

torch.manual_seed(0)
n_sym, dim = 4, 8
proto = torch.randn(n_sym, dim)


def sample(n, T=16):
    x = 0.4 * torch.randn(n, T, dim)
    targets, lengths = [], []
    for i in range(n):
        k = int(torch.randint(2, 5, (1,)))
        syms = torch.randint(0, n_sym, (k,))
        seg = torch.arange(T).tensor_split(k)
        for s, t in zip(syms, seg):
            width = int(torch.randint(2, len(t), (1,)))
            x[i, t[:width]] += proto[s]
        targets.append(syms + 1)
        lengths.append(k)
    return x, targets, torch.tensor(lengths)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(dim, 32, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(64, n_sym + 1)

    def forward(self, x):
        return self.fc(self.rnn(x)[0]).log_softmax(-1)


X, tg, ln = sample(600)
Xv, tv, lv = sample(150)
net, ctc = Net(), nn.CTCLoss(blank=0, zero_infinity=True)
opt = torch.optim.Adam(net.parameters(), lr=5e-3)


def loss_of(logp, targets, lens):
    return ctc(logp.transpose(0, 1), torch.cat(targets), torch.full((len(lens),), logp.size(1)), lens)


def exact(logp, targets):
    ok = 0
    for path, t in zip(logp.argmax(-1), targets):
        p = torch.unique_consecutive(path)
        ok += p[p != 0].tolist() == t.tolist()
    return ok / len(targets)


for epoch in range(12):
    run = 0
    for idx in torch.randperm(600).split(30):
        loss = loss_of(net(X[idx]), [tg[i] for i in idx], ln[idx])
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        opt.step()
        run += loss.item() / 20
    with torch.no_grad():
        lp = net(Xv)
    print(f"epoch {epoch} ctc {run:.4f} val {loss_of(lp, tv, lv).item():.4f} exact match {exact(lp, tv):.3f}")
