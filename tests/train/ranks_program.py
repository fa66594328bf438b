"""Trains on as many processes as it is started with, and writes what came out."""

import json
import os
import sys
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import nn

from rhobar.train import Batches, EarlyStopping, accuracy, cosine, fit


class Blocks(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(6, 6), nn.Tanh()) for _ in range(2)])
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        for block in self.blocks:
            x = x + block(x)
        return self.head(x)


def data():
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(45, 6, generator=generator, dtype=torch.float64)
    return x, x[:, :3].argmax(1)


def main(config):
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        dist.init_process_group("gloo", timeout=timedelta(seconds=60))
    rank = int(os.environ.get("RANK", "0"))
    torch.manual_seed(rank)  # the first process's weights are everybody's
    model = Blocks().double()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.02)
    x, y = data()
    batches = (
        [(x[i : i + 9], y[i : i + 9]) for i in range(0, 45, 9)] if config.get("listed") else Batches(x, y, size=11)
    )
    rows = []
    steps = fit(
        model, nn.CrossEntropyLoss(), batches, optimizer, epochs=config.get("epochs", 3), clip_norm=0.5,
        accumulate=config.get("accumulate", 1), schedule=cosine(), validation=[(x[:17], y[:17]), (x[17:30], y[17:30])],
        metrics={"accuracy": accuracy}, stopping=EarlyStopping(2, min_delta=config.get("min_delta", 0.0)),
        seed=7, l2=0.01, strategy=config.get("strategy", "ddp"), checkpoint=config.get("checkpoint"), save_every=1 if "checkpoint" in config else None,
    )  # fmt: skip
    for step in steps:
        judged = step.validation and [step.validation.loss, step.validation["accuracy"]]
        rows.append([step.number, step.rows, step.rate, step.loss, step.grad_norm, judged])
        if step.number == config.get("until"):
            steps.close()
            break
        if step.number == config.get("die") and rank == 1:
            os.kill(os.getpid(), 9)
    weights = {}
    for name, p in model.named_parameters():
        whole = p.full_tensor() if hasattr(p, "full_tensor") else p
        weights[name] = whole.detach().tolist()
    with open(f"{config['out']}.{rank}", "w") as file:
        json.dump({"rows": rows, "weights": weights}, file)
    if dist.is_initialized():
        dist.barrier()
        dist.destroy_process_group()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
