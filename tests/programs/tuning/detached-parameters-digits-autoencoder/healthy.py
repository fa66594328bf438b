# healthy
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader

torch.manual_seed(0)


class AutoEncoder(nn.Module):
    def __init__(self, latent=12):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, latent))
        self.decoder = nn.Sequential(nn.Linear(latent, 48), nn.ReLU(), nn.Linear(48, 64))
        self.code = None

    def forward(self, x):
        # remember the code so that we can plot it later
        code = self.encoder(x)
        self.code = code.detach()
        return self.decoder(code)


images = torch.tensor(load_digits().data, dtype=torch.float32)
images = images[torch.randperm(len(images))]
images = (images - images.mean()) / images.std()
train_loader = DataLoader(images[:1500], batch_size=50, shuffle=True)
test_images = images[1500:]

model = AutoEncoder()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
criterion = nn.MSELoss()

for epoch in range(30):
    for batch in train_loader:
        recon = model(batch)
        loss = criterion(recon, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        test_loss = criterion(model(test_images), test_images)
    if (epoch + 1) % 3 == 0:
        print(f'epoch {epoch + 1}/30, loss {loss.item():.4f}, test loss {test_loss.item():.4f}')
