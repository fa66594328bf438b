# fault: loss-task-mismatch
# Why is my loss zero from the first epoch?  (power plant output, 4 ambient variables)
import numpy as np
import torch
import torch.nn as nn
import torch.utils.data as tud

rng = np.random.default_rng(64)
N = 4200
AT = rng.uniform(2, 35, N); V = 40 + .9 * AT + rng.normal(0, 5, N); AP = rng.normal(1013, 6, N); RH = rng.uniform(30, 100, N)
PE = 497 - 1.7 * AT - .012 * (AT - 18) ** 2 - .25 * (V - 55) + .06 * (AP - 1013) * np.tanh((AT - 15) / 8) * 4 - .14 * (RH - 65) * (AT > 20) + rng.normal(0, 1.2, N)

X = np.column_stack([AT, V, AP, RH])
X = (X - X.mean(0)) / X.std(0)
y = (PE - PE.mean()) / PE.std()


class PlantDataset(tud.Dataset):
    def __init__(self, X, y):
        self.X = torch.tensor(X, dtype=torch.float32)
        self.y = torch.tensor(y, dtype=torch.float32).view(-1, 1)

    def __len__(self):
        return self.X.shape[0]

    def __getitem__(self, index):
        return self.X[index], self.y[index]


train_data, test_data = PlantDataset(X[:3400], y[:3400]), PlantDataset(X[3400:], y[3400:])
train_loader = tud.DataLoader(train_data, batch_size=50, shuffle=True)
test_loader = tud.DataLoader(test_data, batch_size=400)


class Network(nn.Module):
    def __init__(self, input_dim=4, hidden_dim=40, output_dim=1):
        super().__init__()
        self.linear1 = nn.Linear(input_dim, hidden_dim)
        self.linear2 = nn.Linear(hidden_dim, hidden_dim)
        self.linear3 = nn.Linear(hidden_dim, output_dim)
        self.act = nn.ELU()

    def forward(self, x):
        return self.linear3(self.act(self.linear2(self.act(self.linear1(x)))))


torch.manual_seed(0)
net = Network()
loss_function = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=0.003)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)
for epoch in range(20):
    net.train()
    total = 0.0
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = loss_function(outputs, targets)
        loss.backward()
        optimizer.step()
        total += loss.item()
    scheduler.step()
    net.eval()
    preds, truth, vl = [], [], 0.
    with torch.no_grad():
        for inputs, targets in test_loader:
            o = net(inputs)
            vl += loss_function(o, targets).item() / len(test_loader)
            preds.append(o); truth.append(targets)
    p, t = torch.cat(preds).numpy(), torch.cat(truth).numpy()
    if epoch % 4 == 3:
        print('Epoch: %d, loss: %.5f, test loss: %.5f, R2: %.4f' % (epoch + 1, total / len(train_loader), vl, 1 - ((p - t) ** 2).mean() / t.var()))
