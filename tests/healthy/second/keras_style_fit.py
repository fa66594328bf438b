# healthy
# Ported from Keras: Sequential / compile / fit / evaluate wrapper around torch
import numpy as np
import torch
from sklearn.datasets import load_digits

class Sequential(torch.nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.net = torch.nn.Sequential(*layers)
    def forward(self, x):
        return self.net(x)
    def compile(self, optimizer, loss, metrics):
        self.optimizer, self.loss, self.metrics = optimizer, loss, metrics
    def _run(self, x, y, batch_size, training):
        self.train(training)
        idx = np.random.permutation(len(x)) if training else np.arange(len(x))
        logs, seen = {'loss': 0.0, **{k: 0.0 for k in self.metrics}}, 0
        for start in range(0, len(x), batch_size):
            sel = idx[start:start + batch_size]
            xb, yb = torch.from_numpy(x[sel]), torch.from_numpy(y[sel])
            with torch.set_grad_enabled(training):
                out = self(xb)
                loss = self.loss(out, yb)
            if training:
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
            w = len(sel); seen += w
            logs['loss'] += loss.item() * w
            for k, f in self.metrics.items():
                logs[k] += f(out.detach(), yb) * w
        return {k: v / seen for k, v in logs.items()}
    def fit(self, x, y, epochs, batch_size, validation_data, verbose=1):
        history = []
        for e in range(epochs):
            if e == int(0.7 * epochs):            # LearningRateScheduler
                for g in self.optimizer.param_groups:
                    g['lr'] *= 0.2
            tr = self._run(x, y, batch_size, True)
            va = self._run(*validation_data, 512, False)
            history.append((tr, va))
            if verbose:
                print(f"Epoch {e+1}/{epochs} - " + " - ".join(f"{k}: {v:.4f}" for k, v in tr.items())
                      + " - " + " - ".join(f"val_{k}: {v:.4f}" for k, v in va.items()))
        return history

np.random.seed(123); torch.manual_seed(123)
d = load_digits()
x = (d.images / 16.0).astype('float32')[:, None]
y = d.target.astype('int64')
p = np.random.permutation(len(x)); x, y = x[p], y[p]
model = Sequential([
    torch.nn.Conv2d(1, 16, 3, padding=1), torch.nn.ReLU(),
    torch.nn.MaxPool2d(2),
    torch.nn.Conv2d(16, 32, 3, padding=1), torch.nn.ReLU(),
    torch.nn.Flatten(), torch.nn.Dropout(0.4), torch.nn.Linear(512, 10)])
model.compile(torch.optim.RMSprop(model.parameters(), lr=1e-3), torch.nn.functional.cross_entropy,
              {'accuracy': lambda o, t: (o.argmax(1) == t).float().mean().item()})
model.fit(x[:1400], y[:1400], epochs=30, batch_size=32, validation_data=(x[1400:], y[1400:]))
