# healthy
# Full-batch L-BFGS with strong Wolfe line search in double precision
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
X, y = load_breast_cancer(return_X_y=True)
Xa, Xb, ya, yb = train_test_split(torch.tensor(X), torch.tensor(y, dtype=torch.float64), test_size=0.3, random_state=3, stratify=y)
mu, sd = Xa.mean(0), Xa.std(0)
Xa, Xb = (Xa - mu) / sd, (Xb - mu) / sd

net = torch.nn.Sequential(torch.nn.Linear(30, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
opt = torch.optim.LBFGS(net.parameters(), lr=1.0, max_iter=5, history_size=20, line_search_fn="strong_wolfe")
bce = torch.nn.BCEWithLogitsLoss()

def objective():
    data = bce(net(Xa)[:, 0], ya)
    ridge = sum((p ** 2).sum() for n, p in net.named_parameters() if n.endswith("weight"))
    return data, data + 0.004 * ridge

def closure():
    opt.zero_grad()
    _, total = objective()
    total.backward()
    return total

for outer in range(12):
    opt.step(closure)
    with torch.no_grad():
        data, total = objective()
        z = net(Xb)[:, 0]
        print(f"{outer:2d} objective {total.item():.6f} data term {data.item():.5f} held-out {bce(z, yb).item():.5f} acc {((z > 0) == (yb > 0.5)).double().mean().item():.4f}")
