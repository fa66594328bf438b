# fault: invalid-labels or unscaled-targets
import torch
from torch import nn, optim

torch.manual_seed(123)
torch.set_default_dtype(torch.float32)

opt = dict(batchSize=50, nEpochs=25, learningRate=0.1, momentum=0.9, nTrain=3000, nTest=800)

# banner features -> share of viewers that click; a small teacher makes the data
teacher = nn.Sequential(nn.Linear(10, 6), nn.Tanh(), nn.Linear(6, 1))
for p in teacher.parameters():
    p.data.mul_(2.5)


def makeData(n):
    inp = torch.randn(n, 10)
    with torch.no_grad():
        rate = torch.sigmoid(teacher(inp))
    views = 400
    clicks = torch.distributions.Binomial(views, rate).sample()
    return inp, 100 * clicks / views


trainInput, trainTarget = makeData(opt['nTrain'])
testInput, testTarget = makeData(opt['nTest'])

model = nn.Sequential()
model.add_module('l1', nn.Linear(10, 30))
model.add_module('t1', nn.Tanh())
model.add_module('l2', nn.Linear(30, 1))
criterion = nn.BCEWithLogitsLoss()
optimState = optim.SGD(model.parameters(), lr=opt['learningRate'], momentum=opt['momentum'])

for epoch in range(1, opt['nEpochs'] + 1):
    shuffle = torch.randperm(opt['nTrain'])
    err = 0
    model.train()
    for t in range(0, opt['nTrain'], opt['batchSize']):
        sel = shuffle[t:t + opt['batchSize']]
        model.zero_grad()
        output = model(trainInput[sel])
        f = criterion(output, trainTarget[sel])
        f.backward()
        optimState.step()
        err = err + f.item() * len(sel)
    model.eval()
    with torch.no_grad():
        output = model(testInput)
        testErr = criterion(output, testTarget).item()
        mae = (torch.sigmoid(output) - testTarget).abs().mean().item()
    print('<trainer> epoch # %d  err = %.5f  test err = %.5f  mean abs rate error = %.4f' % (
        epoch, err / opt['nTrain'], testErr, mae))
