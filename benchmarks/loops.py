"""How long an epoch of `fit` takes beside the plain loop and beside other trainers, interleaved in one process.

An MLP 784-256-256-10 on 20,000 rows of random numbers, batch 128, Adam; the plain loop is a DataLoader over a
TensorDataset with torch's default Adam, and `fit` is given the same one, which it fuses, or one that forbids it. Every
trainer does one epoch in turn, again and again; printed are medians of the processor time of this process, which other
processes on the machine do not change as they do the wall clock.

    python benchmarks/loops.py [rounds]

Measures whichever of lightning, skorch, accelerate and keras is installed.
"""

import importlib.util
import logging
import os
import statistics
import sys
import time
import warnings

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from rhobar.train import Batches, fit

ROWS, SIZE = 20_000, 128
X = torch.randn(ROWS, 784, generator=torch.Generator().manual_seed(0))
Y = torch.randint(10, (ROWS,), generator=torch.Generator().manual_seed(1))


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))


def loader():
    return DataLoader(TensorDataset(X, Y), SIZE, shuffle=True)


def plain():
    model, batches = network(), loader()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def epoch():
        for x, y in batches:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()

    return epoch


def ours(*, fused):
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=fused)

    def epoch():
        for _ in fit(model, F.cross_entropy, Batches(X, Y, size=SIZE), optimizer):
            pass

    return epoch


def with_accelerate():
    from accelerate import Accelerator

    accelerator, model = Accelerator(cpu=True), network()
    model, optimizer, batches = accelerator.prepare(model, torch.optim.Adam(model.parameters(), lr=1e-3), loader())

    def epoch():
        for x, y in batches:
            optimizer.zero_grad()
            accelerator.backward(F.cross_entropy(model(x), y))
            optimizer.step()

    return epoch


def with_lightning():
    import lightning

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = network()

        def training_step(self, batch, _):
            return F.cross_entropy(self.net(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), lr=1e-3)

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    module = Module()
    return lambda: lightning.Trainer(max_epochs=1, accelerator="cpu", **quiet).fit(module, loader())


def with_skorch():
    from skorch import NeuralNetClassifier

    net = NeuralNetClassifier(
        network, criterion=nn.CrossEntropyLoss, optimizer=torch.optim.Adam, lr=1e-3, batch_size=SIZE, max_epochs=1,
        train_split=None, verbose=0, iterator_train__shuffle=True,
    ).initialize()  # fmt: skip
    x, y = X.numpy(), Y.numpy()
    return lambda: net.partial_fit(x, y)


def with_keras():
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    layers = [keras.layers.Dense(256, "relu"), keras.layers.Dense(256, "relu"), keras.layers.Dense(10)]
    model = keras.Sequential([keras.Input((784,)), *layers])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
    x, y = X.numpy(), Y.numpy()
    return lambda: model.fit(x, y, batch_size=SIZE, epochs=1, verbose=0)


RIVALS = {
    "lightning": with_lightning, "skorch": with_skorch, "accelerate": with_accelerate, "keras": with_keras,
}  # fmt: skip


def main(rounds=5):
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    makers = {"plain loop": plain, "fit": lambda: ours(fused=None), "fit, unfused": lambda: ours(fused=False)}
    makers |= {name: make for name, make in RIVALS.items() if importlib.util.find_spec(name)}
    epochs = {name: make() for name, make in makers.items()}
    for epoch in epochs.values():
        epoch()  # warm up
    times = {name: [] for name in epochs}
    for _ in range(rounds):
        for name, epoch in epochs.items():
            start = time.process_time()
            epoch()
            times[name].append(time.process_time() - start)
    base = statistics.median(times["plain loop"])
    print(f"{'':12} {'seconds':>8} {'of plain':>9}   (medians of {rounds}, one thread, torch {torch.__version__})")
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"{name:12} {median:8.3f} {median / base:9.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
