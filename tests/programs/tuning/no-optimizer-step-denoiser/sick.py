# fault: no-optimizer-step
import torch
import torch.nn as nn


class Denoiser(nn.Module):
    def __init__(self, ch=16):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(1, ch, 7, padding=3), nn.ReLU(),
            nn.Conv1d(ch, ch, 7, padding=3), nn.ReLU(),
            nn.Conv1d(ch, 1, 7, padding=3),
        )

    def forward(self, x):
        return self.body(x)


def make_signals(n, length=64):
    t = torch.linspace(0, 1, length)
    f = 1 + 4 * torch.rand(n, 1)
    p = 6.28 * torch.rand(n, 1)
    clean = torch.sin(6.28 * f * t + p) * 2 ** 0.5
    noisy = clean + 0.6 * torch.randn(n, length)
    return noisy.unsqueeze(1), clean.unsqueeze(1)


class Fitter:
    def __init__(self, net, lr):
        self.net, self.loss = net, nn.MSELoss()
        self.opt = torch.optim.Adam(net.parameters(), lr=lr)

    def step(self, noisy, clean):
        self.opt.zero_grad()
        loss = self.loss(self.net(noisy), clean)
        loss.backward()
        return loss.item()


torch.manual_seed(3)
noisy, clean = make_signals(1200)
noisy_test, clean_test = make_signals(300)
fitter = Fitter(Denoiser(), 3e-3)
for epoch in range(10):
    losses = [fitter.step(noisy[i], clean[i]) for i in torch.randperm(1200).split(40)]
    with torch.no_grad():
        test = fitter.loss(fitter.net(noisy_test), clean_test).item()
    print(f"epoch {epoch} mse {sum(losses) / len(losses):.4f} test {test:.4f}")
