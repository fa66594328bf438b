# healthy
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(15)

# chirp up, chirp down or constant tone
def tones(n):
    k = torch.randint(0, 3, (n,))
    slope = torch.tensor([0.25, -0.25, 0.0])[k][:, None]
    t = torch.arange(48).float()
    base = 0.45 + 0.1 * torch.rand(n, 1)
    phase = (base + slope * (t / 47 - 0.5)) * t + 6.28 * torch.rand(n, 1)
    x = torch.sin(phase) * 1.35 + 0.3 * torch.randn(n, 48)
    return TensorDataset(x.unsqueeze(1), k)

train_loader = DataLoader(tones(2000), batch_size=40, shuffle=True)
val_loader = DataLoader(tones(400), batch_size=400)

model = nn.Sequential(
    nn.Conv1d(1, 16, 7, stride=2), nn.ReLU(),
    nn.Conv1d(16, 16, 5, stride=2), nn.ReLU(),
    nn.Flatten(),
    nn.Linear(16 * 9, 3),
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(12):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        x, y = next(iter(val_loader))
        out = model(x)
    print(f"epoch {epoch}: loss {loss.item():.4f} val loss {loss_fn(out, y).item():.4f} val accuracy {(out.argmax(1) == y).float().mean().item():.3f}")
