# healthy
# character model in the spirit of makemore
import random
import torch
import torch.nn.functional as F

random.seed(0)
g = torch.Generator().manual_seed(2147483647)

starts, middles, ends = ["ma", "jo", "ka", "el", "ro", "an"], ["ri", "le", "na", "so", "mi"], ["na", "a", "n", "th", "lie", "s"]
words = [random.choice(starts) + "".join(random.choice(middles) for _ in range(random.randint(1, 3))) + random.choice(ends) for _ in range(1500)]
chars = sorted(set("".join(words)))
stoi = {c: i + 1 for i, c in enumerate(chars)}
stoi["."] = 0
V, BLOCK = len(stoi), 3


def build(ws):
    X, Y = [], []
    for w in ws:
        ctx = [0] * BLOCK
        for ch in w + ".":
            X.append(ctx)
            Y.append(stoi[ch])
            ctx = ctx[1:] + [stoi[ch]]
    return torch.tensor(X), torch.tensor(Y)


Xtr, Ytr = build(words)

C = torch.randn((V, 6), generator=g)
W1 = torch.randn((6 * BLOCK, 48), generator=g) * (5 / 3) / (6 * BLOCK) ** 0.5
b1 = torch.zeros(48)
W2 = torch.randn((48, V), generator=g) * 0.1
b2 = torch.zeros(V)
params = [C, W1, b1, W2, b2]
for p in params:
    p.requires_grad = True


def logprobs(x):
    h = torch.tanh(C[x].view(len(x), -1) @ W1 + b1)
    return F.log_softmax(h @ W2 + b2, dim=1)


steps = 2000
running = 0.0
for i in range(steps):
    ix = torch.randint(0, len(Xtr), (64,), generator=g)
    logp = logprobs(Xtr[ix])
    loss = -logp[torch.arange(64), Ytr[ix]].mean()
    for p in params:
        p.grad = None
    loss.backward()
    lr = 0.1 if i < 1500 else 0.02
    for p in params:
        p.data += -lr * p.grad
    running += loss.item() / 200
    if i % 200 == 199:
        print(f"{i + 1:5d}/{steps}: {running:.4f}")
        running = 0.0

itos = {i: c for c, i in stoi.items()}
for _ in range(5):
    out, ctx = "", [0] * BLOCK
    while len(out) < 15:
        p = logprobs(torch.tensor([ctx])).exp()
        k = torch.multinomial(p, 1, generator=g).item()
        if k == 0:
            break
        out, ctx = out + itos[k], ctx[1:] + [k]
    print(out)
