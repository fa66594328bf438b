"""Base programs: healthy trainings, each a data set, an architecture and a style with choices of its own."""

import functools
import random
from dataclasses import dataclass

from rhobar.faults.architectures import ARCHITECTURES, Architecture
from rhobar.faults.data import DATA, Dataset
from rhobar.faults.draft import Draft, Facts
from rhobar.faults.losses import LOSSES, Loss
from rhobar.faults.names import choose_names
from rhobar.faults.optimizers import OPTIMIZERS, UPDATE_BY_HAND, Choice
from rhobar.faults.pipeline import batches, preparation
from rhobar.faults.styles import STYLES, Style

__all__ = ["Base", "bases", "fresh_bases"]


@dataclass(frozen=True)
class Base:
    """A healthy program, from which sick ones are made.

    Attributes:
        name: ``data-architecture-style``.
        part: ``tuning``, ``test`` or ``fresh``.
        draft: Its parts.
        floor: Score that it must reach to count as healthy.
        constant: Score of the best constant answer.
    """

    name: str
    part: str
    draft: Draft
    floor: float
    constant: float


@functools.cache
def bases() -> tuple[Base, ...]:
    """Return all base programs in a fixed order.

    Each pair of a data set and an architecture that reads it is written in two styles, one for each part; of the
    pairs with a table, of which there are most, one style each, in either part by turns.

    Example:
        >>> [base.name for base in bases()[:2]], {base.part for base in bases()[:2]} == {"tuning", "test"}
        (['wine-sequential-flat', 'wine-module-functions'], True)
    """
    styles = list(STYLES.values())
    out = []
    for i, (data, architecture, turn) in enumerate(_pairs()):
        for j, part in enumerate(("tuning", "test") if turn else ("test", "tuning")):
            style = styles[(i + 5 * j) % len(styles)]
            if data.kind == "table" and j == 1:
                continue
            out.append(_base(data, architecture, style, part, 2 * i + j))
    return tuple(out)


def fresh_bases(draw: int, number: int) -> tuple[Base, ...]:
    """Return base programs of neither part, other ones for every draw: what no rule can have been fitted to.

    Example:
        >>> known, drawn = {base.name for base in bases()}, fresh_bases(1, 40)
        >>> len(drawn), any(base.name in known for base in drawn)
        (40, False)
    """
    known = {base.name for base in bases()}
    left = [
        (data, architecture, style)
        for data, architecture, _ in _pairs()
        for style in STYLES.values()
        if f"{data.name}-{architecture.name}-{style.name}" not in known
    ]
    chosen = random.Random(draw).sample(left, number)
    return tuple(_base(*parts, "fresh", 1000 * draw + i, draw) for i, parts in enumerate(chosen))


def _pairs() -> list[tuple[Dataset, Architecture, int]]:
    """Each architecture with the data that it can read, and whose turn it is."""
    return [
        (data, architecture, (row + column) % 2)
        for row, data in enumerate(DATA.values())
        for column, architecture in enumerate(ARCHITECTURES.values())
        if data.kind in architecture.kinds
    ]


def _base(
    data: Dataset, architecture: Architecture, style: Style, part: str, seed: int, draw: int | None = None
) -> Base:
    """Make the choices that a script's author makes, from the program's name and the draw."""
    name = f"{data.name}-{architecture.name}-{style.name}"
    rng = random.Random(name if draw is None else f"{name} {draw}")
    loss = rng.choice([loss for loss in LOSSES[data.task] if not (loss.kind == "bce" and style.name == "mixed")])
    optimizer = rng.choice([o for o in OPTIMIZERS if style.plain or o.name != "by hand"])
    column = data.task == "binary" or rng.random() < 0.3
    loading, balanced = rng.choice(("loader", "rows")), data.task != "regression" and rng.random() < 0.5
    facts = Facts(
        task=data.task,
        kind=data.kind,
        num_outputs=data.num_outputs,
        loss=loss.kind,
        optimizer=optimizer.name,
        architecture=architecture.name,
        norm=architecture.norm,
        dropout="dropout" in architecture.settings,
        depth=architecture.depth,
        rows=data.rows,
        loading=loading,
        balanced=balanced,
        input_scale=data.input_scale,
        target_scale=data.target_scale,
    )
    slots = {
        "about": f"{data.about[0].upper()}{data.about[1:]}: {architecture.about}.",
        "seed": str(seed),
        **preparation(data, column=column and data.task != "classes"),
        **_network(data, architecture, loss, rng),
        **batches(loading),
        **_loop(architecture, optimizer, style, rng),
        **_validation(data, loss, balanced=balanced, whole=rng.random() < 0.5),
    }
    slots["imports"] = _imports(data, style, loading, balanced=balanced)
    settings = {
        "lr": f"{optimizer.rate * architecture.rate:.1g}",
        "batch_size": str(data.batch_size // (2 if style.name == "accumulate" else 1)),
        "epochs": str(data.epochs),
        **architecture.settings,
    }
    draft = Draft(
        facts, style.layout, slots, dict(optimizer.options), settings, style.setting, style.define, choose_names(rng)
    )
    return Base(name, part, draft, data.floor, data.constant)


def _network(data: Dataset, architecture: Architecture, loss: Loss, rng: random.Random) -> dict[str, str]:
    act, act_module = rng.choice((("torch.relu", "nn.ReLU()"), ("F.relu", "nn.ReLU()"), ("F.gelu", "nn.GELU()")))
    if architecture.name == "deep":
        act, act_module = "torch.relu", "nn.ReLU()"
    flat = data.in_features * data.positions if data.kind != "table" else data.in_features
    words = data.kind == "words"
    return {
        "model": architecture.model,
        "build": architecture.build,
        "init": architecture.init,
        "flat_in": str(flat),
        "in_features": str(data.in_features),
        "positions": str(data.positions),
        "num_outputs": str(data.num_outputs),
        "flat_line": "" if data.kind == "table" else "nn.Flatten(),",
        "flatten_x": "" if data.kind == "table" else "x = x.flatten(1)",
        "act": act,
        "act_line": f"{act_module},",
        "norm_line": "",
        "norm_options": "",
        "layer_list": "nn.ModuleList()",
        "draw_weight": "torch.randn(a, b) * (2 / a) ** 0.5",
        "after_first": "",
        "before_head": "",
        "end": f"x = {loss.end}" if loss.end else "",
        "end_line": f"{loss.end_module}," if loss.end_module else "",
        "embedding": f"self.embed = nn.Embedding({data.in_features}, <<width>>)" if words else "",
        "embed": "x = self.embed(x)" if words else "",
        "embedded": "<<width>>" if words else str(data.in_features),
        "define_loss": loss.define,
    }


def _loop(architecture: Architecture, optimizer: Choice, style: Style, rng: random.Random) -> dict[str, str]:
    module = architecture.module
    slots = {
        "parameters": architecture.parameters,
        "held": "<<parameters>>",
        "call": architecture.call.format(x="xb") + "<<squeeze>>",
        "call_valid": architecture.call.format(x="x_valid") + "<<squeeze>>",
        "call_part": architecture.call.format(x="part") + "<<squeeze>>",
        "define_optimizer": f"optimizer = torch.optim.{optimizer.name}(<<held>>, lr=<<lr>><<options>>)",
        "sign": "-",
        "zero": "optimizer.zero_grad()",
        "backward": "loss.backward()",
        "step": "optimizer.step()",
        "clip": "",
        "penalty": "",
        "prologue": "",
        "train_mode": "model.train()" if module else "",
        "eval_mode": "model.eval()" if module else "",
        "begin_epoch": "",
        "each_step": "",
        "end_epoch": "",
        "define_scheduler": "",
        **style.slots,
    }
    if optimizer.name == "by hand":
        slots |= UPDATE_BY_HAND
    elif rng.random() < 0.4 and style.name != "closures":
        cosine = "torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, <<epochs>>)"
        decay = "torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.95)"
        slots |= {"define_scheduler": f"scheduler = {rng.choice((cosine, decay))}", "end_epoch": "scheduler.step()"}
    if optimizer.name != "by hand" and rng.random() < 0.2:
        slots["clip"] = "nn.utils.clip_grad_norm_(<<parameters>>, <<clip_norm>>)"
    return slots | {"clip_norm": "5.0"}


def _validation(data: Dataset, loss: Loss, *, balanced: bool, whole: bool) -> dict[str, str]:
    answer = {
        "classes": "out.argmax(1)",
        "binary": "(out.flatten() > <<threshold>>).float()",
        "regression": "out.flatten()",
    }[data.task]
    metric = f"({answer} == y_valid.flatten()).float().mean().item()"
    if balanced:
        metric = f"balanced_accuracy_score(y_valid.flatten().numpy(), {answer}.numpy())"
    if data.task == "regression":
        metric = f"1 - (({answer} - y_valid.flatten()) ** 2).mean().item() / y_valid.var().item()"
    return {
        "predict_valid": (
            "out = <<call_valid>>" if whole else "out = torch.cat([<<call_part>> for part in x_valid.split(25)])"
        ),
        "metric": metric,
        "threshold": loss.threshold,
    }


def _imports(data: Dataset, style: Style, loading: str, *, balanced: bool) -> str:
    lines = [
        style.imports,
        "import numpy as np",
        "import torch",
        "import torch.nn.functional as F",
        data.imports,
        "from sklearn.metrics import balanced_accuracy_score" if balanced else "",
        "from sklearn.model_selection import train_test_split",
        "from torch import nn",
        "from torch.utils.data import DataLoader, TensorDataset" if loading == "loader" else "",
    ]
    return "\n".join(line for line in lines if line)
