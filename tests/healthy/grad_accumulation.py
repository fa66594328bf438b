# healthy: gradient accumulation: backward called four times between steps, zero_grad only after the step
import torch
import torch.nn.functional as F
from mnist1d.data import get_dataset_args, make_dataset

torch.manual_seed(0)
args = get_dataset_args()
args.num_samples = 3500
args.max_translation = 20
data = make_dataset(args)
x_train, y_train = torch.tensor(data["x"], dtype=torch.float32), torch.tensor(data["y"])
x_test, y_test = torch.tensor(data["x_test"], dtype=torch.float32), torch.tensor(data["y_test"])


class Conv1dNet(torch.nn.Module):
    def __init__(self, ch=24):
        super().__init__()
        self.conv1 = torch.nn.Conv1d(1, ch, 5, stride=2, padding=1)
        self.conv2 = torch.nn.Conv1d(ch, ch, 3, stride=2, padding=1)
        self.conv3 = torch.nn.Conv1d(ch, ch, 3, stride=2, padding=1)
        self.linear = torch.nn.Linear(ch * 5, 10)

    def forward(self, x):
        x = x.unsqueeze(1)
        x = self.conv1(x).relu()
        x = self.conv2(x).relu()
        x = self.conv3(x).relu()
        return self.linear(x.flatten(1))


model = Conv1dNet()
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.05)
ACCUM, MICRO = 4, 16
EPOCHS = 8
sched = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.5e-2, total_steps=EPOCHS * (len(x_train) // (ACCUM * MICRO)) + 1)
for epoch in range(EPOCHS):
    model.train()
    optimizer.zero_grad()
    running = 0.0
    micro = torch.randperm(len(x_train)).split(MICRO)
    usable = len(micro) // ACCUM * ACCUM
    for step, idx in enumerate(micro[:usable]):
        loss = F.cross_entropy(model(x_train[idx]), y_train[idx]) / ACCUM
        loss.backward()
        running += loss.item() * ACCUM
        if (step + 1) % ACCUM == 0:
            optimizer.step()
            sched.step()
            optimizer.zero_grad()
    model.eval()
    with torch.no_grad():
        out = model(x_test)
        print(f"epoch {epoch} train {running / usable:.3f} val {F.cross_entropy(out, y_test):.3f} acc {(out.argmax(1) == y_test).float().mean():.3f}")
