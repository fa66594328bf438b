# healthy
"""Lightning-like trainer."""
import copy
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class LitModule(nn.Module):
    def training_step(self, batch): ...
    def validation_step(self, batch): ...
    def configure_optimizers(self): ...


class GestureModel(LitModule):
    def __init__(self, lr=3e-3):
        super().__init__()
        self.lr = lr
        self.backbone = nn.Sequential(nn.Conv1d(3, 16, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(16, 32, 3, padding=1), nn.ReLU(),
                                      nn.AdaptiveAvgPool1d(4), nn.Flatten())
        self.classifier = nn.Sequential(nn.Dropout(.2), nn.Linear(128, 5))
        self.loss = nn.CrossEntropyLoss()

    def forward(self, x):
        return self.classifier(self.backbone(x))

    def training_step(self, batch):
        x, y = batch
        return self.loss(self(x), y)

    def validation_step(self, batch):
        x, y = batch
        z = self(x)
        return {'val_loss': self.loss(z, y).item(), 'val_acc': (z.argmax(1) == y).float().mean().item()}

    def configure_optimizers(self):
        opt = torch.optim.AdamW(self.parameters(), self.lr, weight_decay=.05)
        return opt, torch.optim.lr_scheduler.CosineAnnealingLR(opt, 10)


class Trainer:
    def __init__(self, max_epochs):
        self.max_epochs = max_epochs

    def fit(self, module, train, val):
        opt, sched = module.configure_optimizers()
        best = copy.deepcopy(module)
        best_loss = float('inf')
        for epoch in range(self.max_epochs):
            module.train()
            tl = []
            for batch in train:
                loss = module.training_step(batch)
                opt.zero_grad()
                loss.backward()
                opt.step()
                tl.append(loss.item())
            sched.step()
            module.eval()
            with torch.no_grad():
                logs = [module.validation_step(b) for b in val]
            mean = {k: sum(l[k] for l in logs) / len(logs) for k in logs[0]}
            if mean['val_loss'] < best_loss:
                best_loss = mean['val_loss']
                best.load_state_dict(module.state_dict())
            print(f'epoch {epoch} train_loss {sum(tl) / len(tl):.4f} ' + ' '.join(f'{k} {v:.4f}' for k, v in mean.items()))
        return best


def gestures(n):
    y = torch.randint(0, 5, (n,))
    t = torch.linspace(0, 1, 40)
    f = torch.tensor([[1., 2, 0], [2, 1, 1], [0, 1, 2], [1, 1, 1], [2, 2, 2]])[y][..., None]
    x = torch.sin(6.283 * (f * t + torch.rand(n, 1, 1))) * (1 + .3 * torch.randn(n, 1, 1)) + .6 * torch.randn(n, 3, 40)
    return TensorDataset((x - .1) / .95, y)


torch.manual_seed(0)
Trainer(max_epochs=10).fit(GestureModel(), DataLoader(gestures(3000), 50, shuffle=True), DataLoader(gestures(800), 400))
