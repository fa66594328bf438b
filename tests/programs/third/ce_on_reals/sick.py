# fault: loss-task-mismatch
"""Inverse kinematics of a planar 3-joint arm: predict joint displacement from end-effector data (multi-output)."""
import torch, math
from torch import nn

LOSSES = {"mse": nn.MSELoss(), "huber": nn.SmoothL1Loss(), "ce": nn.CrossEntropyLoss()}
CFG = dict(loss="ce", lr=2e-3, epochs=25, batch=64, width=64)


def arm(n):
    q = torch.rand(n, 3) * torch.tensor([1.5, 1.2, 1.0]) + torch.tensor([0.2, 0.3, 0.2])
    a = q.cumsum(1)
    x, y = torch.cos(a).cumsum(1), torch.sin(a).cumsum(1)
    obs = torch.stack([x[:, 1], y[:, 1], x[:, 2], y[:, 2]], 1)
    return obs, q


torch.manual_seed(12)
obs, q = arm(4000)
obs = (obs - obs.mean(0)) / obs.std(0)
q = (q - q.mean(0)) / q.std(0)
obs_t, q_t, obs_v, q_v = obs[:3200], q[:3200], obs[3200:], q[3200:]
net = nn.Sequential(nn.Linear(4, CFG["width"]), nn.Tanh(), nn.Linear(CFG["width"], CFG["width"]), nn.Tanh(), nn.Linear(CFG["width"], 3))
loss_fn = LOSSES[CFG["loss"]]
opt = torch.optim.Adam(net.parameters(), lr=CFG["lr"])
decay = torch.optim.lr_scheduler.ExponentialLR(opt, 0.9)
for ep in range(CFG["epochs"]):
    total, k = 0.0, 0
    for b in torch.randperm(len(obs_t)).split(CFG["batch"]):
        loss = loss_fn(net(obs_t[b]), q_t[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item(); k += 1
    decay.step()
    with torch.no_grad():
        p = net(obs_v)
        r2 = 1 - ((p - q_v) ** 2).sum() / ((q_v - q_v.mean(0)) ** 2).sum()
        print(f"epoch {ep:2d}  train {total/k:.4f}  valid {loss_fn(p, q_v):.4f}  valid R2 {r2:.4f}")
