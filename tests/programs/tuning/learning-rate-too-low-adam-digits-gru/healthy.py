# healthy
# read the digit row by row with a GRU
from dataclasses import dataclass
import torch
from torch import nn
from sklearn.datasets import load_digits


@dataclass
class HParams:
    hidden: int = 40
    batch: int = 45
    lr: float = 5e-3
    epochs: int = 10
    grad_clip: float = 2.0


class RowGRU(nn.Module):
    def __init__(self, hp):
        super().__init__()
        self.gru = nn.GRU(8, hp.hidden, batch_first=True)
        self.readout = nn.Sequential(nn.Dropout(0.1), nn.Linear(hp.hidden, 10))

    def forward(self, img):
        out, _ = self.gru(img)
        return self.readout(out[:, -1])


def epoch_pass(model, x, y, loss_fn, hp, opt=None):
    model.train(opt is not None)
    total, right = 0.0, 0
    with torch.set_grad_enabled(opt is not None):
        for idx in (torch.randperm(len(x)) if opt else torch.arange(len(x))).split(hp.batch):
            out = model(x[idx])
            loss = loss_fn(out, y[idx])
            if opt:
                opt.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), hp.grad_clip)
                opt.step()
            total += loss.item() * len(idx)
            right += (out.argmax(1) == y[idx]).sum().item()
    return total / len(x), right / len(x)


if __name__ == "__main__":
    torch.manual_seed(0)
    hp = HParams()
    bunch = load_digits()
    x = torch.tensor(bunch.images, dtype=torch.float32)
    x = (x - x.mean()) / x.std()
    y = torch.tensor(bunch.target)
    order = torch.randperm(len(x))
    tr, va = order[:1440], order[1440:]
    model = RowGRU(hp)
    opt = torch.optim.AdamW(model.parameters(), lr=hp.lr, weight_decay=0.01)
    ce = nn.CrossEntropyLoss()
    for e in range(hp.epochs):
        tl, ta = epoch_pass(model, x[tr], y[tr], ce, hp, opt)
        vl, va_acc = epoch_pass(model, x[va], y[va], ce, hp)
        print(f"{e:>3} | {tl:.3f} {ta:.3f} | {vl:.3f} {va_acc:.3f}")
