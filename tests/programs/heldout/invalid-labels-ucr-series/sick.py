# fault: invalid-labels
# cylinder / bell / funnel, UCR table format
import numpy as np
import torch
import torch.nn as nn

np.random.seed(3)
torch.manual_seed(3)


def make_cbf(n, length=64):
    rows = []
    for _ in range(n):
        cls = np.random.randint(1, 4)
        a = np.random.randint(8, 20)
        b = a + np.random.randint(16, 40)
        t = np.arange(length)
        box = ((t >= a) & (t <= b)).astype(float)
        amp = 6 + np.random.randn()
        if cls == 1:
            s = amp * box
        elif cls == 2:
            s = amp * box * (t - a) / (b - a)
        else:
            s = amp * box * (b - t) / (b - a)
        s = s + np.random.randn(length)
        s = (s - s.mean()) / s.std()
        rows.append(np.concatenate([[cls], s]))
    return np.array(rows)


train, test = make_cbf(600), make_cbf(300)


def split(table):
    x = torch.tensor(table[:, 1:], dtype=torch.float32).unsqueeze(1)
    y = torch.tensor(table[:, 0], dtype=torch.long)
    return x, y


x_train, y_train = split(train)
x_test, y_test = split(test)

model = nn.Sequential(
    nn.Conv1d(1, 16, 7, padding=3), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(2),
    nn.Conv1d(16, 32, 5, padding=2), nn.BatchNorm1d(32), nn.ReLU(),
    nn.AdaptiveAvgPool1d(4), nn.Flatten(),
    nn.Linear(128, 3),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-4)

for epoch in range(15):
    model.train()
    losses = []
    for idx in torch.randperm(len(x_train)).split(40):
        optimizer.zero_grad()
        loss = criterion(model(x_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        out = model(x_test)
    print('epoch %d loss %.4f test loss %.4f test acc %.3f' % (
        epoch, np.mean(losses), criterion(out, y_test).item(), (out.argmax(1) == y_test).float().mean().item()))
