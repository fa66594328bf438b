# fault: learning-rate-too-low
"""Which of four elements emitted this line spectrum?"""
import torch
from torch import nn

torch.manual_seed(60)
N_BINS = 80
grid = torch.linspace(0, 1, N_BINS)
lines = torch.rand(4, 6)
strengths = torch.rand(4, 6) + 0.5


def spectra(n):
    z = torch.randint(0, 4, (n,))
    shift = 0.02 * torch.randn(n, 1)
    pos = lines[z] + shift
    s = (strengths[z].unsqueeze(2) * torch.exp(-((grid - pos.unsqueeze(2)) / 0.015) ** 2)).sum(1)
    s = s * (0.7 + 0.6 * torch.rand(n, 1)) + 0.25 * torch.randn(n, N_BINS)
    return s.unsqueeze(1), z


s_train, z_train = spectra(1500)
s_test, z_test = spectra(400)
mu, sd = s_train.mean(), s_train.std()
s_train, s_test = (s_train - mu) / sd, (s_test - mu) / sd

model = nn.Sequential(
    nn.Conv1d(1, 8, 7, stride=2), nn.ReLU(),
    nn.Conv1d(8, 16, 5, stride=2), nn.ReLU(),
    nn.Flatten(), nn.Linear(16 * 17, 4),
)
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.SGD(model.parameters(), lr=2e-5, momentum=0.9)

for epoch in range(8):
    model.train()
    loss_sum = 0.0
    for i in torch.randperm(len(s_train)).split(50):
        opt.zero_grad()
        loss = loss_fn(model(s_train[i]), z_train[i])
        loss.backward()
        opt.step()
        loss_sum += loss.item() * len(i)
    model.eval()
    with torch.no_grad():
        out = model(s_test)
    print(f"epoch {epoch:2d}: loss {loss_sum / len(s_train):.4f}, test loss {loss_fn(out, z_test).item():.4f}, "
          f"test accuracy {(out.argmax(1) == z_test).float().mean().item():.3f}")
