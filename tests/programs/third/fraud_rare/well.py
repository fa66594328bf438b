# healthy
import torch, numpy as np
from torch import nn, optim
from sklearn.metrics import f1_score, balanced_accuracy_score, recall_score
from sklearn.model_selection import train_test_split

SEED = 5
torch.manual_seed(SEED)

g = np.random.default_rng(SEED)
y = (g.random(9000) < 0.03).astype("float32")
shift = np.array([0.9, -0.8, 0.7, 0.6, 0, 0, 0, 0, 0, 0])
X = g.normal(size=(9000, 10)) + y[:, None] * shift
X[:, 4] = np.exp(0.4 * X[:, 4])
Xtr, Xte, ytr, yte = train_test_split(X, y, test_size=0.3, stratify=y, random_state=SEED)
mu, sigma = Xtr.mean(axis=0), Xtr.std(axis=0)
Xtr, Xte = (Xtr - mu) / sigma, (Xte - mu) / sigma
Xtr, Xte = torch.FloatTensor(Xtr), torch.FloatTensor(Xte)
ytr, yte = torch.FloatTensor(ytr), torch.FloatTensor(yte)


class FraudDetector(nn.Module):
    def __init__(self, n_in):
        super(FraudDetector, self).__init__()
        self.fc1 = nn.Linear(n_in, 32)
        self.fc2 = nn.Linear(32, 1)
        self.drop = nn.Dropout(0.1)

    def forward(self, x):
        x = self.drop(torch.relu(self.fc1(x)))
        return self.fc2(x).view(-1)


device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
model = FraudDetector(X.shape[1]).to(device)
pos_weight = (ytr == 0).sum() / (ytr == 1).sum()
criterion = nn.BCEWithLogitsLoss(pos_weight=pos_weight.to(device))
optimizer = optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-3)
dl = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(Xtr, ytr), batch_size=128, shuffle=True)

for epoch in range(10):
    model.train()
    running = 0
    for xb, yb in dl:
        xb, yb = xb.to(device), yb.to(device)
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        running += loss.item()
    model.eval()
    with torch.no_grad():
        logits = model(Xte.to(device)).cpu()
        vloss = criterion(logits, yte).item()
    pred = (logits > 0).int().numpy()
    print(f"epoch {epoch+1} loss {running/len(dl):.4f} val_loss {vloss:.4f} acc {(pred == yte.numpy()).mean():.4f} "
          f"recall {recall_score(yte, pred):.3f} bal_acc {balanced_accuracy_score(yte, pred):.3f} f1 {f1_score(yte, pred, zero_division=0):.3f}")
