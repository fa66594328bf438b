# fault: wrong-output-activation
import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler


class Config:
    seed = 5
    hidden = [32, 16]
    dropout = 0.2
    lr = 1e-3
    weight_decay = 1e-3
    batch_size = 32
    epochs = 25


class TumourClassifier(nn.Module):
    def __init__(self, n_features, cfg):
        super().__init__()
        layers, last = [], n_features
        for h in cfg.hidden:
            layers += [nn.Linear(last, h), nn.ReLU(), nn.Dropout(cfg.dropout)]
            last = h
        layers += [nn.Linear(last, 1), nn.Softmax(dim=1)]
        self.model = nn.Sequential(*layers)

    def forward(self, x):
        return self.model(x)


class Trainer:
    def __init__(self, model, cfg):
        self.model, self.cfg = model, cfg
        self.loss_fn = nn.BCELoss()
        self.optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr, weight_decay=cfg.weight_decay)

    def train_epoch(self, loader):
        self.model.train()
        total = 0
        for x, y in loader:
            self.optimizer.zero_grad()
            loss = self.loss_fn(self.model(x), y)
            loss.backward()
            self.optimizer.step()
            total += loss.item() * len(x)
        return total / len(loader.dataset)

    @torch.no_grad()
    def evaluate(self, x, y):
        self.model.eval()
        p = self.model(x)
        return self.loss_fn(p, y).item(), ((p > 0.5).float() == y).float().mean().item()

    def fit(self, loader, x_val, y_val):
        for epoch in range(self.cfg.epochs):
            tr = self.train_epoch(loader)
            vl, acc = self.evaluate(x_val, y_val)
            print(f"epoch {epoch + 1:>3}/{self.cfg.epochs} loss={tr:.4f} val_loss={vl:.4f} val_acc={acc:.4f}")


def main():
    cfg = Config()
    torch.manual_seed(cfg.seed)
    X, y = load_breast_cancer(return_X_y=True)
    Xt, Xv, yt, yv = train_test_split(X, y, test_size=0.25, stratify=y, random_state=cfg.seed)
    sc = StandardScaler().fit(Xt)
    Xt, Xv = (torch.tensor(sc.transform(a), dtype=torch.float32) for a in (Xt, Xv))
    yt, yv = (torch.tensor(a, dtype=torch.float32).view(-1, 1) for a in (yt, yv))
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(Xt, yt), batch_size=cfg.batch_size, shuffle=True)
    Trainer(TumourClassifier(X.shape[1], cfg), cfg).fit(loader, Xv, yv)


if __name__ == "__main__":
    main()
