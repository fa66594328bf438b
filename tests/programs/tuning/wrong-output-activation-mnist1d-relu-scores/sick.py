# fault: wrong-output-activation
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from mnist1d.data import make_dataset, get_dataset_args


class Classifier(nn.Module):
    def __init__(self, n_in, n_hidden, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_in, n_hidden)
        self.fc2 = nn.Linear(n_hidden, n_hidden)
        self.fc3 = nn.Linear(n_hidden, n_classes)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        x = F.relu(self.fc3(x))
        return x


def get_data():
    opts = get_dataset_args()
    opts.num_samples = 4000
    opts.shuffle_seq = False
    opts.max_translation = 4
    opts.corr_noise_scale = 0.1
    d = make_dataset(opts)
    return [torch.from_numpy(np.asarray(d[k])) for k in ('x', 'y', 'x_test', 'y_test')]


torch.manual_seed(2)
x, y, x_test, y_test = get_data()
x, x_test = x.float(), x_test.float()
model = Classifier(40, 64, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
lr_sched = torch.optim.lr_scheduler.StepLR(optimizer, step_size=8, gamma=0.3)
for epoch in range(16):
    for rows in torch.randperm(len(x)).split(64):
        loss = F.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    lr_sched.step()
    with torch.no_grad():
        train_acc = (model(x).argmax(1) == y).float().mean()
        test_acc = (model(x_test).argmax(1) == y_test).float().mean()
        test_loss = F.cross_entropy(model(x_test), y_test)
    print('%d: train accuracy %.3f, test accuracy %.3f, test loss %.3f' % (epoch, train_acc, test_acc, test_loss))
