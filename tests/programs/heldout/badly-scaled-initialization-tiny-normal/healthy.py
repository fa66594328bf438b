# healthy
import torch
import torch.nn as nn
from sklearn.datasets import load_digits


class BaseModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.build()
        self.reset_parameters()

    def build(self):
        raise NotImplementedError

    def reset_parameters(self):
        for m in self.modules():
            if isinstance(m, (nn.Linear, nn.Conv2d)):
                nn.init.kaiming_normal_(m.weight, nonlinearity='relu')
                nn.init.zeros_(m.bias)


class VGGish(BaseModel):
    def build(self):
        self.block1 = nn.Sequential(nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.block2 = nn.Sequential(nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.Conv2d(24, 24, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(96, 48), nn.ReLU(), nn.Dropout(0.2), nn.Linear(48, 10))

    def forward(self, x):
        return self.classifier(self.block2(self.block1(x)))


class Experiment:
    def __init__(self, seed=0):
        torch.manual_seed(seed)
        d = load_digits()
        x = torch.tensor(d.images).float().unsqueeze(1)
        y = torch.tensor(d.target)
        p = torch.randperm(len(y))
        self.tr, self.va = p[:1400], p[1400:]
        self.x = (x - x[self.tr].mean()) / x[self.tr].std()
        self.y = y
        self.model = VGGish()
        self.loss = nn.CrossEntropyLoss()
        self.opt = torch.optim.SGD(self.model.parameters(), lr=0.02, momentum=0.9, weight_decay=5e-4)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, 10)

    def step(self, idx):
        self.opt.zero_grad()
        l = self.loss(self.model(self.x[idx]), self.y[idx])
        l.backward()
        self.opt.step()
        return l.item()

    def run(self, epochs=10):
        for e in range(epochs):
            self.model.train()
            l = [self.step(i) for i in self.tr[torch.randperm(1400)].split(35)]
            self.sched.step()
            self.model.eval()
            with torch.no_grad():
                o = self.model(self.x[self.va])
            yv = self.y[self.va]
            print(f"[{e}] train {sum(l) / len(l):.4f} valid {self.loss(o, yv).item():.4f} acc {(o.argmax(1) == yv).float().mean().item():.4f}")


Experiment().run()
