# healthy
# decoder uses the transposed encoder weights (tied), denoising, 20 epochs, evaluated every 5
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(7)
X = torch.tensor(load_digits().data, dtype=torch.float32) / 16
X = X[torch.randperm(len(X))]
tr, te = X[:1500], X[1500:]


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.w1 = nn.Parameter(torch.empty(48, 64))
        self.w2 = nn.Parameter(torch.empty(16, 48))
        for w in (self.w1, self.w2):
            nn.init.kaiming_uniform_(w, a=5**0.5)
        self.b = nn.ParameterList([torch.zeros(48), torch.zeros(16), torch.zeros(48), torch.zeros(64)])

    def forward(self, x):
        h = F.leaky_relu(F.linear(x, self.w1, self.b[0]))
        z = F.linear(h, self.w2, self.b[1])
        h = F.leaky_relu(F.linear(z, self.w2.t(), self.b[2]))
        return F.linear(h, self.w1.t(), self.b[3])


ae = Tied()
opt = torch.optim.Adam(ae.parameters(), lr=3e-3)
for epoch in range(1, 21):
    for b in torch.randperm(1500).split(60):
        clean = tr[b]
        loss = F.mse_loss(ae(clean + 0.1 * torch.randn_like(clean)), clean)
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 0:
        with torch.no_grad():
            print(epoch, "train", loss.item(), "test", F.mse_loss(ae(te), te).item(), "variance", te.var(0).mean().item())
