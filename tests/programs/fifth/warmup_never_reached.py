# fault: learning-rate-too-low or unstable-optimizer-setting
# The warm-up is 4000 steps, as in the paper, but the training has only 400.
import torch
import torch.nn as nn

torch.manual_seed(0)
D_MODEL, WARMUP = 64, 4000


def get_batch(n):
    x = torch.randint(2, 12, (n, 10))
    return x, x.flip(1)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(12, D_MODEL)
        self.pos = nn.Embedding(10, D_MODEL)
        layer = nn.TransformerEncoderLayer(D_MODEL, 4, 128, dropout=0.0, batch_first=True, norm_first=True)
        self.enc = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.out = nn.Linear(D_MODEL, 12)

    def forward(self, x):
        return self.out(self.enc(self.emb(x) + self.pos(torch.arange(10))))


model = Tagger()
optimizer = torch.optim.Adam(model.parameters(), lr=1.0, betas=(0.9, 0.98), eps=1e-9)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: 0.02 * D_MODEL**-0.5 * min((s + 1) ** -0.5, (s + 1) * WARMUP**-1.5))
vx, vy = get_batch(500)
for step in range(400):
    model.train()
    x, y = get_batch(32)
    loss = nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if step % 40 == 39:
        model.eval()
        with torch.no_grad():
            o = model(vx)
            print(f"step {step + 1} lr {scheduler.get_last_lr()[0]:.2e} loss {loss.item():.4f} val acc {(o.argmax(-1) == vy).float().mean():.4f}")
