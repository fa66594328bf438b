# healthy: sigmoid hidden units (textbook net), one hidden layer, plain SGD with a large but fitting learning rate
import numpy as np
import torch

torch.manual_seed(0)
rng = np.random.RandomState(0)
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler

iris = load_iris()
X = StandardScaler().fit_transform(iris.data).astype("float32")
order = rng.permutation(150)
X, T = torch.from_numpy(X[order]), torch.from_numpy(iris.target[order])
X_train, T_train, X_test, T_test = X[:110], T[:110], X[110:], T[110:]


class TwoLayerNet(torch.nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super().__init__()
        self.hidden = torch.nn.Linear(input_size, hidden_size)
        self.output = torch.nn.Linear(hidden_size, output_size)

    def forward(self, x):
        h = torch.sigmoid(self.hidden(x))
        return self.output(h)


net = TwoLayerNet(4, 20, 3)
opt = torch.optim.SGD(net.parameters(), lr=0.3)
lossf = torch.nn.CrossEntropyLoss()
for epoch in range(80):
    for b in torch.randperm(110).split(10):
        opt.zero_grad()
        loss = lossf(net(X_train[b]), T_train[b])
        loss.backward()
        opt.step()
    if epoch % 20 == 19:
        with torch.no_grad():
            tr, te = net(X_train), net(X_test)
        print("epoch", epoch + 1, "train loss %.3f" % lossf(tr, T_train), "test loss %.3f" % lossf(te, T_test),
              "test acc %.3f" % (te.argmax(1) == T_test).float().mean())
