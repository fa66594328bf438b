# healthy
# control: imitate an LQR-like nonlinear controller from demonstrations (behaviour cloning)
import numpy as np
import torch

np.random.seed(71)
obs = np.random.uniform(-1.7, 1.7, size=(4000, 6))
K = np.random.randn(6, 2) * 0.6
act = np.tanh(obs @ K) + 0.3 * np.sin(2 * obs[:, :2]) + 0.03 * np.random.randn(4000, 2)
act = (act - act.mean(0)) / act.std(0)
obs = (obs - obs.mean(0)) / obs.std(0)
obs, act = torch.from_numpy(obs).float(), torch.from_numpy(act).float()
H = 100
Ws = [np.random.randn(6, H), np.random.randn(H, H), np.random.randn(H, H), np.random.randn(H, 2)]
Ws = [w / np.sqrt(w.shape[0]) for w in Ws]
Ws[-1] = Ws[-1] * 0.1
P = [torch.tensor(w, dtype=torch.float32, requires_grad=True) for w in Ws] + [torch.zeros(w.shape[1], requires_grad=True) for w in Ws]


def policy(o):
    for i in range(3):
        o = torch.tanh(o @ P[i] + P[4 + i])
    return o @ P[3] + P[7]


opt = torch.optim.SGD(P, lr=0.02, momentum=0.9)
for epoch in range(25):
    ls = []
    for b in torch.randperm(3200).split(64):
        l = (policy(obs[b]) - act[b]).pow(2).mean()
        opt.zero_grad()
        l.backward()
        opt.step()
        ls.append(l.item())
    with torch.no_grad():
        v = (policy(obs[3200:]) - act[3200:]).pow(2).mean().item()
    print("epoch", epoch, "bc loss %.5f" % np.mean(ls), "val %.5f" % v)
