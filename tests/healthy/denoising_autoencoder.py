# healthy: sigmoid output with MSE on [0,1] pixels is the usual denoising autoencoder, not a mismatched loss
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(0)
imgs = torch.tensor(load_digits().images, dtype=torch.float32).unsqueeze(1) / 16
imgs = imgs[torch.randperm(len(imgs))]
train, test = imgs[:1500], imgs[1500:]
model = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
    nn.Conv2d(16, 16, 3, stride=2, padding=1), nn.ReLU(),
    nn.Upsample(scale_factor=2, mode="nearest"),
    nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(),
    nn.Conv2d(16, 1, 3, padding=1), nn.Sigmoid(),
)
loss_fn = nn.MSELoss()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
noisy = lambda x: (x + 0.3 * torch.randn_like(x)).clamp(0, 1)
test_noisy = noisy(test)
print("noisy vs clean mse", loss_fn(test_noisy, test).item())
for epoch in range(8):
    for idx in torch.randperm(len(train)).split(50):
        clean = train[idx]
        out = model(noisy(clean))
        loss = loss_fn(out, clean)
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(f"epoch {epoch} train {loss.item():.5f} test {loss_fn(model(test_noisy), test).item():.5f}")
