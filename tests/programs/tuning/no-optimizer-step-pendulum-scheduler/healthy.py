# healthy
# learn the next state of a damped pendulum
import torch
import torch.nn as nn
from torch.utils.data import TensorDataset, DataLoader

torch.manual_seed(55)

state = torch.stack([(torch.rand(2500) - 0.5) * 5, torch.randn(2500) * 1.5], dim=1)
angle, speed = state[:, 0].clone(), state[:, 1].clone()
for _ in range(50):
    speed = speed + 0.01 * (-4.0 * torch.sin(angle) - 0.3 * speed)
    angle = angle + 0.01 * speed
nxt = torch.stack([angle, speed], dim=1)

state = (state - state.mean(0)) / state.std(0)
nxt = (nxt - nxt.mean(0)) / nxt.std(0)
train_ds = TensorDataset(state[:2000], nxt[:2000])
test_s, test_n = state[2000:], nxt[2000:]

net = nn.Sequential(nn.Linear(2, 40), nn.Tanh(), nn.Linear(40, 40), nn.Tanh(), nn.Linear(40, 2))
optim = torch.optim.RMSprop(net.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.ExponentialLR(optim, gamma=0.997)
mse = nn.MSELoss()

for epoch in range(20):
    for s, n in DataLoader(train_ds, batch_size=50, shuffle=True):
        optim.zero_grad()
        loss = mse(net(s), n)
        loss.backward()
        optim.step()
        sched.step()
    with torch.no_grad():
        print('epoch %d | loss %.5f | test %.5f' % (epoch, loss.item(), mse(net(test_s), test_n).item()))
