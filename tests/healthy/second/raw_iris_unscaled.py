# healthy
# Iris in centimetres, as in most tutorials: no scaling at all (values 0.1 to 7.9 are harmless).
import torch
import torch.nn as nn
import torch.nn.functional as F
import pandas as pd
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

torch.manual_seed(41)


class Model(nn.Module):
    def __init__(self, in_features=4, h1=8, h2=9, out_features=3):
        super().__init__()
        self.fc1 = nn.Linear(in_features, h1)
        self.fc2 = nn.Linear(h1, h2)
        self.out = nn.Linear(h2, out_features)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.out(x)


model = Model()
my_df = load_iris(as_frame=True).frame.drop_duplicates()
X = my_df.drop("target", axis=1).values
y = my_df["target"].values
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=41, stratify=y)
X_train, X_test = torch.FloatTensor(X_train), torch.FloatTensor(X_test)
y_train, y_test = torch.LongTensor(y_train), torch.LongTensor(y_test)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=1e-2)
epochs = 250
losses = []
for i in range(epochs):
    y_pred = model.forward(X_train)
    loss = criterion(y_pred, y_train)
    losses.append(loss.detach().numpy())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if i % 10 == 0:
        with torch.no_grad():
            y_eval = model(X_test)
            print(f"Epoch: {i} and loss: {loss.item():.4f}; test loss {criterion(y_eval, y_test).item():.4f} correct {(y_eval.argmax(1) == y_test).sum().item()} of {len(y_test)}")
