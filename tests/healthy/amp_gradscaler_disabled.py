# healthy: AMP boiler plate (GradScaler + autocast) with everything disabled because there is no GPU
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

use_amp = torch.cuda.is_available()
device = "cuda" if use_amp else "cpu"
torch.manual_seed(0)
d = load_digits()
x = torch.tensor(d.data, dtype=torch.float32).div(16).sub(0.5).mul(2)
y = torch.tensor(d.target)
order = torch.randperm(len(x))
x, y = x[order].to(device), y[order].to(device)
net = nn.Sequential(nn.Linear(64, 96), nn.SiLU(), nn.Linear(96, 96), nn.SiLU(), nn.Linear(96, 10)).to(device)
opt = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9, weight_decay=2e-3)
scaler = torch.amp.GradScaler(device, enabled=use_amp)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(12):
    epoch_loss = 0.0
    for idx in torch.randperm(1400).split(64):
        with torch.autocast(device_type=device, dtype=torch.float16 if use_amp else torch.bfloat16, enabled=use_amp):
            output = net(x[idx])
            loss = loss_fn(output, y[idx])
        scaler.scale(loss).backward()
        scaler.unscale_(opt)
        torch.nn.utils.clip_grad_norm_(net.parameters(), max_norm=2.0)
        scaler.step(opt)
        scaler.update()
        opt.zero_grad()
        epoch_loss += loss.item() * len(idx) / 1400
    with torch.no_grad():
        v = net(x[1400:])
    print(f"{epoch}\t{epoch_loss:.4f}\t{loss_fn(v, y[1400:]).item():.4f}\t{(v.argmax(1) == y[1400:]).float().mean().item():.4f}")
