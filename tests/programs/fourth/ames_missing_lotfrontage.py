# fault: nonfinite-data
# Loss is nan from the first epoch, I have checked my learning rate!! (forum question)
import numpy as np, pandas as pd
import torch, torch.nn as nn, torch.nn.functional as F
from torch.utils.data import TensorDataset, DataLoader

np.random.seed(1); torch.manual_seed(1)
df = pd.DataFrame(np.random.randn(1200, 8), columns=["lot_front", "lot_area", "bsmt", "flr1", "flr2", "baths", "rooms", "fire"])
df["y"] = df.lot_area * 2 + df.flr1 * df.flr2 + np.sin(df.rooms * 2) + 0.1 * np.random.randn(1200)
df.loc[np.random.rand(1200) < 0.02, "lot_front"] = np.nan   # like the real csv
# IMPUTE
df = (df - df.mean()) / df.std()
train, test = df[:1000], df[1000:]
to_t = lambda d: torch.from_numpy(d.values.astype("float32"))
trainset = TensorDataset(to_t(train.drop(columns="y")), to_t(train[["y"]]))
testset = TensorDataset(to_t(test.drop(columns="y")), to_t(test[["y"]]))

class Regressor(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(8, 50)
        self.l2 = nn.Linear(50, 50)
        self.out = nn.Linear(50, 1)
    def forward(self, x):
        x = F.relu(self.l1(x))
        x = F.relu(self.l2(x))
        return self.out(x)

net = Regressor()
opt = torch.optim.Adam(net.parameters(), lr=0.005)
for epoch in range(20):
    for xb, yb in DataLoader(trainset, 50, shuffle=True):
        loss = F.mse_loss(net(xb), yb)
        opt.zero_grad(); loss.backward(); opt.step()
    with torch.no_grad():
        se = [F.mse_loss(net(xb), yb).item() for xb, yb in DataLoader(testset, 200)]
    print("epoch", epoch, "test mse", np.mean(se))
