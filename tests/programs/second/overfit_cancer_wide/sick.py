# fault: overfitting
"""Survival classifier from a small cohort with noisy assays."""
import logging

import torch
from sklearn.datasets import make_classification
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

logging.basicConfig(level=logging.INFO, format='%(message)s')


class Cohort:
    def __init__(self, n=900, seed=4):
        X, y = make_classification(n, 40, n_informative=10, n_redundant=4, flip_y=.2, class_sep=1.0, random_state=seed)
        Xa, Xb, ya, yb = train_test_split(X, y, test_size=.5, random_state=seed, stratify=y)
        sc = StandardScaler().fit(Xa)
        t = lambda v: torch.tensor(v, dtype=torch.float32)
        self.train, self.val = (t(sc.transform(Xa)), t(ya)), (t(sc.transform(Xb)), t(yb))


def build(width, drop):
    return torch.nn.Sequential(
        torch.nn.Linear(40, width), torch.nn.ReLU(), torch.nn.Dropout(drop),
        torch.nn.Linear(width, width), torch.nn.ReLU(), torch.nn.Dropout(drop),
        torch.nn.Linear(width, 1), torch.nn.Flatten(0))


torch.manual_seed(4)
data = Cohort()
model = build(256, 0.0)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 60)
bce = torch.nn.BCEWithLogitsLoss()
for epoch in range(60):
    model.train()
    tl = 0
    for i in torch.randperm(len(data.train[0])).split(32):
        opt.zero_grad()
        loss = bce(model(data.train[0][i]), data.train[1][i])
        loss.backward()
        opt.step()
        tl += loss.item() * len(i) / len(data.train[0])
    sched.step()
    model.eval()
    with torch.no_grad():
        z = model(data.val[0])
        vl = bce(z, data.val[1]).item()
    if epoch % 5 == 4:
        logging.info('epoch %d train %.4f val %.4f auc %.3f', epoch + 1, tl, vl, roc_auc_score(data.val[1], z))
