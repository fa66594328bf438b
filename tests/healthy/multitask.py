# healthy: one trunk, two heads, two losses of different scale added with weights; regression target standardised
import torch
import torch.nn as nn

torch.manual_seed(0)
n = 2000
x = torch.randn(n, 8)
angle = torch.atan2(x[:, 0] + 0.5 * x[:, 1], x[:, 2] - 0.3 * x[:, 3])
quadrant = ((angle + torch.pi) / (torch.pi / 2)).long().clamp(max=3)
radius = (x[:, 0] ** 2 + x[:, 2] ** 2).sqrt() + 0.05 * torch.randn(n)
radius = (radius - radius.mean()) / radius.std()


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.cls_head = nn.Linear(64, 4)
        self.reg_head = nn.Linear(64, 1)

    def forward(self, x):
        h = self.trunk(x)
        return self.cls_head(h), self.reg_head(h).squeeze(-1)


model = Shared()
ce, mse = nn.CrossEntropyLoss(), nn.MSELoss()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(20):
    model.train()
    for i in torch.randperm(1600).split(64):
        logits, r = model(x[i])
        l_cls, l_reg = ce(logits, quadrant[i]), mse(r, radius[i])
        loss = l_cls + 0.5 * l_reg
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        logits, r = model(x[1600:])
        v1, v2 = ce(logits, quadrant[1600:]), mse(r, radius[1600:])
        acc = (logits.argmax(1) == quadrant[1600:]).float().mean()
    if epoch % 3 == 1:
        print(f"epoch {epoch + 1} train cls {l_cls.item():.3f} reg {l_reg.item():.3f} | val cls {v1:.3f} reg {v2:.3f} acc {acc:.3f}")
