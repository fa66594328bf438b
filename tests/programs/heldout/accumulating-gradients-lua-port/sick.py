# fault: accumulating-gradients
# ported from my old th script
import torch
import torch.nn as nn

torch.manual_seed(2015)

nTrain, nTest, batchSize = 2000, 500, 40
gen = nn.Sequential(nn.Linear(6, 10), nn.Tanh(), nn.Linear(10, 1))
for p in gen.parameters():
    p.requires_grad_(False).mul_(2)


def dataset(n):
    x = torch.randn(n, 6)
    return x, gen(x) + 0.05 * torch.randn(n, 1)


trainX, trainY = dataset(nTrain)
testX, testY = dataset(nTest)
m, s = trainY.mean(), trainY.std()
trainY, testY = (trainY - m) / s, (testY - m) / s

mlp = nn.Sequential()
mlp.add_module('0', nn.Linear(6, 32))
mlp.add_module('1', nn.Tanh())
mlp.add_module('2', nn.Linear(32, 1))
criterion = nn.MSELoss()
optimMethod = torch.optim.SGD(mlp.parameters(), lr=0.05, momentum=0.9)


def doTraining():
    shuffle = torch.randperm(nTrain)
    total = 0
    for i in range(0, nTrain, batchSize):
        ix = shuffle[i:i + batchSize]
        pred = mlp(trainX[ix])
        err = criterion(pred, trainY[ix])
        err.backward()
        optimMethod.step()
        total = total + err.item() * len(ix)
    return total / nTrain


for i in range(1, 41):
    tr = doTraining()
    with torch.no_grad():
        te = criterion(mlp(testX), testY).item()
    if i % 2 == 0:
        print('iteration %d  train error %g  test error %g' % (i, tr, te))
