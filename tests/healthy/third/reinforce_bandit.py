# healthy
# contextual bandit with a running baseline
# REINFORCE on a contextual bandit
import torch
from torch import nn
from torch.distributions import Categorical

torch.manual_seed(0)
N_CONTEXT, N_ARMS = 6, 4
true_q = torch.rand(N_CONTEXT, N_ARMS)
best = true_q.max(1).values.mean().item()


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine1 = nn.Linear(N_CONTEXT, 32)
        self.affine2 = nn.Linear(32, N_ARMS)

    def forward(self, x):
        return self.affine2(torch.relu(self.affine1(x)))


policy = Policy()
optimizer = torch.optim.Adam(policy.parameters(), lr=5e-3)
baseline = 0.0
for it in range(600):
    ctx = torch.randint(0, N_CONTEXT, (32,))
    state = torch.nn.functional.one_hot(ctx, N_CONTEXT).float()
    dist = Categorical(logits=policy(state))
    action = dist.sample()
    reward = true_q[ctx, action] + 0.1 * torch.randn(32)
    advantage = reward - baseline
    baseline = 0.95 * baseline + 0.05 * reward.mean().item()
    loss = -(dist.log_prob(action) * advantage).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if it % 100 == 99:
        print(f"iteration {it + 1} mean reward {reward.mean().item():.3f} (best {best:.3f}, random {true_q.mean().item():.3f})")
