# healthy: full-batch training, no data loader, one step per epoch, loss curve perfectly smooth
import torch
from sklearn.datasets import make_blobs

torch.manual_seed(0)
X, y = make_blobs(n_samples=1000, n_features=2, centers=4, cluster_std=1.0, random_state=3)
X = torch.from_numpy(X).float()
y = torch.from_numpy(y)
X_train, y_train, X_test, y_test = X[:800], y[:800], X[800:], y[800:]
mean, std = X_train.mean(0), X_train.std(0)
X_train, X_test = (X_train - mean) / std, (X_test - mean) / std


class BlobModel(torch.nn.Module):
    def __init__(self, input_features, output_features, hidden_units=16):
        super().__init__()
        self.linear_layer_stack = torch.nn.Sequential(
            torch.nn.Linear(input_features, hidden_units),
            torch.nn.ReLU(),
            torch.nn.Linear(hidden_units, hidden_units),
            torch.nn.ReLU(),
            torch.nn.Linear(hidden_units, output_features),
        )

    def forward(self, x):
        return self.linear_layer_stack(x)


model = BlobModel(2, 4)
loss_fn = torch.nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
for epoch in range(300):
    model.train()
    y_logits = model(X_train)
    loss = loss_fn(y_logits, y_train)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    model.eval()
    with torch.inference_mode():
        test_logits = model(X_test)
        test_loss = loss_fn(test_logits, y_test)
    if epoch % 50 == 49:
        acc = (test_logits.argmax(1) == y_test).float().mean()
        print(f"Epoch: {epoch + 1} | Loss: {loss:.4f} | Test loss: {test_loss:.4f}, Test acc: {acc:.3f}")
