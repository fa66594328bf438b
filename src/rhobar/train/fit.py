"""`fit`: a training as a generator of steps that the caller's loop observes."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from torch import nn
from torch.optim.optimizer import Optimizer

from rhobar.train.objective import Objective
from rhobar.train.options import Options
from rhobar.train.schedules import Schedule
from rhobar.train.step import Step
from rhobar.train.stopping import EarlyStopping
from rhobar.train.training import Training

__all__ = ["fit"]


def fit(
    model: nn.Module,
    loss: Objective,
    batches: Iterable[Any],
    optimizer: Optimizer,
    *,
    epochs: int = 1,
    max_steps: int | None = None,
    schedule: Schedule | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    accumulate: int = 1,
    l1: float = 0.0,
    l2: float = 0.0,
    mixup: float = 0.0,
    ema: float | None = None,
    swa: float | None = None,
    validation: Iterable[Any] | None = None,
    metrics: Mapping[str, Objective] | None = None,
    stopping: EarlyStopping | None = None,
    amp: bool = False,
    compile: bool = False,
    seed: int | None = None,
    checkpoint: str | Path | None = None,
    save_every: int | None = None,
    strategy: Literal["ddp", "fsdp"] = "ddp",
    progress: bool | None = None,
) -> Iterator[Step]:
    """Train a model, one `Step` at a time.

    There are no callbacks: the loop around the generator is where you look, log, change the rate or break. A `break`
    leaves the model as it is then; when the generator ends by itself, the model holds the averaged weights (with
    `ema` or `swa`) or the best ones (with `stopping`), and is in the mode that it came in.

    With `checkpoint`, a file that exists already is gone on from, and what follows is bit for bit what an
    uninterrupted training would have done: weights, optimizer, schedule, averages, random numbers of torch, NumPy and
    Python, the order of the data and the place in it.

    Under ``torchrun --nproc-per-node N`` the same call trains with N processes that share the rows of every batch.

    Args:
        model: The network, on its device; batches follow it there.
        loss: ``loss(model(inputs), targets)`` for batches that are pairs, else ``loss(model, batch)``; a mean over the
            rows. `nn.CrossEntropyLoss(label_smoothing=0.1)` smooths labels.
        batches: `Batches` for data in memory, a DataLoader or any iterable for a stream.
        optimizer: Any torch optimizer, those that need a closure as well. Adam and AdamW on the CPU take torch's fused
            kernel meanwhile, unless `fused` or `foreach` was given: the same update, rounded differently in float32.
        epochs: Passes over the data.
        max_steps: End after this many updates, whatever the epoch.
        schedule: From `rhobar.train.schedules`; the optimizer's own rate stays if None.
        clip_norm: Largest Euclidean norm of the whole gradient.
        clip_value: Largest size of a component of the gradient.
        accumulate: Batches of one update; averaged by samples.
        l1: Factor of Σ|w|, over weights without biases and gains; not part of `Step.loss`.
        l2: Factor of ½Σw², likewise.
        mixup: α of Beta(α, α), 0 for none.
        ema: Decay of an exponential moving average of the weights.
        swa: Share of the epochs, at the end, whose weights are averaged.
        validation: Data to judge the model on after every epoch.
        metrics: Name ↦ function called like the loss, for the validation.
        stopping: When to end early; takes the best weights back.
        amp: Compute in bfloat16 where autocast thinks it safe.
        compile: Compile the model with `torch.compile`.
        seed: Seed all global random generators at the beginning.
        checkpoint: File for the state of the training, written after every epoch and gone on from.
        save_every: Write it after this many updates as well.
        strategy: With many processes: "ddp" keeps the whole model in each, "fsdp" a shard of it.
        progress: Show a line with loss and rate; None for: if the terminal is one.

    Yields:
        A `Step` after every update.

    Options that are out of range or do not go together are refused at the call (ValueError), and so is a model or an
    optimizer that is something else (TypeError).

    Example:
        >>> import torch
        >>> _ = torch.manual_seed(0)
        >>> x = torch.randn(64, 3)
        >>> model = nn.Linear(3, 1)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> from rhobar.train import Batches
        >>> steps = fit(model, nn.MSELoss(), Batches(x, x.sum(1, keepdim=True), size=16), optimizer, epochs=10)
        >>> losses = [step.loss for step in steps]
        >>> len(losses), losses[-1] < 0.01 * losses[0]
        (40, True)

    Textbook: A55, A56, B18
    """
    options = Options(
        epochs=epochs, max_steps=max_steps, schedule=schedule, clip_norm=clip_norm, clip_value=clip_value,
        accumulate=accumulate, l1=l1, l2=l2, mixup=mixup, ema=ema, swa=swa, stopping=stopping, amp=amp,
        compile=compile, seed=seed, checkpoint=None if checkpoint is None else Path(checkpoint),
        save_every=save_every, strategy=strategy, progress=progress,
    )  # fmt: skip
    training = Training(model, loss, batches, optimizer, options, validation=validation, metrics=metrics)
    return training.steps()
