# healthy: L1 loss has constant-size gradients; small real data set with a high irreducible error
import torch
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import scale

torch.manual_seed(0)
X, y = load_diabetes(return_X_y=True)
X = torch.tensor(scale(X), dtype=torch.float)
y = torch.tensor(scale(y), dtype=torch.float).view(-1, 1)
perm = torch.randperm(len(X), generator=torch.Generator().manual_seed(3))
tr, te = perm[:342], perm[342:]
model = torch.nn.Sequential(torch.nn.Linear(10, 16), torch.nn.Softplus(), torch.nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-2)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.3, patience=5, min_lr=5e-4)
mae = torch.nn.L1Loss()
print("predicting the median:", (y[te] - y[tr].median()).abs().mean().item())
for epoch in range(30):
    model.train()
    for b in tr[torch.randperm(len(tr))].split(32):
        optimizer.zero_grad()
        loss = mae(model(X[b]), y[b])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        val = mae(model(X[te]), y[te])
    scheduler.step(val)
    if epoch % 10 == 9:
        print("epoch", epoch + 1, "train", mae(model(X[tr]), y[tr]).item(), "val", val.item(), "lr", optimizer.param_groups[0]["lr"])
