# fault: unfit-activation
# class exercise: "ten hidden layers, logistic units everywhere"
import torch
import torch.nn as nn
import mnist1d.data
import numpy as np

args = mnist1d.data.get_dataset_args()
args.num_samples = 2500
data = mnist1d.data.make_dataset(args)
x_train, y_train = torch.Tensor(data["x"]), torch.LongTensor(data["y"])
x_test, y_test = torch.Tensor(data["x_test"]), torch.LongTensor(data["y_test"])
mu, sd = x_train.mean(), x_train.std()
x_train, x_test = (x_train - mu) / sd, (x_test - mu) / sd

torch.manual_seed(4)
blocks = [nn.Linear(40, 64), nn.Sigmoid()]
for _ in range(9):
    blocks.extend([nn.Linear(64, 64), nn.Sigmoid()])
blocks.append(nn.Linear(64, 10))
model = nn.Sequential(*blocks)
opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
lossf = nn.CrossEntropyLoss()
history = []
for epoch in range(12):
    for idx in torch.randperm(len(x_train)).split(50):
        out = model(x_train[idx])
        l = lossf(out, y_train[idx])
        opt.zero_grad()
        l.backward()
        opt.step()
        history.append(l.item())
    acc = (model(x_test).argmax(1) == y_test).float().mean().item()
    print(f"epoch {epoch}: {np.mean(history[-40:]):.4f} test acc {acc:.3f}")
