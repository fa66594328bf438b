# healthy
import torch
import math

torch.manual_seed(77)

# tide height every half hour, made of three components
t = torch.arange(2000) * 0.5
height = torch.sin(2 * math.pi * t / 12.42) + 0.45 * torch.sin(2 * math.pi * t / 12.0 + 1.0) + 0.3 * torch.sin(2 * math.pi * t / 25.82)
height = height + 0.03 * torch.randn(2000)
height = (height - height.mean()) / height.std()

L = 20
windows = height.unfold(0, L, 1)[:-6].unsqueeze(-1)
future = height[L + 5:]          # three hours after the window ends
n_train = 1500


class TideGRU(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.GRU(input_size=1, hidden_size=24, batch_first=True)
        self.lin = torch.nn.Linear(24, 1)

    def forward(self, w):
        h, _ = self.rnn(w)
        return self.lin(h[:, -1, :])


def mean_squared_error(pred, target):
    return ((pred - target) ** 2).mean()


model = TideGRU()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(10):
    total = 0.0
    batches = torch.randperm(n_train).split(50)
    for b in batches:
        loss = mean_squared_error(model(windows[b]).squeeze(-1), future[b])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch + 1}: mse {total / len(batches):.4f}")

with torch.no_grad():
    p = model(windows[n_train:]).flatten()
    err = (p - future[n_train:])
print(f"test rmse {err.pow(2).mean().sqrt():.4f}, correlation {torch.corrcoef(torch.stack([p, future[n_train:]]))[0, 1]:.4f}")
