# healthy
"""Kaggle style: predict the yearly salary (EUR) from job descriptors."""
import numpy as np, pandas as pd
import torch, torch.nn as nn
from torch.utils.data import Dataset, DataLoader
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split

def seed_everything(seed=2023):
    np.random.seed(seed); torch.manual_seed(seed)
seed_everything()

n = 5000
df = pd.DataFrame({
    'experience': np.random.gamma(2., 5., n), 'education': np.random.randint(0, 5, n),
    'company_size': np.random.lognormal(4, 1.2, n), 'sector': np.random.randint(0, 6, n),
    'remote': np.random.rand(n), 'hours': np.random.normal(38, 4, n)})
sector_pay = np.array([0., .15, -.1, .3, .05, -.2])
df['salary'] = np.round(38000 * np.exp(.09 * np.sqrt(df.experience) * 2 + .08 * df.education + .03 * np.log(df.company_size)
                        + sector_pay[df.sector] + .01 * (df.hours - 38) + np.random.normal(0, .05, n)))
df['company_size'] = np.log(df['company_size'])
features = pd.get_dummies(df.drop(columns='salary'), columns=['sector'], dtype=float)

X_train, X_val, y_train, y_val = train_test_split(features.values, df[['salary']].values, test_size=.2, random_state=1)
sx = StandardScaler().fit(X_train)
X_train, X_val = sx.transform(X_train), sx.transform(X_val)
sy = StandardScaler().fit(y_train)
y_train, y_val = sy.transform(y_train), sy.transform(y_val)

class SalaryDataset(Dataset):
    def __init__(self, X, y):
        self.X, self.y = X.astype('float32'), y.astype('float32')
    def __len__(self):
        return len(self.X)
    def __getitem__(self, i):
        return {'x': self.X[i], 'y': self.y[i]}

class Net(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.l1 = nn.Linear(d, 64)
        self.l2 = nn.Linear(64, 64)
        self.l3 = nn.Linear(64, 1)
    def forward(self, x):
        x = torch.relu(self.l1(x))
        x = torch.relu(self.l2(x))
        return self.l3(x)

train_dl = DataLoader(SalaryDataset(X_train, y_train), batch_size=64, shuffle=True)
val_dl = DataLoader(SalaryDataset(X_val, y_val), batch_size=256)
model = Net(X_train.shape[1])
opt = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
EPOCHS = 15
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=1e-3, epochs=EPOCHS, steps_per_epoch=len(train_dl))
mse = nn.MSELoss()
for epoch in range(EPOCHS):
    model.train(); tl = 0
    for batch in train_dl:
        opt.zero_grad()
        loss = mse(model(batch['x']), batch['y'])
        loss.backward(); opt.step(); sched.step()
        tl += loss.item() / len(train_dl)
    model.eval(); p, t = [], []
    with torch.no_grad():
        for batch in val_dl:
            p.append(model(batch['x'])); t.append(batch['y'])
    p, t = torch.cat(p), torch.cat(t)
    print(f'Epoch {epoch+1:02d} | train {tl:.5g} | val {mse(p, t).item():.5g} | R2 {1 - mse(p, t).item() / t.var().item():.4f}')
