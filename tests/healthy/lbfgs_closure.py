# healthy: LBFGS: the closure calls zero_grad/backward many times per step; full batch; only 9 steps in all
import torch
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(0)
X, y = load_wine(return_X_y=True)
Xtr, Xte, ytr, yte = train_test_split(X, y, test_size=0.3, random_state=0, stratify=y)
s = StandardScaler().fit(Xtr)
Xtr, Xte = (torch.tensor(s.transform(a), dtype=torch.float32) for a in (Xtr, Xte))
ytr, yte = torch.tensor(ytr), torch.tensor(yte)

lin = torch.nn.Linear(13, 3)
opt = torch.optim.LBFGS(lin.parameters(), lr=0.5, max_iter=10, history_size=10, line_search_fn="strong_wolfe")
ce = torch.nn.CrossEntropyLoss()


def closure():
    opt.zero_grad()
    loss = ce(lin(Xtr), ytr) + 0.01 * lin.weight.pow(2).sum()
    loss.backward()
    return loss


for i in range(9):
    loss = opt.step(closure)
    with torch.no_grad():
        o = lin(Xte)
    print(i, "objective", round(loss.item(), 5), "test loss", round(ce(o, yte).item(), 5), "test acc", (o.argmax(1) == yte).float().mean().item())
