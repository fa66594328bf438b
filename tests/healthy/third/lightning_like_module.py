# healthy
"""Hand-made Lightning: LightningModule with training_step / configure_optimizers, a Trainer, bf16 autocast, EMA, accumulation."""
import copy

import mnist1d.data
import torch
import torch.nn.functional as F
from torch import nn


class LitModule(nn.Module):
    def __init__(self, lr=3e-3):
        super().__init__()
        self.lr = lr
        self.net = nn.Sequential(
            nn.Conv1d(1, 24, 5, 2, 2), nn.BatchNorm1d(24), nn.ReLU(),
            nn.Conv1d(24, 48, 5, 2, 2), nn.BatchNorm1d(48), nn.ReLU(),
            nn.Conv1d(48, 48, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(48 * 5, 10),
        )

    def forward(self, x):
        return self.net(x.unsqueeze(1))

    def training_step(self, batch):
        x, y = batch
        return F.cross_entropy(self(x), y, label_smoothing=0.05)

    def validation_step(self, batch):
        x, y = batch
        out = self(x).float()
        return {"val_loss": F.cross_entropy(out, y), "val_acc": (out.argmax(1) == y).float().mean()}

    def configure_optimizers(self):
        opt = torch.optim.AdamW(self.parameters(), lr=self.lr, weight_decay=0.02)
        return opt, torch.optim.lr_scheduler.OneCycleLR(opt, self.lr, total_steps=8 * 32)


class Trainer:
    def __init__(self, max_epochs=8, accumulate=2, ema=0.97):
        self.max_epochs, self.accumulate, self.decay = max_epochs, accumulate, ema

    def fit(self, module, train, val):
        opt, sched = module.configure_optimizers()
        shadow = copy.deepcopy(module)
        for epoch in range(self.max_epochs):
            module.train()
            for i, batch in enumerate(train):
                with torch.autocast("cpu", dtype=torch.bfloat16):
                    loss = module.training_step(batch) / self.accumulate
                loss.backward()
                if i % self.accumulate == self.accumulate - 1:
                    opt.step()
                    sched.step()
                    opt.zero_grad()
                    with torch.no_grad():
                        for a, b in zip(shadow.state_dict().values(), module.state_dict().values()):
                            a.lerp_(b, 1 - self.decay) if a.is_floating_point() else a.copy_(b)
            shadow.eval()
            with torch.no_grad():
                logs = [shadow.validation_step(b) for b in val]
            print(f"epoch {epoch}", {k: round(float(sum(l[k] for l in logs) / len(logs)), 4) for k in logs[0]})


def loaders():
    args = mnist1d.data.get_dataset_args()
    args.num_samples = 5000
    d = mnist1d.data.make_dataset(args)
    tr = torch.utils.data.TensorDataset(torch.tensor(d["x"]).float(), torch.tensor(d["y"]))
    va = torch.utils.data.TensorDataset(torch.tensor(d["x_test"]).float(), torch.tensor(d["y_test"]))
    return torch.utils.data.DataLoader(tr, 64, shuffle=True, drop_last=True), torch.utils.data.DataLoader(va, 500)


if __name__ == "__main__":
    torch.manual_seed(1)
    Trainer().fit(LitModule(), *loaders())
