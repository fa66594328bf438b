"""Small training scripts as data: healthy ones, what can be wrong in them, and what remedies do to them.

A `Program` is all that a training script decides. A sick one differs from a healthy one in one decision; a cure is a
function from program to program.
"""

import contextlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import rhobar as rb

LEARN = ("zero_grad", "backward", "step")
"""What a loop does with each loss."""


@dataclass(frozen=True)
class Program:
    """A training script: network, loss, rows, optimizer and loop.

    The losses are modules or functions that look torch's up when called: see
    `test_a_loss_named_before_the_watch_is_seen`.
    """

    model: nn.Module
    loss: Callable[[Tensor, Tensor], Tensor]
    x: Tensor
    y: Tensor
    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.Adam
    rate: float = 2e-2
    held: Callable[[nn.Module], Any] = nn.Module.parameters
    loop: tuple[str, ...] = LEARN
    num_steps: int = 48
    batch_size: int = 32
    train_mode: bool = True
    held_out: tuple[Tensor, Tensor] | None = None
    eval_mode: bool = True

    def built(self) -> torch.optim.Optimizer:
        """The optimizer over what it is given to hold."""
        return self.optimizer(self.held(self.model), lr=self.rate)

    def batches(self):
        """Shuffled batches, epoch after epoch, the same at every call."""
        generator = torch.Generator().manual_seed(0)
        while True:
            for rows in torch.randperm(len(self.x), generator=generator).split(self.batch_size):
                yield self.x[rows], self.y[rows]


def train(program: Program):
    """Run the script under a watch that reads everything."""
    torch.manual_seed(0)
    optimizer = program.built()
    epoch = -(-len(program.x) // program.batch_size)
    run = rb.watch(program.model, optimizer, budget=None)
    # A loss that refuses its labels ends the script; the watch has noted it.
    with contextlib.suppress(IndexError), run:
        for step, (x, y) in enumerate(itertools.islice(program.batches(), program.num_steps)):
            program.model.train(program.train_mode)
            loss = program.loss(program.model(x), y)
            act = {"zero_grad": optimizer.zero_grad, "backward": loss.backward, "step": optimizer.step}
            for name in program.loop:
                act[name]()
            if program.held_out is not None and (step + 1) % epoch == 0:
                evaluate(program)
    return run


@torch.no_grad()
def evaluate(program: Program) -> None:
    """One pass over the rows held out."""
    program.model.train(not program.eval_mode)
    program.loss(program.model(program.held_out[0]), program.held_out[1])


# Networks


def stack(*widths: int, act: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
    """Linear maps with an activation between them, He (ReLU) or Xavier at the start."""
    torch.manual_seed(1)
    pairs = list(itertools.pairwise(widths))
    layers = [m for a, b in pairs[:-1] for m in (nn.Linear(a, b), act())]
    return initialised(nn.Sequential(*layers, nn.Linear(*pairs[-1])))


def initialised(model: nn.Module) -> nn.Module:
    """He for ReLU, Xavier otherwise; biases at zero."""
    torch.manual_seed(1)
    rectified = any(isinstance(m, nn.ReLU | nn.LeakyReLU) for m in model.modules())
    for m in model.modules():
        if isinstance(m, nn.Linear):
            nn.init.kaiming_normal_(m.weight, nonlinearity="relu") if rectified else nn.init.xavier_normal_(m.weight)
            nn.init.zeros_(m.bias)
    return model


def with_weights(model: nn.Module, draw: Callable[[Tensor], Any], bias: float = 0.0) -> nn.Module:
    """The network with its hidden and last weights drawn anew."""
    torch.manual_seed(1)
    for m in model.modules():
        if isinstance(m, nn.Linear):
            draw(m.weight)
            nn.init.constant_(m.bias, bias)
    return model


def swapped(model: nn.Sequential, old: type[nn.Module], new: Callable[[], nn.Module]) -> nn.Sequential:
    """The network with every module of one kind replaced."""
    return nn.Sequential(*(new() if isinstance(m, old) else m for m in model))


def changed_first(model: nn.Sequential, layer: nn.Module) -> nn.Sequential:
    """The network with another first layer."""
    return nn.Sequential(layer, *model[1:])


class Detach(nn.Module):
    """Cuts the graph."""

    def forward(self, x: Tensor) -> Tensor:
        return x.detach()


# Data: classes on rings and in clouds, and a smooth function of four features


def rings(num_rows: int = 320, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Two features; which of three rings a point lies on; no straight line tells them apart."""
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(3, (num_rows,), generator=g)
    angle = 6.2832 * torch.rand(num_rows, generator=g)
    radius = 0.3 + 0.8 * y + 0.12 * torch.randn(num_rows, generator=g)
    return torch.stack([radius * angle.cos(), radius * angle.sin()], 1), y


def blobs(num_rows: int = 320, seed: int = 0, spread: float = 1.0) -> tuple[Tensor, Tensor]:
    """Eight features of unit scale; which of four centres a point belongs to."""
    centres = 1.3 * torch.randn(4, 8, generator=torch.Generator().manual_seed(7))
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(4, (num_rows,), generator=g)
    x = centres[y] + spread * torch.randn(num_rows, 8, generator=g)
    return x / (1.69 + spread**2) ** 0.5, y


def waves(num_rows: int = 320, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Four features; a standardised smooth function of them with some noise, of shape (rows, 1)."""
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(num_rows, 4, generator=g)
    y = 1.2 * torch.sin(x[:, :1]) + 0.7 * x[:, 1:2] - 0.3 * x[:, 2:3] + 0.1 * torch.randn(num_rows, 1, generator=g)
    return x, (y - y.mean()) / y.std()


def classifier(**changes) -> Program:
    """A healthy classifier of blobs."""
    x, y = blobs()
    return replace(Program(stack(8, 32, 32, 4), nn.CrossEntropyLoss(), x, y), **changes)


def regressor(**changes) -> Program:
    """A healthy regression."""
    x, y = waves()
    return replace(Program(stack(4, 32, 32, 1), nn.MSELoss(), x, y), **changes)


def binary(**changes) -> Program:
    """A healthy classifier of two classes by one logit."""
    x, y = blobs()
    y = (y > 1).float()[:, None]
    return replace(Program(stack(8, 32, 1), nn.BCEWithLogitsLoss(), x, y), **changes)


def ringed(model: nn.Module, **changes) -> Program:
    """A classifier of rings."""
    return replace(Program(model, nn.CrossEntropyLoss(), *rings()), **changes)


def deep(act: Callable[[], nn.Module] = nn.ReLU, depth: int = 6, **changes) -> Program:
    """A deep classifier trained by plain gradient descent."""
    return classifier(
        **{"model": stack(8, *[16] * depth, 4, act=act), "optimizer": torch.optim.SGD, "rate": 0.1} | changes
    )


def dropped(**changes) -> Program:
    """A classifier with batch normalisation and dropout, evaluated after every epoch."""
    torch.manual_seed(1)
    model = nn.Sequential(
        nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4)
    )
    return classifier(**{"model": model, "held_out": blobs(200, seed=1)} | changes)


def mistaken(num_rows: int) -> Program:
    """A wide network on rows of which a third are labelled at random."""
    x, y = blobs(num_rows, spread=2.0)
    return classifier(
        model=stack(8, 128, 128, 4), x=x, y=y, held_out=blobs(400, seed=1, spread=2.0), num_steps=80, rate=1e-2
    )


def log_of_softmax(logits: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy by hand at a temperature of 1/100: softmax underflows, and its logarithm is −∞."""
    return -torch.log(torch.softmax(100 * logits, 1)[torch.arange(len(y)), y]).mean()


def log_softmax(logits: Tensor, y: Tensor) -> Tensor:
    """The same value by an operation that does not underflow."""
    return F.nll_loss(F.log_softmax(100 * logits, 1), y)


# Faults and cures


def standardised(v: Tensor) -> Tensor:
    return (v - v.mean(0)) / (v.std(0) + 1e-8)


def gaps(x: Tensor) -> Tensor:
    """One value missing in every twentieth row."""
    x = x.clone()
    x[::20, 2] = float("nan")
    return x


def finite_rows(p: Program) -> Program:
    keep = torch.isfinite(p.x).all(1)
    return replace(p, x=p.x[keep], y=p.y[keep])


def with_end(p: Program, end: nn.Module) -> Program:
    return replace(p, model=nn.Sequential(*p.model, end))


def without_end(p: Program) -> Program:
    return replace(p, model=p.model[:-1])


def redrawn(p: Program) -> Program:
    return replace(p, model=initialised(p.model))


def leaky(p: Program) -> Program:
    return replace(p, model=initialised(swapped(p.model, nn.ReLU, nn.LeakyReLU)))


def rectified(p: Program) -> Program:
    return replace(p, model=initialised(swapped(p.model, nn.Sigmoid, nn.ReLU)))


def normalised(p: Program) -> Program:
    """Layer normalisation before every tanh."""
    layers = [m for m in p.model for m in ((nn.LayerNorm(16), m) if isinstance(m, nn.Tanh) else (m,))]
    return replace(p, model=nn.Sequential(*layers))


def changed(**changes) -> Callable[[Program], Program]:
    return lambda p: replace(p, **changes)


def slower(factor: float) -> Callable[[Program], Program]:
    return lambda p: replace(p, rate=p.rate * factor)


def equal(w: Tensor) -> Any:
    return nn.init.constant_(w, 0.05)


def normal(std: float) -> Callable[[Tensor], Any]:
    return lambda w: nn.init.normal_(w, std=std)


# Attention over tokens that each tell a little


class Attending(nn.Module):
    """One query for each sample, asked of sixteen noisy views of its class."""

    def __init__(self, scale: float, fused: bool) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.query, self.key, self.value = nn.Linear(8, 16), nn.Linear(8, 16), nn.Linear(8, 16)
        self.out, self.scale, self.fused = nn.Linear(16, 4), scale, fused

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.query(x[:, :1]), self.key(x), self.value(x)
        if self.fused:
            return self.out(F.scaled_dot_product_attention(*(t[:, None] for t in (q, k, v)), scale=self.scale)[:, 0, 0])
        return self.out((torch.softmax(self.scale * q @ k.transpose(1, 2), -1) @ v)[:, 0])


def attending(scale: float = 0.25, *, fused: bool = False, **changes) -> Program:
    """A classifier by attention over tokens."""
    x, y = blobs(320)
    g = torch.Generator().manual_seed(3)
    tokens = 0.5 * x[:, None] + 1.2 * torch.randn(320, 16, 8, generator=g)
    return replace(Program(Attending(scale, fused), nn.CrossEntropyLoss(), tokens, y), **changes)


def rescaled(p: Program) -> Program:
    """The root of the dimension under the product."""
    return replace(p, model=Attending(0.25, p.model.fused))
