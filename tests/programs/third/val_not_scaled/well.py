# healthy
# Diabetes-like lab values (synthetic), LightningModule-like without Lightning
import numpy as np
import torch
from torch import nn
from torch.utils.data import TensorDataset, DataLoader


class LabDataModule:
    def __init__(self, n=2500, seed=21):
        g = np.random.default_rng(seed)
        self.X = np.column_stack([g.normal(95, 20, n), g.normal(27, 4, n), g.normal(52, 14, n), g.normal(125, 15, n), g.gamma(3, 40, n)])
        z = (self.X - self.X.mean(0)) / self.X.std(0)
        s = 1.2 * z[:, 0] + 0.8 * z[:, 1] * (z[:, 2] > 0) + 0.5 * z[:, 3] - 0.6 * np.abs(z[:, 4])
        self.y = (s + g.normal(0, 0.4, n) > 0).astype("float32")

    def setup(self):
        cut = 2000
        Xtr, Xva = self.X[:cut], self.X[cut:]
        mean, std = Xtr.mean(0), Xtr.std(0)
        Xtr = (Xtr - mean) / std
        Xva = (Xva - mean) / std
        f = lambda a: torch.tensor(a, dtype=torch.float32)
        self.train_ds = TensorDataset(f(Xtr), f(self.y[:cut]))
        self.val_ds = TensorDataset(f(Xva), f(self.y[cut:]))

    def train_dataloader(self):
        return DataLoader(self.train_ds, batch_size=50, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.val_ds, batch_size=250)


class LitClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(5, 24), nn.ELU(), nn.Linear(24, 24), nn.ELU(), nn.Linear(24, 1))
        self.loss = nn.BCEWithLogitsLoss()

    def training_step(self, batch, _):
        x, y = batch
        return self.loss(self.net(x)[:, 0], y)

    def validation_step(self, batch, _):
        x, y = batch
        z = self.net(x)[:, 0]
        return self.loss(z, y).item(), ((z > 0).float() == y).float().mean().item()

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=3e-3)


class Loop:
    def fit(self, m, dm, max_epochs):
        dm.setup()
        opt = m.configure_optimizers()
        for ep in range(max_epochs):
            m.train()
            logs = []
            for i, b in enumerate(dm.train_dataloader()):
                loss = m.training_step(b, i)
                opt.zero_grad(); loss.backward(); opt.step()
                logs.append(loss.item())
            m.eval()
            with torch.no_grad():
                v = np.array([m.validation_step(b, i) for i, b in enumerate(dm.val_dataloader())]).mean(0)
            print(f"ep {ep:2d} train_loss {np.mean(logs):.4f} val_loss {v[0]:.4f} val_acc {v[1]:.4f}")


torch.manual_seed(21)
Loop().fit(LitClassifier(), LabDataModule(), 12)
