# healthy
# ensemble of five via stack_module_state + vmap + functional_call
import copy

import torch
from sklearn.datasets import load_wine
from torch import nn
from torch.func import functional_call, stack_module_state

torch.manual_seed(0)
X, y = load_wine(return_X_y=True)
X = torch.tensor((X - X.mean(0)) / X.std(0)).float()
y = torch.tensor(y)
p = torch.randperm(len(X))
X, y = X[p], y[p]
models = [nn.Sequential(nn.Linear(13, 16), nn.ReLU(), nn.Linear(16, 3)) for _ in range(5)]
params, buffers = stack_module_state(models)
params = {k: v.detach().requires_grad_() for k, v in params.items()}
base = copy.deepcopy(models[0]).to("meta")


def single(p, b, x):
    return functional_call(base, (p, b), (x,))


opt = torch.optim.Adam(params.values(), lr=0.01)
for epoch in range(40):
    for b in torch.randperm(120).split(20):
        logits = torch.vmap(single, in_dims=(0, 0, None))(params, buffers, X[b])
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), y[b].repeat(5))
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    probs = torch.vmap(single, in_dims=(0, 0, None))(params, buffers, X[120:]).softmax(-1).mean(0)
    print(f"loss {loss.item():.4f} ensemble test accuracy {(probs.argmax(1) == y[120:]).float().mean().item():.3f}")
