# healthy: forward in bfloat16 autocast: activations and logits are coarse bf16 values, master weights fp32
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_classification

torch.manual_seed(0)
X, y = make_classification(n_samples=4000, n_features=20, n_informative=10, n_classes=4, class_sep=2.0, flip_y=0.0, random_state=1)
X = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)
y = torch.tensor(y)
Xt, yt, Xv, yv = X[:3200], y[:3200], X[3200:], y[3200:]

model = nn.Sequential(nn.Linear(20, 64), nn.LayerNorm(64), nn.GELU(), nn.Linear(64, 64), nn.LayerNorm(64), nn.GELU(), nn.Linear(64, 4))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
for epoch in range(8):
    total = 0.0
    for idx in torch.randperm(len(Xt)).split(64):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device_type="cpu", dtype=torch.bfloat16):
            logits = model(Xt[idx])
            loss = F.cross_entropy(logits, yt[idx])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        out = model(Xv).float()
    print(f"epoch {epoch}: train {total / len(Xt):.4f}, val {F.cross_entropy(out, yv):.4f}, acc {(out.argmax(1) == yv).float().mean():.3f}")
