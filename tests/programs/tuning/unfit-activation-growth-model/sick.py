# fault: unfit-activation
import torch

torch.manual_seed(20)

# bacteria count after 12 hours from temperature, sugar, pH and oxygen
n = 2200
cond = torch.randn(n, 4)
growth = torch.sin(cond[:, 0]) + 0.6 * cond[:, 1] - 0.5 * cond[:, 2] ** 2 + 0.3 * cond[:, 1] * cond[:, 3]
growth = (growth - growth.mean()) / growth.std() + 0.1 * torch.randn(n)

activation = torch.exp


class Growth(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(4, 40)
        self.second = torch.nn.Linear(40, 40)
        self.last = torch.nn.Linear(40, 1)

    def forward(self, c):
        h = activation(self.first(c))
        h = activation(self.second(h))
        return self.last(h).squeeze(-1)


model = Growth()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=30)
for epoch in range(30):
    total = 0.0
    for k in torch.randperm(1800).split(60):
        loss = torch.nn.functional.mse_loss(model(cond[k]), growth[k])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() / 30
    schedule.step()
    with torch.no_grad():
        held_out = torch.nn.functional.mse_loss(model(cond[1800:]), growth[1800:]).item()
    if epoch % 3 == 2:
        print("epoch", epoch + 1, "train mse %.4f" % total, "held-out mse %.4f" % held_out)
