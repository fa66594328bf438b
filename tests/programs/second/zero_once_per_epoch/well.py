# healthy
import torch
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import Dataset, DataLoader
import numpy as np

class SineDataset(Dataset):
    """predict frequency and phase class of noisy windows"""
    def __init__(self, n, seed):
        rs = np.random.RandomState(seed)
        self.freq = rs.randint(1, 6, n)
        phase = rs.uniform(0, 2 * np.pi, (n, 1))
        t = np.linspace(0, 1, 50)
        self.signal = np.sin(2 * np.pi * (self.freq[:, None] + rs.uniform(-.3, .3, (n, 1))) * t + phase) * 1.3 + .4 * rs.randn(n, 50)

    def __len__(self):
        return len(self.signal)

    def __getitem__(self, idx):
        return torch.tensor(self.signal[idx], dtype=torch.float32).unsqueeze(-1), torch.tensor(self.freq[idx] - 1)

class RNNClassifier(nn.Module):
    def __init__(self, hidden_size=24, num_classes=5):
        super(RNNClassifier, self).__init__()
        self.lstm = nn.LSTM(1, hidden_size, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden_size, num_classes)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(out.mean(1))

torch.manual_seed(0)
train_loader = DataLoader(SineDataset(2400, 0), batch_size=60, shuffle=True)
test_loader = DataLoader(SineDataset(600, 1), batch_size=300)
model = RNNClassifier()
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=0.01)
scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, 15)

for epoch in range(15):
    model.train()
    running = 0.0
    for inputs, labels in train_loader:
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running += loss.item()
    scheduler.step()
    model.eval()
    correct, vloss = 0, 0
    with torch.no_grad():
        for inputs, labels in test_loader:
            o = model(inputs)
            vloss += criterion(o, labels).item() / len(test_loader)
            correct += (o.argmax(1) == labels).sum().item()
    print('Epoch [{}/15] train loss {:.4f} test loss {:.4f} test accuracy {:.2f}%'.format(epoch + 1, running / len(train_loader), vloss, 100 * correct / 600))
