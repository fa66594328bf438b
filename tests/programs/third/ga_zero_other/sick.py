# fault: accumulating-gradients
"""Mean-teacher style training with gradient accumulation (micro-batches), MNIST-1D."""
import copy
import torch
from torch import nn
from mnist1d.data import make_dataset, get_dataset_args


class Net(nn.Module):
    def __init__(self, c=24):
        super().__init__()
        self.c = nn.Sequential(nn.Conv1d(1, c, 5, padding=2), nn.ReLU(), nn.Conv1d(c, c, 3, 2, 1), nn.ReLU(), nn.Conv1d(c, c, 3, 2, 1), nn.ReLU())
        self.f = nn.Sequential(nn.Dropout(0.2), nn.Linear(10 * c, 10))

    def forward(self, x):
        return self.f(self.c(x.unsqueeze(1)).flatten(1))


torch.manual_seed(6)
d = make_dataset(get_dataset_args())
x, y = torch.tensor(d["x"]).float(), torch.tensor(d["y"]).long()
xv, yv = torch.tensor(d["x_test"]).float(), torch.tensor(d["y_test"]).long()
m, s = x.mean(), x.std()
x, xv = (x - m) / s, (xv - m) / s
student = Net()
teacher = copy.deepcopy(student)
opt = torch.optim.SGD(student.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-3)
MICRO, ACCUM, EPOCHS = 32, 2, 14
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 0.1, total_steps=EPOCHS * (len(x) // (MICRO * ACCUM) + 1))
for epoch in range(EPOCHS):
    student.train()
    tot = 0
    for i, b in enumerate(torch.randperm(len(x)).split(MICRO)):
        loss = nn.functional.cross_entropy(student(x[b]), y[b])
        (loss / ACCUM).backward()
        tot += loss.item() * len(b) / len(x)
        if (i + 1) % ACCUM == 0:
            opt.step()
            sched.step()
            teacher.zero_grad()
            with torch.no_grad():
                for pt, ps in zip(teacher.parameters(), student.parameters()):
                    pt.lerp_(ps, 0.02)
    teacher.eval()
    with torch.no_grad():
        z = teacher(xv)
    print(f"epoch {epoch:2d} train {tot:.4f} test(ema) {nn.functional.cross_entropy(z, yv):.4f} acc {(z.argmax(1) == yv).float().mean():.4f}")
