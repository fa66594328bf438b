# fault: clipping-always-active
import torch, numpy as np
import torch.nn as nn
import torch.nn.functional as F

# Denoiser of radar returns: predict the clean 16-sample pulse from a noisy one
np.random.seed(0); torch.manual_seed(0)

def pulses(n):
    t = np.linspace(-1, 1, 16)
    c, w, a = np.random.uniform(-.6, .6, (n, 1)), np.random.uniform(.15, .4, (n, 1)), np.random.choice([-1, 1], (n, 1)) * np.random.uniform(.8, 1.6, (n, 1))
    clean = a * np.exp(-(t - c) ** 2 / 2 / w ** 2)
    return torch.tensor(clean / .6, dtype=torch.float32), torch.tensor((clean + .3 * np.random.randn(n, 16)) / .66, dtype=torch.float32)

clean, noisy = pulses(6000)
clean_v, noisy_v = pulses(1000)
max_grad = 5e-5

denoiser = nn.Sequential(nn.Linear(16, 96), nn.LeakyReLU(.1), nn.Linear(96, 96), nn.LeakyReLU(.1), nn.Linear(96, 16))
optimizer = torch.optim.SGD(denoiser.parameters(), lr=.2, momentum=.9)
lr_lambda = lambda e: .5 * (1 + np.cos(np.pi * e / 20))
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lr_lambda)
for epoch in range(20):
    denoiser.train()
    hist = []
    for idx in torch.randperm(6000).split(100):
        optimizer.zero_grad()
        loss = F.mse_loss(denoiser(noisy[idx]), clean[idx])
        loss.backward()
        nn.utils.clip_grad_value_(denoiser.parameters(), max_grad)
        optimizer.step()
        hist.append(loss.item())
    scheduler.step()
    denoiser.eval()
    with torch.no_grad():
        vl = F.mse_loss(denoiser(noisy_v), clean_v).item()
    if epoch % 3 == 1:
        print('epoch', epoch, 'train', round(float(np.mean(hist)), 4), 'valid', round(vl, 4))
