"""Random labels are memorised by a net with more parameters than samples, which learns nothing of new ones."""

import torch
from torch import nn

from rhobar.experiments.checks import at_least, equal, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.architectures import MLP
from rhobar.probes.estimate import share_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_N, _DIM = 200, 20


def _train(
    x: torch.Tensor, y: torch.Tensor, hidden: int, setting: Setting
) -> tuple[nn.Module, tuple[float, ...], tuple[float, ...]]:
    """Train on all samples at once; return the net, the steps and the training accuracies."""
    with torch.random.fork_rng():
        torch.manual_seed(setting.seed)
        model = MLP(_DIM, [hidden], 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    steps, accuracies = [], []
    for step in range(setting.size(401, 2001)):
        logits = model(x)
        if step % 40 == 0:
            steps.append(float(step))
            accuracies.append((logits.argmax(1) == y).double().mean().item())
        optimizer.zero_grad()
        nn.functional.cross_entropy(logits, y).backward()
        optimizer.step()
    return model, tuple(steps), tuple(accuracies)


def _run(setting: Setting) -> Result:
    generator = setting.generator()
    hidden = 1 if setting.broken else 100
    x, fresh = torch.randn(_N, _DIM, generator=generator), torch.randn(4000, _DIM, generator=generator)
    noise = torch.randint(2, (_N + 4000,), generator=generator)
    rule = (torch.cat([x, fresh])[:, :5].sum(1) > 0).long()
    random, steps, curve = _train(x, noise[:_N], hidden, setting)
    real, _, real_curve = _train(x, rule[:_N], hidden, setting)
    with torch.no_grad():
        chance = share_of(random(fresh).argmax(1) == noise[_N:])
        learned = share_of(real(fresh).argmax(1) == rule[_N:])
    parameters = sum(p.numel() for p in random.parameters())
    return Result(
        checks=(
            near("training accuracy on random labels", 1.0, curve[-1], relative=0.0),
            near("training accuracy on real labels, the same net and settings", 1.0, real_curve[-1], relative=0.0),
            equal("accuracy on new samples after random labels: chance", 0.5, chance),
            at_least("accuracy after real labels, less 4 errors: above ½", 0.5, learned.value - 4 * learned.stderr),
        ),
        figures=(
            Plot(
                "Training accuracy", "step", "share right",
                (
                    Curve("random labels", steps, curve), Curve("real labels", steps, real_curve),
                    Curve("predicted end", steps, (1.0,) * len(steps)),
                ),
            ),
        ),
        notes=(
            f"{parameters} parameters, {_N} samples.",
            "What the net can fit does not tell how it generalises: both runs have the same class and error.",
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="random-labels",
    claim="A net with many more parameters than samples fits random labels without error, as it fits real ones, and is "
    "then at chance on new samples.",
    source="Zhang, Bengio, Hardt, Recht and Vinyals (2017), Understanding deep learning requires rethinking "
    "generalization, section 2 and theorem 1.",
    textbook=("C-§12.1", "B46"),
    control="a net with one hidden unit, whose parameters are far fewer than the samples",
    run=_run,
    formulas=("rhobar.nn.architectures.MLP",),
    findings=("memorized-noise", "overfitting", "uninformative-labels"),
)
