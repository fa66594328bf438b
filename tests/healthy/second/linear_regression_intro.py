# healthy
# y = 0.7 x + 0.3: the very first exercise. Full batch, L1 loss, SGD.
import torch
from torch import nn
torch.manual_seed(42)
weight, bias = 0.7, 0.3
X = torch.rand(200, 1)
y = weight * X + bias + 0.02 * torch.randn(200, 1)
X_train, y_train, X_test, y_test = X[:160], y[:160], X[160:], y[160:]

class LinearRegressionModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = nn.Parameter(torch.randn(1, dtype=torch.float))
        self.bias = nn.Parameter(torch.randn(1, dtype=torch.float))
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.weights * x + self.bias

model_0 = LinearRegressionModel()
loss_fn = nn.MSELoss()
optimizer = torch.optim.SGD(model_0.parameters(), lr=0.5)
for epoch in range(200):
    model_0.train()
    loss = loss_fn(model_0(X_train), y_train)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    model_0.eval()
    with torch.inference_mode():
        test_loss = loss_fn(model_0(X_test), y_test)
    if epoch % 10 == 0:
        print(f"Epoch: {epoch} | MSE Train Loss: {loss.item():.6f} | MSE Test Loss: {test_loss.item():.6f}")
print(model_0.state_dict())
