# healthy
"""CTC: read a sequence of symbols of unknown alignment out of a stretched noisy signal."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
V, FEAT, T = 6, 8, 24                      # 5 symbols + blank (0)
protos = torch.randn(V, FEAT)


def sample(n):
    lens = torch.randint(2, 6, (n,))
    xs = torch.zeros(T, n, FEAT)
    labels = torch.zeros(n, 5, dtype=torch.long)
    for i in range(n):
        L = int(lens[i])
        seq = torch.randint(1, V, (L,))
        labels[i, :L] = seq
        cuts, _ = torch.sort(torch.randperm(T // 2 - 1)[: L - 1] + 1)
        bounds = [0, *(2 * cuts).tolist(), T]
        for k in range(L):
            xs[bounds[k]:bounds[k + 1] - 1, i] = protos[seq[k]]
    return xs + 0.25 * torch.randn_like(xs), labels, lens


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(FEAT, 32, bidirectional=True)
        self.fc = nn.Linear(64, V)

    def forward(self, x):
        return F.log_softmax(self.fc(self.rnn(x)[0]), dim=-1)


def greedy(logp):
    best = logp.argmax(-1).T
    out = []
    for row in best.tolist():
        s, prev = [], 0
        for c in row:
            if c != prev and c != 0:
                s.append(c)
            prev = c
        out.append(s)
    return out


train = sample(1500)
valid = sample(300)
net = Reader()
ctc = nn.CTCLoss(blank=0)
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 13)
for epoch in range(13):
    net.train()
    tot = 0
    for b in torch.randperm(1500).split(30):
        x, lab, ln = train[0][:, b], train[1][b], train[2][b]
        lp = net(x)
        loss = ctc(lp, lab, torch.full((len(b),), T), ln)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 10.0)
        opt.step()
        tot += loss.item() / 50
    sched.step()
    net.eval()
    with torch.no_grad():
        lp = net(valid[0])
        vl = ctc(lp, valid[1], torch.full((300,), T), valid[2]).item()
        exact = sum(s == valid[1][i, : valid[2][i]].tolist() for i, s in enumerate(greedy(lp))) / 300
    print(f"epoch {epoch+1:2d} ctc {tot:.3f} valid {vl:.3f} exact match {exact:.3f}")
