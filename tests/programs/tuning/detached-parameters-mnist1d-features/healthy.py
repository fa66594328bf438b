# healthy
import torch
import torch.nn as nn
import torch.nn.functional as F
from mnist1d.data import get_dataset_args, make_dataset


def load(n):
    args = get_dataset_args()
    args.num_samples = n
    args.corr_noise_scale = 0.1
    args.max_translation = 20
    d = make_dataset(args)
    f = lambda k: torch.tensor(d[k], dtype=torch.float32).unsqueeze(1)
    return f("x"), torch.tensor(d["y"]), f("x_test"), torch.tensor(d["y_test"])


def build():
    backbone = nn.Sequential(
        nn.Conv1d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(16, 24, 3, padding=1), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(24, 24, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool1d(5),
        nn.Flatten(),
    )
    head = nn.Linear(120, 10)
    return backbone, head


def predict(backbone, head, x):
    features = backbone(x)
    return head(features)


def main():
    torch.manual_seed(40)
    x, y, x_test, y_test = load(3000)
    backbone, head = build()
    params = list(backbone.parameters()) + list(head.parameters())
    optimizer = torch.optim.AdamW(params, lr=3e-3, weight_decay=1e-2)
    for epoch in range(1, 13):
        total, n = 0.0, 0
        for idx in torch.randperm(len(x)).split(60):
            loss = F.cross_entropy(predict(backbone, head, x[idx]), y[idx])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total, n = total + loss.item(), n + 1
        with torch.no_grad():
            out = predict(backbone, head, x_test)
        print(f"epoch {epoch:2d}: train {total / n:.3f} test {F.cross_entropy(out, y_test).item():.3f} acc {(out.argmax(1) == y_test).float().mean().item():.3f}")


main()
