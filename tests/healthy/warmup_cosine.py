# healthy: linear warm-up from ~0 learning rate: the loss hardly moves for the first dozens of steps
import math
import torch
import torch.nn as nn
from mnist1d.data import get_dataset_args, make_dataset

torch.manual_seed(0)
cfg = get_dataset_args()
cfg.num_samples = 4000
cfg.shuffle_seq = False
cfg.max_translation = 20
raw = make_dataset(cfg)
Xtr, ytr = torch.tensor(raw["x"]).float(), torch.tensor(raw["y"])
Xte, yte = torch.tensor(raw["x_test"]).float(), torch.tensor(raw["y_test"])


class ResMLP(nn.Module):
    def __init__(self, d=96, depth=2):
        super().__init__()
        self.conv = nn.Conv1d(1, 24, 5, padding=2, stride=2)
        self.conv2 = nn.Conv1d(24, 24, 3, padding=1, stride=2)
        self.inp = nn.Linear(240, d)
        self.blocks = nn.ModuleList([nn.Sequential(nn.LayerNorm(d), nn.Linear(d, d), nn.GELU(), nn.Dropout(0.1), nn.Linear(d, d)) for _ in range(depth)])
        self.out = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, 10))

    def forward(self, x):
        h = torch.relu(self.conv2(torch.relu(self.conv(x[:, None])))).flatten(1)
        h = self.inp(h)
        for b in self.blocks:
            h = h + b(h)
        return self.out(h)


model = ResMLP()
EPOCHS, BS = 8, 64
total = EPOCHS * math.ceil(len(Xtr) / BS)
warmup = total // 8
opt = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.05)
warm = torch.optim.lr_scheduler.LinearLR(opt, start_factor=1e-3, total_iters=warmup)
cos = torch.optim.lr_scheduler.CosineAnnealingLR(opt, total - warmup)
sched = torch.optim.lr_scheduler.SequentialLR(opt, [warm, cos], milestones=[warmup])
ce = nn.CrossEntropyLoss()
for ep in range(EPOCHS):
    model.train()
    s = n = 0
    for idx in torch.randperm(len(Xtr)).split(BS):
        opt.zero_grad()
        loss = ce(model(Xtr[idx]), ytr[idx])
        loss.backward()
        opt.step()
        sched.step()
        s, n = s + loss.item() * len(idx), n + len(idx)
    model.eval()
    with torch.no_grad():
        o = model(Xte)
    print(f"epoch {ep} lr {sched.get_last_lr()[0]:.5f} train {s / n:.3f} val {ce(o, yte):.3f} acc {(o.argmax(1) == yte).float().mean():.3f}")
