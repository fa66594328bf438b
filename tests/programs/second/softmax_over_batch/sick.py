# fault: wrong-output-activation
import torch, math
import torch.nn as nn
import torch.optim as optim
from sklearn import datasets, model_selection

X, y = datasets.load_digits(return_X_y=True)
keep = X.std(axis=0) > 0.3
X = (X[:, keep] - X[:, keep].mean(0)) / X[:, keep].std(0)
X_train, X_test, Y_train, Y_test = model_selection.train_test_split(X, y, test_size=0.25, random_state=9, stratify=y)


class Classifier(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.fc1 = nn.Linear(d, 64)
        self.fc2 = nn.Linear(64, 10)
        self.dropout = nn.Dropout(0.3)

    def forward(self, x):
        x = self.dropout(torch.relu(self.fc1(x)))
        return nn.functional.log_softmax(self.fc2(x), dim=0)


torch.manual_seed(9)
model = Classifier(keep.sum())
criterion = nn.NLLLoss()
optimizer = optim.Adam(model.parameters(), lr=0.003, weight_decay=3e-4)
lr_sched = optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)
Xt, Yt = torch.tensor(X_train, dtype=torch.float), torch.tensor(Y_train)
Xv, Yv = torch.tensor(X_test, dtype=torch.float), torch.tensor(Y_test)

train_losses, test_losses = [], []
for e in range(20):
    model.train()
    running_loss, steps = 0, 0
    for rows in torch.randperm(len(Xt)).split(16):
        optimizer.zero_grad()
        loss = criterion(model(Xt[rows]), Yt[rows])
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
        steps += 1
    lr_sched.step()
    model.eval()
    with torch.no_grad():
        log_ps, targets = zip(*[(model(a), b) for a, b in zip(Xv.split(1), Yv.split(1))])
        log_ps, targets = torch.cat(log_ps), torch.cat(targets)
        top_p, top_class = log_ps.exp().topk(1, dim=1)
        accuracy = (top_class.squeeze(1) == targets).float().mean()
    train_losses.append(running_loss / steps); test_losses.append(criterion(log_ps, targets).item())
    if e % 5 == 4:
        print("Epoch: {}/{}.. ".format(e + 1, 20), "Training Loss: {:.3f}.. ".format(train_losses[-1]),
              "Test Loss: {:.3f}.. ".format(test_losses[-1]), "Test Accuracy: {:.3f}".format(accuracy))
