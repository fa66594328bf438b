# fault: wrong-output-activation
# which of four motifs is hidden in the sequence?
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(8)
VOCAB, LEN, N = 12, 16, 2400
MOTIFS = torch.tensor([[1, 2, 3], [3, 2, 1], [4, 5, 6], [6, 1, 4]])


def sample(n):
    seq = torch.randint(7, VOCAB, (n, LEN))
    lab = torch.randint(0, 4, (n,))
    pos = torch.randint(0, LEN - 3, (n,))
    for k in range(3):
        seq[torch.arange(n), pos + k] = MOTIFS[lab, k]
    return seq, lab


class MotifNet(nn.Module):
    def __init__(self, d=16, h=32):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, d)
        self.gru = nn.GRU(d, h)
        self.out = nn.Linear(h, 4)

    def forward(self, seq):
        e = self.emb(seq.t())
        states, last = self.gru(e)
        scores = self.out(last.squeeze(0))
        return F.log_softmax(scores, dim=0)


seqs, labs = sample(N)
test_seqs, test_labs = sample(400)
net = MotifNet()
opt = torch.optim.RMSprop(net.parameters(), lr=2e-3)
nll = nn.NLLLoss()
for epoch in range(6):
    avg = 0.0
    for b in torch.randperm(N).chunk(60):
        opt.zero_grad()
        loss = nll(net(seqs[b]), labs[b])
        loss.backward()
        opt.step()
        avg += loss.item() / 60
    with torch.no_grad():
        o = net(test_seqs)
    print("epoch", epoch, "loss %.4f" % avg, "test loss %.4f" % nll(o, test_labs).item(), "test acc", (o.argmax(1) == test_labs).float().mean().item())
