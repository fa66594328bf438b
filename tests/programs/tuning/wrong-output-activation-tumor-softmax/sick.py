# fault: wrong-output-activation
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
import torch
import torch.nn as nn

torch.manual_seed(99)

# 1 = benign, 0 = malignant
X, y = load_breast_cancer(return_X_y=True)
X_train, X_val, y_train, y_val = train_test_split(X, y, test_size=0.25, random_state=99)
scaler = StandardScaler()
X_train = torch.tensor(scaler.fit_transform(X_train), dtype=torch.float32)
X_val = torch.tensor(scaler.transform(X_val), dtype=torch.float32)
y_train = torch.tensor(y_train, dtype=torch.float32).unsqueeze(1)
y_val = torch.tensor(y_val, dtype=torch.float32).unsqueeze(1)

model = nn.Sequential()
model.add_module('dense1', nn.Linear(30, 24))
model.add_module('act1', nn.ReLU())
model.add_module('dense2', nn.Linear(24, 12))
model.add_module('act2', nn.ReLU())
model.add_module('output', nn.Linear(12, 1))
model.add_module('outact', nn.Softmax(dim=1))

loss_fn = nn.BCELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.001, weight_decay=1e-3)

n_epochs = 14
batch_size = 16
for epoch in range(n_epochs):
    perm = torch.randperm(len(X_train))
    for i in range(0, len(X_train), batch_size):
        rows = perm[i:i + batch_size]
        y_pred = model(X_train[rows])
        loss = loss_fn(y_pred, y_train[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        p = model(X_val)
        accuracy = (p.round() == y_val).float().mean()
        val = loss_fn(p, y_val)
    print(f'Finished epoch {epoch}, latest loss {loss.item():.4f}, val loss {val.item():.4f}, val accuracy {accuracy:.4f}')
