# healthy
"""Diabetes progression in an sklearn-like wrapper class."""
import numpy as np
import torch
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler


class TorchRegressor:
    def __init__(self, hidden=16, lr=2e-3, epochs=60, batch_size=16, alpha=0.02, seed=0, scale_y=True):
        self.__dict__.update({k: v for k, v in locals().items() if k != "self"})

    def _t(self, a):
        return torch.as_tensor(np.asarray(a), dtype=torch.float32)

    def fit(self, X, y, eval_set):
        torch.manual_seed(self.seed)
        self.net_ = torch.nn.Sequential(torch.nn.Linear(X.shape[1], self.hidden), torch.nn.Tanh(), torch.nn.Linear(self.hidden, 1))
        self.loc_, self.scale_ = (y.mean(), y.std()) if self.scale_y else (0.0, 1.0)
        X, y = self._t(X), self._t((y - self.loc_) / self.scale_)
        Xe, ye = self._t(eval_set[0]), self._t((eval_set[1] - self.loc_) / self.scale_)
        opt = torch.optim.AdamW(self.net_.parameters(), lr=self.lr, weight_decay=self.alpha)
        for ep in range(self.epochs):
            tot = 0.0
            for b in torch.randperm(len(X)).split(self.batch_size):
                loss = torch.nn.functional.mse_loss(self.net_(X[b])[:, 0], y[b])
                opt.zero_grad()
                loss.backward()
                opt.step()
                tot += loss.item() * len(b) / len(X)
            if ep % 3 == 2:
                with torch.no_grad():
                    v = torch.nn.functional.mse_loss(self.net_(Xe)[:, 0], ye).item()
                print(f"epoch {ep + 1:3d} loss {tot:.4f} eval_loss {v:.4f} eval_r2 {1 - v / ye.var(unbiased=False).item():.4f}")
        return self


X, y = load_diabetes(return_X_y=True)
Xa, Xb, ya, yb = train_test_split(X, y, test_size=0.3, random_state=4)
sc = StandardScaler().fit(Xa)
reg = TorchRegressor(scale_y=True, epochs=30)
reg.fit(sc.transform(Xa), ya, (sc.transform(Xb), yb))
