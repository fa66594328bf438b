# healthy: overcomplete sparse autoencoder with an L1 penalty: most ReLU units are zero on any one input by design
import torch
import torch.nn as nn

torch.manual_seed(0)
# superposition toy data: 24 sparse features living in 12 dimensions
n_feat, dim = 24, 12
directions = nn.functional.normalize(torch.randn(n_feat, dim), dim=1)


def batch(n):
    active = (torch.rand(n, n_feat) < 0.08).float()
    return (active * (0.5 + torch.rand(n, n_feat))) @ directions


class SAE(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.enc = nn.Linear(d, h)
        self.dec = nn.Linear(h, d)
        with torch.no_grad():
            self.enc.weight.copy_(self.dec.weight.t())

    def forward(self, x):
        f = torch.relu(self.enc(x - self.dec.bias))
        return self.dec(f), f


held = batch(1000)
sae = SAE(dim, 48)
opt = torch.optim.Adam(sae.parameters(), lr=3e-3)
for step in range(1, 1501):
    x = batch(128)
    rec, f = sae(x)
    mse = (rec - x).pow(2).sum(-1).mean()
    loss = mse + 0.06 * (f * sae.dec.weight.norm(dim=0)).sum(-1).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 250 == 0:
        with torch.no_grad():
            r, hf = sae(held)
        fvu = (r - held).pow(2).sum() / (held - held.mean(0)).pow(2).sum()
        print(f"step {step} loss {loss.item():.4f} held-out unexplained variance {fvu:.4f} active units per input {(hf > 0).float().sum(1).mean():.1f}/48 ever used {(hf > 0).any(0).sum().item()}")
