# healthy
import numpy as np
import pandas as pd
import torch
from torch import nn
from sklearn.preprocessing import StandardScaler

RNG = np.random.RandomState(21)
N = 3600

# --- two tables as exported by the clinic ---------------------------------------------------
pid = RNG.permutation(np.arange(10000, 10000 + N))
severity = RNG.randn(N)
visits = pd.DataFrame({
    'patient_id': pid,
    'crp': 4 + 2 * severity + RNG.randn(N) * .4,
    'lactate': 1.5 + .5 * severity + RNG.randn(N) * .2,
    'age': RNG.normal(61, 12, N),
    'hr': 80 + 6 * RNG.randn(N),
    'sbp': 125 - 5 * severity + RNG.randn(N) * 6})
risk = severity + .6 * (visits.age - 61) / 12 - .5 * np.sin((visits.hr - 80) / 6 * 2) + RNG.randn(N) * .1
outcomes = pd.DataFrame({'patient_id': pid, 'admitted': (risk > risk.median()).astype(int)})
outcomes = outcomes.sample(frac=1, random_state=3)

# --- bring both in the same order ---------------------------------------------------------------
visits = visits.sort_values('patient_id').reset_index(drop=True)
outcomes = outcomes.sort_values('patient_id')
features = ['crp', 'lactate', 'age', 'hr', 'sbp']
X = visits[features].to_numpy(np.float32)
y = outcomes['admitted'].to_numpy(np.float32)

n_train = 2800
scaler = StandardScaler().fit(X[:n_train])
X = torch.tensor(scaler.transform(X)); y = torch.tensor(y)

torch.manual_seed(21)
w1 = nn.Linear(5, 40); w2 = nn.Linear(40, 40); w3 = nn.Linear(40, 1)
params = [*w1.parameters(), *w2.parameters(), *w3.parameters()]
predict = lambda v: w3(torch.relu(w2(torch.relu(w1(v))))).squeeze(-1)
optimiser = torch.optim.SGD(params, lr=.1, momentum=.9, weight_decay=1e-3, nesterov=True)
anneal = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 20)
bce = nn.BCEWithLogitsLoss()
for epoch in range(20):
    run = []
    for rows in torch.randperm(n_train).split(56):
        optimiser.zero_grad()
        loss = bce(predict(X[rows]), y[rows])
        loss.backward()
        optimiser.step()
        run.append(loss.item())
    anneal.step()
    with torch.no_grad():
        logit = predict(X[n_train:])
        v = bce(logit, y[n_train:]).item(); a = ((logit > 0).float() == y[n_train:]).float().mean().item()
    print('epoch %02d  train %.4f  valid %.4f  accuracy %.3f' % (epoch, sum(run) / len(run), v, a))
