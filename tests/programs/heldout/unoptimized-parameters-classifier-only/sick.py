# fault: unoptimized-parameters
from __future__ import print_function
import torch
import torch.nn as nn
import torch.optim as optim
from mnist1d.data import make_dataset, get_dataset_args

cfg = get_dataset_args()
cfg.num_samples = 3000
cfg.seed = 3
data = make_dataset(cfg)
torch.manual_seed(3)

image_datasets = {}
mean, std = data['x'].mean(), data['x'].std()
for phase, sx, sy in [('train', 'x', 'y'), ('val', 'x_test', 'y_test')]:
    image_datasets[phase] = torch.utils.data.TensorDataset(
        torch.tensor((data[sx] - mean) / std, dtype=torch.float32).unsqueeze(1), torch.tensor(data[sy]).long())
dataloaders = {k: torch.utils.data.DataLoader(v, batch_size=64, shuffle=(k == 'train')) for k, v in image_datasets.items()}
dataset_sizes = {k: len(v) for k, v in image_datasets.items()}


class AlexNet1d(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(1, 16, 5, padding=2), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(16, 24, 5, padding=2), nn.BatchNorm1d(24), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(24, 24, 3, padding=1), nn.BatchNorm1d(24), nn.ReLU(), nn.AdaptiveAvgPool1d(2),
        )
        self.classifier = nn.Linear(48, num_classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def train_model(model, criterion, optimizer, scheduler, num_epochs):
    for epoch in range(num_epochs):
        print('Epoch {}/{}'.format(epoch, num_epochs - 1))
        for phase in ['train', 'val']:
            model.train() if phase == 'train' else model.eval()
            running_loss, running_corrects = 0.0, 0
            for inputs, labels in dataloaders[phase]:
                optimizer.zero_grad()
                with torch.set_grad_enabled(phase == 'train'):
                    outputs = model(inputs)
                    loss = criterion(outputs, labels)
                    if phase == 'train':
                        loss.backward()
                        optimizer.step()
                running_loss += loss.item() * inputs.size(0)
                running_corrects += (outputs.argmax(1) == labels).sum().item()
            if phase == 'train':
                scheduler.step()
            print('{} Loss: {:.4f} Acc: {:.4f}'.format(phase, running_loss / dataset_sizes[phase], running_corrects / dataset_sizes[phase]))


model_ft = AlexNet1d()
criterion = nn.CrossEntropyLoss()
optimizer_ft = optim.Adam(model_ft.classifier.parameters(), lr=0.003, weight_decay=1e-3)
exp_lr_scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer_ft, 12)
train_model(model_ft, criterion, optimizer_ft, exp_lr_scheduler, num_epochs=12)
