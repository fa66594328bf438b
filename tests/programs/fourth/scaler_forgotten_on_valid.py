# fault: train-validation-shift
"""Wine classification. The scaler is applied to the training part only."""
import torch
import torch.nn.functional as F
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

X, y = load_wine(return_X_y=True)
X_train, X_valid, y_train, y_valid = train_test_split(X, y, test_size=0.3, random_state=4, stratify=y)
X_train = StandardScaler().fit_transform(X_train)

X_train = torch.as_tensor(X_train).float()
X_valid = torch.as_tensor(X_valid).float()
y_train, y_valid = torch.as_tensor(y_train), torch.as_tensor(y_valid)

torch.manual_seed(0)


class WineNet(torch.nn.Module):
    def __init__(self):
        super(WineNet, self).__init__()
        self.fc1 = torch.nn.Linear(13, 20)
        self.fc2 = torch.nn.Linear(20, 3)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


net = WineNet()
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(60):
    net.train()
    for b in torch.randperm(len(X_train)).split(16):
        opt.zero_grad()
        loss = F.cross_entropy(net(X_train[b]), y_train[b])
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        logits = net(X_valid)
        v = F.cross_entropy(logits, y_valid).item()
        a = (logits.argmax(1) == y_valid).float().mean().item()
    if epoch % 10 == 9:
        print(f"epoch {epoch + 1}: train loss {loss.item():.4f}, valid loss {v:.4f}, valid acc {a:.2%}")
