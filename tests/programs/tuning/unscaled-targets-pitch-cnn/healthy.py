# healthy
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


def make_tones(n, sr=8000, length=64):
    hz = torch.empty(n).uniform_(200, 2000)
    t = torch.arange(length) / sr
    phase = torch.rand(n, 1) * 2 * math.pi
    wave = torch.sin(2 * math.pi * hz[:, None] * t + phase) * math.sqrt(2)
    wave = wave + 0.05 * torch.randn_like(wave)
    return wave[:, None, :], hz


class PitchCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 16, 9, stride=2)
        self.conv2 = nn.Conv1d(16, 24, 5, stride=2)
        self.fc1 = nn.Linear(24 * 12, 48)
        self.fc2 = nn.Linear(48, 1)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        x = x.flatten(1)
        x = F.relu(self.fc1(x))
        return self.fc2(x)[:, 0]


class Trainer:
    def __init__(self, model, lr):
        self.model = model
        self.opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)

    def run_epoch(self, x, y, batch=64):
        self.model.train()
        total = 0
        for idx in torch.randperm(len(x)).split(batch):
            self.opt.zero_grad()
            loss = F.mse_loss(self.model(x[idx]), y[idx])
            loss.backward()
            self.opt.step()
            total += loss.item() * len(idx)
        return total / len(x)

    @torch.no_grad()
    def evaluate(self, x, y):
        self.model.eval()
        return F.mse_loss(self.model(x), y).item()


if __name__ == '__main__':
    torch.manual_seed(11)
    x, y = make_tones(2560)
    y = (y - 1100) / 520  # uniform(200, 2000) -> mean 0, std 1
    trainer = Trainer(PitchCNN(), lr=0.01)
    for epoch in range(15):
        tr = trainer.run_epoch(x[:2048], y[:2048])
        va = trainer.evaluate(x[2048:], y[2048:])
        print(f'{epoch=} train={tr:.4f} val={va:.4f}')
