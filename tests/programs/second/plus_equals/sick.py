# fault: gradient-ascent
# softmax policy trained by log-likelihood of an expert's moves (behaviour cloning on a 7x7 grid), NumPy habits
import numpy as np
import torch

rng = np.random.default_rng(3)
torch.manual_seed(3)


def expert(n):
    me, goal, wall = (rng.integers(0, 7, (n, 2)) for _ in range(3))
    d = goal - me
    horizontal = np.abs(d[:, 0]) > np.abs(d[:, 1])
    blocked = (np.abs(wall - me).sum(1) <= 1)
    horizontal = horizontal ^ blocked
    move = np.where(horizontal, np.where(d[:, 0] >= 0, 0, 1), np.where(d[:, 1] >= 0, 2, 3))
    s = np.concatenate([me, goal, wall], 1)
    return torch.tensor((s - 3) / 2., dtype=torch.float32), torch.tensor(move)


S, M = expert(8000)
S_val, M_val = expert(1500)
theta = torch.nn.ParameterDict({
    'W0': torch.nn.Parameter(torch.randn(6, 96) * (2 / 6) ** .5), 'b0': torch.nn.Parameter(torch.zeros(96)),
    'W1': torch.nn.Parameter(torch.randn(96, 64) * (2 / 96) ** .5), 'b1': torch.nn.Parameter(torch.zeros(64)),
    'W2': torch.nn.Parameter(torch.randn(64, 4) * (1 / 64) ** .5), 'b2': torch.nn.Parameter(torch.zeros(4))})


def log_policy(s):
    h = torch.relu(s @ theta['W0'] + theta['b0'])
    h = torch.relu(h @ theta['W1'] + theta['b1'])
    return torch.log_softmax(h @ theta['W2'] + theta['b2'], 1)


velocity = {k: torch.zeros_like(p) for k, p in theta.items()}
for epoch in range(20):
    step = .08 * (1 - epoch / 20)
    nll = 0.
    for i in torch.randperm(8000).split(80):
        cost = -log_policy(S[i]).gather(1, M[i][:, None]).mean()
        cost.backward()
        nll += cost.item() / 100
        with torch.no_grad():
            for k, p in theta.items():
                velocity[k] = .9 * velocity[k] + p.grad
                p += step * velocity[k]
                p.grad = None
    with torch.no_grad():
        lp = log_policy(S_val)
        print(f'{epoch:2d}  nll {nll:.4f}  val nll {-lp.gather(1, M_val[:, None]).mean():.4f}  agrees {(lp.argmax(1) == M_val).float().mean():.3f}')
