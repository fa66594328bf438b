# healthy: torch.compile(backend="eager"): the optimised module wraps the original
import torch
import torch.nn as nn
from sklearn.datasets import make_swiss_roll

torch.manual_seed(0)
X, t = make_swiss_roll(2000, noise=0.2, random_state=0)
X = torch.tensor((X - X.mean(0)) / X.std(0)).float()
y = torch.tensor((t - t.mean()) / t.std()).float()


class Net(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(3, width), nn.Linear(width, width), nn.Linear(width, 1)])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.nn.functional.gelu(layer(x))
        return self.layers[-1](x).squeeze(-1)


model = torch.compile(Net(), backend="eager")
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 25)
for epoch in range(25):
    for idx in torch.randperm(1600).split(100, 0):
        loss = ((model(X[idx]) - y[idx]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            val = ((model(X[1600:]) - y[1600:]) ** 2).mean()
        print(f"epoch {epoch + 1}: train {loss.item():.4f} val {val.item():.4f}")
