# fault: accumulating-gradients
# logistic -> two-layer network "from scratch" (course notebook 3)
import torch

torch.manual_seed(7)
# %% data: four noisy gaussians on a ring plus one in the middle
k = torch.randint(0, 5, (4000,))
ang = k.float() * 1.5708
centre = torch.where((k < 4)[:, None], 2 * torch.stack([ang.cos(), ang.sin()], 1), torch.zeros(1, 2))
X = torch.cat([centre, torch.zeros(4000, 3)], 1) + .55 * torch.randn(4000, 5)
X = (X - X.mean(0)) / X.std(0)
X_train, k_train, X_valid, k_valid = X[:3200], k[:3200], X[3200:], k[3200:]

# %% parameters
W1 = torch.randn(5, 30) / 5 ** .5
b1 = torch.zeros(30)
W2 = torch.randn(30, 5) / 30 ** .5
b2 = torch.zeros(5)
parameters = [W1, b1, W2, b2]
for p in parameters:
    p.requires_grad_()


def model(x):
    return torch.relu(x @ W1 + b1) @ W2 + b2


def cross_entropy(logits, target):
    return -(logits - logits.logsumexp(1, keepdim=True))[torch.arange(len(target)), target].mean()


# %% training
bs, epochs = 32, 20
for epoch in range(epochs):
    lr = .3 * (1 - epoch / epochs)
    total = 0
    perm = torch.randperm(3200)
    for i in range(0, 3200, bs):
        rows = perm[i:i + bs]
        loss = cross_entropy(model(X_train[rows]), k_train[rows])
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p -= lr * p.grad
        total += loss.item()
    with torch.no_grad():
        out = model(X_valid)
        print(f'epoch {epoch}: train {total / 100:.4f} valid {cross_entropy(out, k_valid):.4f} accuracy {(out.argmax(1) == k_valid).float().mean():.3f}')
