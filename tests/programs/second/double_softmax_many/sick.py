# fault: double-softmax
"""Leaf species (36 classes) from margin histograms."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(99)
N_SPECIES, N_FEAT, PER = 36, 24, 110
proto = torch.randn(N_SPECIES, N_FEAT)
y = torch.arange(N_SPECIES).repeat_interleave(PER)
x = proto[y] + 1.0 * torch.randn(len(y), N_FEAT)
x = (x - x.mean(0)) / x.std(0)
train_set, valid_set = random_split(TensorDataset(x, y), [3200, len(y) - 3200])


class LeafNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(N_FEAT, 96), nn.ReLU(), nn.Dropout(0.3))
        self.classifier = nn.Linear(96, N_SPECIES)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x):
        return self.softmax(self.classifier(self.features(x)))


net = LeafNet()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)
loaders = {'train': DataLoader(train_set, batch_size=64, shuffle=True), 'valid': DataLoader(valid_set, batch_size=256)}
for epoch in range(20):
    for phase in ['train', 'valid']:
        net.train() if phase == 'train' else net.eval()
        running_loss, running_corrects = 0.0, 0
        for inputs, labels in loaders[phase]:
            optimizer.zero_grad()
            with torch.set_grad_enabled(phase == 'train'):
                outputs = net(inputs)
                loss = criterion(outputs, labels)
                if phase == 'train':
                    loss.backward()
                    optimizer.step()
            running_loss += loss.item() * inputs.size(0)
            running_corrects += torch.sum(outputs.argmax(1) == labels).item()
        if phase == 'train':
            scheduler.step()
        n = len(loaders[phase].dataset)
        if epoch % 5 == 4:
            print(f'{epoch + 1:3d} {phase:5s} Loss: {running_loss / n:.4f} Acc: {running_corrects / n:.4f}')
