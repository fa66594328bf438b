# fault: symmetric-initialization
# reproducibility taken too far: every weight starts at the same small number
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16.0, y, random_state=0)
X_train, X_test = map(lambda a: torch.tensor(a, dtype=torch.float32), (X_train, X_test))
y_train, y_test = map(torch.tensor, (y_train, y_test))


def weights_init(m):
    if isinstance(m, nn.Linear):
        nn.init.constant_(m.weight, 0.05)
        nn.init.constant_(m.bias, 0.0)


model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
model.apply(weights_init)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(20):
    permutation = torch.randperm(X_train.size()[0])
    for i in range(0, X_train.size()[0], 32):
        optimizer.zero_grad()
        indices = permutation[i : i + 32]
        outputs = model.forward(X_train[indices])
        loss = criterion(outputs, y_train[indices])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        test = model(X_test)
        print("epoch %d loss %.3f test loss %.3f test acc %.3f" % (epoch, loss.item(), criterion(test, y_test), (test.argmax(1) == y_test).float().mean()))
