"""Classes come apart with depth: on the quadrants' XOR no line gets above ¾ at the input, at the last layer it does."""

import torch
from torch import Tensor, nn

from rhobar.experiments.checks import at_least, at_most, true
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.probes.estimate import Estimate
from rhobar.probes.survey import Curve, Plot
from rhobar.train import accuracy
from rhobar.train.tasks.linear_probe import linear_probe

__all__ = ["EXPERIMENT"]

_WIDTH = 16


def _quadrants(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw points of a square, each with its images under both reflections, and the class of their quadrant."""
    x = torch.rand(n // 4, 1, 2, generator=generator) * 0.9 + 0.1
    signs = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    x = (x * signs).flatten(0, 1)
    return x, (x[:, 0] * x[:, 1] > 0).long()


def _net(x: Tensor, y: Tensor, depth: int, setting: Setting) -> nn.Sequential:
    layers: list[nn.Module] = []
    with torch.random.fork_rng():
        torch.manual_seed(setting.seed)
        for i in range(depth):
            layers += [nn.Linear(_WIDTH if i else 2, _WIDTH), nn.Identity() if setting.broken else nn.Tanh()]
        model = nn.Sequential(*layers, nn.Linear(_WIDTH, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(200):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    return model.eval()


def _read(parts: list[tuple[Tensor, Tensor]]) -> Estimate:
    """Return the accuracy of a linear probe, with the error of its test rows."""
    share = linear_probe(parts[0], parts[1], parts[2], 2)
    n = len(parts[2][1])
    smoothed = (share * n + 2) / (n + 4)
    return Estimate(share, (smoothed * (1 - smoothed) / (n + 4)) ** 0.5)


def _run(setting: Setting) -> Result:
    depth, n = setting.size(2, 4), setting.size(400, 4000)
    parts = [_quadrants(n, setting.generator(i)) for i in range(3)]
    model = _net(*parts[0], depth, setting)
    read = []
    with torch.no_grad():
        for layer in range(depth + 1):
            body = model[: 2 * layer]
            read.append(_read([(body(x), y) for x, y in parts]))
        own = accuracy(model(parts[2][0]), parts[2][1]).item()
    places = tuple(map(float, range(depth + 1)))
    return Result(
        checks=(
            at_most("a line at the input: at most ¾", 0.75, read[0].value),
            at_least("a line at the last hidden layer: at least the net itself", own, read[-1]),
            true("by more than four standard errors above ¾", read[-1].value - 4 * read[-1].stderr > 0.75),
        ),
        figures=(
            Plot(
                "What a line reads off each layer",
                "layer",
                "accuracy on new points",
                (
                    Curve("predicted: at most, at the input", (0.0,), (0.75,)),
                    Curve("predicted: the net's, at the last layer", (places[-1],), (own,)),
                    Curve("measured", places, tuple(r.value for r in read), tuple(r.stderr for r in read)),
                ),
            ),
        ),
        notes=("Of four mirror images of a point a line gets at most three right, so ¾ holds for any line and sample.",
               "The net's head is itself a line on the last layer, which is why a probe there does no worse."),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="probes-by-depth",
    claim="For classes by quadrants no line is right on more than ¾ of mirrored points; on the last hidden layer of a "
    "trained net one is right as often as the net.",
    source="Alain and Bengio (2017), Understanding intermediate layers using linear classifier probes, section 3.",
    textbook=("B50", "A9"),
    control="activations that are the identity: every layer is a linear image of the input",
    run=_run,
    formulas=("rhobar.train.tasks.linear_probe.linear_probe", "rhobar.train.accuracy"),
    findings=("missing-nonlinearity",),
)
