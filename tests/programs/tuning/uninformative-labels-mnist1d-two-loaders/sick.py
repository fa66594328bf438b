# fault: uninformative-labels
import torch
from mnist1d.data import make_dataset, get_dataset_args
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
dargs = get_dataset_args()
dargs.num_samples = 3500
dargs.scale_coeff = 0.2
dargs.corr_noise_scale = 0.1
dargs.max_translation = 24
data = make_dataset(dargs)

signals = torch.tensor(data["x"], dtype=torch.float32).unsqueeze(1)
classes = torch.tensor(data["y"]).long()
signals_test = torch.tensor(data["x_test"], dtype=torch.float32).unsqueeze(1)
classes_test = torch.tensor(data["y_test"]).long()

signal_loader = DataLoader(signals, batch_size=64, shuffle=True)
class_loader = DataLoader(classes, batch_size=64, shuffle=True)

cnn = nn.Sequential(
    nn.Conv1d(1, 16, 5, stride=2, padding=2),
    nn.ReLU(),
    nn.Conv1d(16, 24, 3, stride=2, padding=1),
    nn.ReLU(),
    nn.Conv1d(24, 24, 3, stride=2, padding=1),
    nn.ReLU(),
    nn.Flatten(),
    nn.Linear(24 * 5, 10),
)
optim = torch.optim.Adam(cnn.parameters(), lr=3e-3, weight_decay=1e-4)
loss_function = nn.CrossEntropyLoss()

for epoch in range(12):
    total_loss = total_right = total = 0
    for signal, cls in zip(signal_loader, class_loader):
        logits = cnn(signal)
        loss = loss_function(logits, cls)
        optim.zero_grad()
        loss.backward()
        optim.step()
        total_loss += loss.item() * len(cls)
        total_right += (logits.argmax(1) == cls).sum().item()
        total += len(cls)
    with torch.no_grad():
        test_logits = cnn(signals_test)
        test_acc = (test_logits.argmax(1) == classes_test).float().mean().item()
        tl = loss_function(test_logits, classes_test).item()
    print(f"Epoch {epoch + 1}: loss = {total_loss / total:.3f}, accuracy = {total_right / total:.1%}, test loss = {tl:.3f}, test accuracy = {test_acc:.1%}")
