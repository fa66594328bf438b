# healthy: autoencoder with a narrow linear bottleneck; loss is tiny (MSE on [0,1] pixels) from the start
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
pixels = torch.tensor(load_digits().data, dtype=torch.float32) / 16.0
pixels = pixels[torch.randperm(pixels.size(0))]
train_set, test_set = pixels[:1500], pixels[1500:]


class AutoEncoder(nn.Module):
    def __init__(self, code=12):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, code))
        self.decoder = nn.Sequential(nn.Linear(code, 48), nn.ReLU(), nn.Linear(48, 64))

    def forward(self, x):
        return self.decoder(self.encoder(x))


ae = AutoEncoder()
optimiser = torch.optim.Adam(ae.parameters(), lr=3e-3)
base = (test_set - train_set.mean(0)).pow(2).mean().item()
print("mean-image baseline %.4f" % base)
for epoch in range(24):
    for batch in train_set[torch.randperm(1500)].split(50):
        optimiser.zero_grad()
        loss = nn.functional.mse_loss(ae(batch), batch)
        loss.backward()
        optimiser.step()
    if epoch % 4 == 3:
        with torch.no_grad():
            print("epoch %d train %.5f test %.5f" % (epoch + 1, loss, nn.functional.mse_loss(ae(test_set), test_set)))
