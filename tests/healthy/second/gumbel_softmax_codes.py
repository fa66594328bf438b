# healthy
# Discrete autoencoder with Gumbel-softmax (straight-through, annealed temperature)
import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(0)
protos = (torch.rand(12, 32) < 0.4).float()
def data(n):
    k = torch.randint(0, 12, (n,))
    flip = (torch.rand(n, 32) < 0.04).float()
    return (protos[k] - flip).abs(), k
enc = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 3 * 6))
dec = nn.Sequential(nn.Linear(18, 64), nn.ReLU(), nn.Linear(64, 32))
params = list(enc.parameters()) + list(dec.parameters())
opt = torch.optim.Adam(params, lr=3e-3)
S = 1400
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, S)
xv, kv = data(1500)
floor = 32 * (-(0.04 * torch.tensor(0.04).log() + 0.96 * torch.tensor(0.96).log())).item()
run = 0
for s in range(1, S + 1):
    tau = max(0.5, 2.0 * 0.9985 ** s)
    x, _ = data(100)
    z = F.gumbel_softmax(enc(x).view(-1, 3, 6), tau=tau, hard=s > S // 2)
    loss = F.binary_cross_entropy_with_logits(dec(z.flatten(1)), x, reduction="sum") / len(x)
    opt.zero_grad(); loss.backward(); opt.step(); sch.step(); run += loss.item()
    if s % 100 == 0:
        with torch.no_grad():
            hard = F.one_hot(enc(xv).view(-1, 3, 6).argmax(-1), 6).float().flatten(1)
            v = F.binary_cross_entropy_with_logits(dec(hard), xv, reduction="sum") / len(xv)
        print(f"step {s} tau {tau:.2f} loss {run/100:.3f} held-out (argmax codes) {v.item():.3f} noise floor {floor:.3f}"); run = 0
