"""Lottery tickets: a net pruned by magnitude and rewound to its start trains as well as the whole one."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.architectures import MLP
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.probes.survey import Curve, Plot
from rhobar.train.strategies import Masks, apply_masks_, lottery_rounds

__all__ = ["EXPERIMENT"]

_DIM, _HIDDEN, _N, _ROUNDS = 20, 30, 200, 5


def _data(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw samples of a function of three of twenty inputs."""
    x = torch.randn(n, _DIM, generator=generator)
    return x, (torch.sin(2 * x[:, :1]) + x[:, 1:2] * x[:, 2:3] + 0.1 * torch.randn(n, 1, generator=generator))


def _steps(model: nn.Module, x: Tensor, y: Tensor, setting: Setting) -> Iterator[int]:
    """Train with Adam on all samples, one item a step."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for step in range(setting.size(100, 1500)):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
        yield step


def _retrained(start: Mapping[str, Tensor], masks: Masks, x: Tensor, y: Tensor, setting: Setting) -> nn.Module:
    """Train a net from a start with only the weights of the masks."""
    model = MLP(_DIM, [_HIDDEN], 1)
    model.load_state_dict(dict(start))
    apply_masks_(model, masks)
    for _ in _steps(model, x, y, setting):
        apply_masks_(model, masks)
    return model


def _one(stream: int, setting: Setting) -> list[tuple[float, float, float]]:
    """Return for each round density, loss of the ticket and loss of a random ticket of its size on new samples."""
    generator = setting.generator(stream)
    x, y = _data(_N, generator)
    fresh = _data(2000, generator)
    with torch.random.fork_rng():
        torch.manual_seed(1000 * setting.seed + stream)
        model = MLP(_DIM, [_HIDDEN], 1)
        found = []
        for ticket in lottery_rounds(model, lambda m: _steps(m, x, y, setting), num_rounds=_ROUNDS, share=0.5):
            shuffled = {
                name: mask.flatten()[torch.randperm(mask.numel(), generator=generator)].reshape(mask.shape)
                for name, mask in ticket.masks.items()
            }
            if ticket.number == 0:
                start = dict(ticket.start)
            other = _retrained(start, shuffled, x, y, setting)
            found_by_chance = {name: mask.flip(0).flip(1) for name, mask in shuffled.items()}
            chosen = _retrained(start, found_by_chance, x, y, setting) if setting.broken else model
            pair = (chosen, other)
            with torch.no_grad():
                first, second = (nn.functional.mse_loss(m(fresh[0]), fresh[1]).item() for m in pair)
            found.append((ticket.density, first, second))
    return found


def _run(setting: Setting) -> Result:
    runs = torch.tensor([_one(stream, setting) for stream in range(setting.size(4, 30))], dtype=torch.float64)
    densities = tuple(runs[0, :, 0].tolist())
    tickets, random = runs[:, :, 1], runs[:, :, 2]
    last = mean_of(tickets[:, -1] - tickets[:, 0])
    lead = mean_of(tickets[:, -1] - random[:, -1])

    def curve(name: str, losses: Tensor) -> Curve:
        seen: list[Estimate] = [mean_of(losses[:, i]) for i in range(_ROUNDS)]
        return Curve(name, densities, tuple(e.value for e in seen), tuple(e.stderr for e in seen))

    whole = tickets[:, 0].mean().item()
    return Result(
        checks=(
            at_most("loss of the smallest ticket less that of the whole net", 0.0, last),
            at_most("loss of the smallest ticket less that of a random one, plus 4 errors", 0.0,
                    lead.value + 4 * lead.stderr),
            near("density after four prunings by half", 0.5**4, densities[-1], relative=0.05),
        ),
        figures=(
            Plot(
                "Loss on new samples", "share of weights that remain", "squared error",
                (
                    curve("measured, tickets", tickets), curve("measured, random masks", random),
                    Curve("predicted: the whole net's", densities, (whole,) * _ROUNDS),
                ),
                log=True,
            ),
        ),
        notes=(
            "The target uses three of twenty inputs, so that small nets suffice. That a subnetwork trains alone does "
            "not say that the rest of the whole net plays no role.",
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="lottery-tickets",
    claim="Where a small net suffices, one found by pruning the smallest weights, and rewound to its start, trains to "
    "a loss no higher than the whole net's, and lower than random ones of its size.",
    source="Frankle and Carbin (2019), The lottery ticket hypothesis, section 2.",
    textbook=("A99",),
    control="random masks of the same density in place of the tickets",
    run=_run,
    findings=("overfitting",),
    formulas=("rhobar.train.strategies.lottery_rounds", "rhobar.train.strategies.apply_masks_"),
)
