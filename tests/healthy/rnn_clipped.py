# healthy: vanilla tanh RNN, gradients clipped to norm 1 on most early steps
import math
import torch
import torch.nn as nn

torch.manual_seed(42)

def make(n, length=24):
    """Noisy sine waves of three frequencies with random phase; predict which."""
    cls = torch.randint(0, 3, (n,))
    freq = torch.tensor([1.0, 2.0, 4.0])[cls]
    phase = torch.rand(n) * 2 * math.pi
    t = torch.linspace(0, 1, length)
    x = torch.sin(2 * math.pi * freq[:, None] * t + phase[:, None]) + 0.1 * torch.randn(n, length)
    return x.unsqueeze(-1), cls

train_x, train_y = make(1500)
val_x, val_y = make(400)

class Elman(nn.Module):
    def __init__(self, hidden=48):
        super().__init__()
        self.rnn = nn.RNN(1, hidden, nonlinearity="tanh", batch_first=True)
        self.fc = nn.Linear(hidden, 3)
    def forward(self, x):
        out, _ = self.rnn(x)
        return self.fc(out.mean(dim=1))

model = Elman()
optim = torch.optim.RMSprop(model.parameters(), lr=1e-3)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(15):
    total = 0.0
    for ix in torch.randperm(len(train_x)).split(50):
        optim.zero_grad()
        loss = loss_fn(model(train_x[ix]), train_y[ix])
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optim.step()
        total += loss.item()
    with torch.no_grad():
        logits = model(val_x)
    print(f"[{epoch}] loss={total / 30:.3f} grad_norm={norm:.2f} val_loss={loss_fn(logits, val_y):.3f} val_acc={(logits.argmax(1) == val_y).float().mean():.3f}")
