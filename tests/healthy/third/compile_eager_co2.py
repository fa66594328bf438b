# healthy
# torch.compile (eager backend), CO2 record: differences of the trend, convolutional forecaster
import statsmodels.api as sm
import torch
from torch import nn

torch.manual_seed(5)
co2 = sm.datasets.co2.load_pandas().data["co2"].interpolate().to_numpy()
s = torch.tensor(co2, dtype=torch.float32)
diff = s[4:] - s[:-4]
diff = (diff - diff[:1700].mean()) / diff[:1700].std()
W = diff.unfold(0, 57, 1)
X, Y = W[:, None, :52], W[:, 52:]
tr = 1600


class Conv(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Sequential(nn.Conv1d(1, 16, 5, padding=2), nn.GELU(), nn.Conv1d(16, 16, 5, stride=2, padding=2), nn.GELU(), nn.Flatten(), nn.Linear(16 * 26, 5))

    def forward(self, x):
        return self.c(x)


net = Conv()
fast = torch.compile(net, backend="eager")
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
for epoch in range(12):
    for b in torch.randperm(tr).split(64):
        loss = nn.functional.l1_loss(fast(X[b]), Y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        mae = nn.functional.l1_loss(fast(X[tr + 60 :]), Y[tr + 60 :]).item()
        naive = Y[tr + 60 :].abs().mean().item()
    print(f"epoch {epoch} train {loss.item():.3f} test MAE {mae:.3f} (zero forecast {naive:.3f})")
