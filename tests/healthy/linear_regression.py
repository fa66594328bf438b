# healthy: linear regression by gradient descent: no hidden layer, zero initialisation, full batch, ends exactly at the noise level
import torch

torch.manual_seed(0)
n, d = 500, 6
X = torch.randn(n, d)
true_w = torch.tensor([1.5, -2.0, 0.0, 0.7, 0.0, 3.0])
y = X @ true_w + 0.8 + 0.3 * torch.randn(n)
X_test = torch.randn(200, d)
y_test = X_test @ true_w + 0.8 + 0.3 * torch.randn(200)

model = torch.nn.Linear(d, 1)
torch.nn.init.zeros_(model.weight)
torch.nn.init.zeros_(model.bias)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(101):
    loss = torch.nn.functional.mse_loss(model(X).squeeze(1), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 20 == 0:
        with torch.no_grad():
            print(f"step {step} train {loss.item():.4f} test {torch.nn.functional.mse_loss(model(X_test).squeeze(1), y_test).item():.4f}")
print("w", [round(v, 2) for v in model.weight[0].tolist()], "b", round(model.bias.item(), 2))
