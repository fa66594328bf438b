# healthy
from sklearn.datasets import make_friedman2
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split
import torch

torch.manual_seed(27)

X, y = make_friedman2(n_samples=2500, noise=20, random_state=27)
X_train, X_test, y_train, y_test = train_test_split(X, y.reshape(-1, 1), test_size=500, random_state=27)
sx, sy = StandardScaler().fit(X_train), StandardScaler().fit(y_train)
X_train, X_test = [torch.tensor(sx.transform(a), dtype=torch.float32) for a in (X_train, X_test)]
y_train, y_test = [torch.tensor(sy.transform(a), dtype=torch.float32) for a in (y_train, y_test)]

net = torch.nn.Sequential(
    torch.nn.Linear(4, 40), torch.nn.SiLU(),
    torch.nn.Linear(40, 40), torch.nn.SiLU(),
    torch.nn.Linear(40, 1),
)
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3, weight_decay=1e-5)
huber = torch.nn.HuberLoss()

for epoch in range(1, 21):
    for rows in torch.randperm(2000).chunk(40):
        optimizer.zero_grad()
        loss = huber(net(X_train[rows]), y_train[rows])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        train_loss, test_loss = huber(net(X_train), y_train).item(), huber(net(X_test), y_test).item()
    print(f"epoch {epoch:>2}: train {train_loss:.5f}, test {test_loss:.5f}")
