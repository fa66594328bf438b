# healthy
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(12)


def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.xavier_uniform_(m.weight)
        nn.init.zeros_(m.bias)


class ArmNet(nn.Module):
    """joint angles -> position of the gripper"""

    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(3, 64)
        self.fc2 = nn.Linear(64, 64)
        self.fc3 = nn.Linear(64, 2)
        self.apply(init_weights)

    def forward(self, q):
        q = F.relu(self.fc1(q))
        q = F.relu(self.fc2(q))
        return self.fc3(q)


def gripper(q):
    a = q.cumsum(1)
    return torch.stack([torch.cos(a).sum(1), torch.sin(a).sum(1)], 1)


q = (torch.rand(3000, 3) - 0.5) * 3
pos = gripper(q)
pos = (pos - pos.mean(0)) / pos.std(0)
q = q / q.std(0)
train_q, train_pos, test_q, test_pos = q[:2500], pos[:2500], q[2500:], pos[2500:]

model = ArmNet()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

for epoch in range(1, 26):
    model.train()
    batch_losses = []
    for idx in torch.randperm(2500).split(50):
        optimizer.zero_grad()
        loss = F.smooth_l1_loss(model(train_q[idx]), train_pos[idx])
        loss.backward()
        optimizer.step()
        batch_losses.append(loss.detach())
    model.eval()
    with torch.no_grad():
        test_loss = F.smooth_l1_loss(model(test_q), test_pos)
    if epoch % 5 == 0 or epoch == 1:
        print('Epoch: {}/25 \tTrain loss: {:.5f} \tTest loss: {:.5f}'.format(epoch, torch.stack(batch_losses).mean(), test_loss))
