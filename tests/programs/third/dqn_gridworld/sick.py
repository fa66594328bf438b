# fault: unoptimized-parameters or no-optimizer-step
"""Fitted Q on a small grid world (DQN with target network)."""
import copy
import random
import numpy as np
import torch
from torch import nn

SIZE, GAMMA = 5, 0.9
MOVES = [(0, 1), (1, 0), (0, -1), (-1, 0)]


def move(s, a):
    r, c = divmod(s, SIZE)
    nr, nc = min(max(r + MOVES[a][0], 0), SIZE - 1), min(max(c + MOVES[a][1], 0), SIZE - 1)
    ns = nr * SIZE + nc
    return ns, 1.0 if ns == SIZE * SIZE - 1 else (-0.5 if ns == 12 else -0.02), ns == SIZE * SIZE - 1


def true_q():
    q = np.zeros((SIZE * SIZE, 4))
    for _ in range(200):
        q = np.array([[move(s, a)[1] + (0 if move(s, a)[2] else GAMMA * q[move(s, a)[0]].max()) for a in range(4)] for s in range(SIZE * SIZE)])
    return torch.tensor(q).float()


random.seed(0)
torch.manual_seed(0)
Q_STAR = true_q()
states = list(range(SIZE * SIZE - 1))
buffer = [(s, a, *move(s, a)) for s in states for a in range(4)] * 20
eye = torch.eye(SIZE * SIZE)
q_net = nn.Sequential(nn.Linear(SIZE * SIZE, 64), nn.ReLU(), nn.Linear(64, 4))
target_net = copy.deepcopy(q_net)
optimizer = torch.optim.Adam(target_net.parameters(), lr=1e-3)
for it in range(1, 2001):
    s, a, ns, r, done = map(torch.tensor, zip(*random.sample(buffer, 64)))
    with torch.no_grad():
        y = r.float() + GAMMA * (~done).float() * target_net(eye[ns]).amax(1)
    q = q_net(eye[s]).gather(1, a[:, None])[:, 0]
    loss = nn.functional.smooth_l1_loss(q, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if it % 50 == 0:
        target_net.load_state_dict(q_net.state_dict())
    if it % 200 == 0:
        with torch.no_grad():
            q = q_net(eye[:-1])
            err = (q - Q_STAR[:-1]).abs().mean().item()
            ok = np.mean([Q_STAR[s, q[s].argmax()].item() > Q_STAR[s].max().item() - 1e-4 for s in states])
        print(f"iter {it} td loss {loss.item():.5f} |Q-Q*| {err:.4f} greedy optimal in {100*ok:.0f}% of states")
