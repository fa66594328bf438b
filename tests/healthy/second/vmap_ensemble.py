# healthy
# Eight networks trained at once with torch.func: stacked parameters, vmap over models, one hand-written Adam.
import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap
from sklearn.datasets import make_moons
torch.manual_seed(0)
X, y = make_moons(3000, noise=0.22, random_state=0)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
Xt, yt = X[2000:], y[2000:]; X, y = X[:2000], y[:2000]
M = 8
nets = [nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 1)) for _ in range(M)]
params, buffers = stack_module_state(nets)
skeleton = nets[0].to("meta")
def one(p, b, x): return functional_call(skeleton, (p, b), (x,)).squeeze(-1)
many = vmap(one, in_dims=(0, 0, 0)); same = vmap(one, in_dims=(0, 0, None))
bce = nn.functional.binary_cross_entropy_with_logits
m1 = {k: torch.zeros_like(v) for k, v in params.items()}; m2 = {k: torch.zeros_like(v) for k, v in params.items()}
step = 0; E = 30; lr0 = 1e-2
for ep in range(E):
    t = 0; orders = torch.stack([torch.randperm(2000) for _ in range(M)])      # each member sees its own order
    for s in range(0, 2000, 50):
        i = orders[:, s:s + 50]; step += 1
        loss = bce(many(params, buffers, X[i]), y[i], reduction="none").mean(1).sum()
        grads = torch.autograd.grad(loss, list(params.values()))
        lr = lr0 * (1 - (step - 1) / (E * 40))
        with torch.no_grad():
            for (k, p), g in zip(params.items(), grads):
                m1[k].mul_(.9).add_(g, alpha=.1); m2[k].mul_(.999).addcmul_(g, g, value=.001)
                p.sub_(lr * (m1[k] / (1 - .9 ** step)) / ((m2[k] / (1 - .999 ** step)).sqrt() + 1e-8))
        t += loss.item() / M / 40
    if ep % 2 == 1:
        with torch.no_grad():
            z = same(params, buffers, Xt); prob = z.sigmoid().mean(0)
            print(f"epoch {ep+1} mean train {t:.4f} mean test {bce(z, yt.expand(M, -1)).item():.4f} ensemble acc {((prob > .5) == (yt > .5)).float().mean().item():.4f}")
