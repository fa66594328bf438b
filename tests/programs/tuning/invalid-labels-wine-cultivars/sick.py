# fault: invalid-labels
import argparse

import torch
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

parser = argparse.ArgumentParser()
parser.add_argument('--lr', type=float, default=0.05)
parser.add_argument('--epochs', type=int, default=25)
parser.add_argument('--seed', type=int, default=0)
args = parser.parse_args()

torch.manual_seed(args.seed)
wine = load_wine()
# the original file names the cultivars 1, 2 and 3
cultivar = wine.target + 1
x_train, x_test, y_train, y_test = train_test_split(wine.data, cultivar, test_size=0.3, stratify=cultivar, random_state=args.seed)
sc = StandardScaler()
x_train = torch.tensor(sc.fit_transform(x_train)).float()
x_test = torch.tensor(sc.transform(x_test)).float()
y_train = torch.tensor(y_train)
y_test = torch.tensor(y_test)

net = torch.nn.Sequential(torch.nn.Linear(13, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
opt = torch.optim.SGD(net.parameters(), lr=args.lr, momentum=0.9, weight_decay=1e-3)
crit = torch.nn.CrossEntropyLoss()

for e in range(args.epochs):
    net.train()
    shuffled = torch.randperm(len(x_train))
    for chunk in shuffled.chunk(4):
        opt.zero_grad()
        loss = crit(net(x_train[chunk]), y_train[chunk])
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        scores = net(x_test)
        print(f'epoch {e + 1}/{args.epochs} loss={loss.item():.4f} val_loss={crit(scores, y_test).item():.4f} '
              f'val_acc={(scores.argmax(-1) == y_test).float().mean().item():.3f}')
