# healthy
# multinomial logistic regression with LBFGS and an L2 term, three regularisation strengths
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

X, y = load_breast_cancer(return_X_y=True)
xa, xb, ya, yb = train_test_split((X - X.mean(0)) / X.std(0), y, random_state=3)
xa, xb = torch.tensor(xa), torch.tensor(xb)
ya, yb = torch.tensor(ya), torch.tensor(yb)
for lam in (1e-4, 1e-3, 1e-2):
    torch.manual_seed(0)
    lin = torch.nn.Linear(30, 2).double()
    opt = torch.optim.LBFGS(lin.parameters(), lr=1, max_iter=15, line_search_fn="strong_wolfe")

    def closure():
        opt.zero_grad()
        loss = torch.nn.functional.cross_entropy(lin(xa), ya) + lam * lin.weight.pow(2).sum()
        loss.backward()
        return loss

    for outer in range(4):
        loss = opt.step(closure)
    acc = (lin(xb).argmax(1) == yb).double().mean().item()
    print(f"lambda {lam} loss {loss.item():.4f} test acc {acc:.4f}")
