"""A PAC-Bayes bound of a real network on real digits: far below guessing, and above the held-out error."""

import copy

import torch
from torch import nn

from rhobar.experiments.checks import at_most
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.architectures import MLP
from rhobar.probes.estimate import mean_of
from rhobar.probes.survey import Curve, Plot
from rhobar.theory.learning import gaussian_kl, pac_bayes, sampled_risk
from rhobar.train.data.mnist5k import mnist5k

__all__ = ["EXPERIMENT"]

_CLASSES, _PRIOR_ROWS, _STD = 10, 1500, 0.05
_DELTA, _DELTA_DRAWS = 0.04, 0.01
_GUESSING = 1 - 1 / _CLASSES


def _digits(setting: Setting) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return training and test digits, averaged to 7 × 7 pixels; with labels by chance in the control."""
    data = mnist5k(setting.seed)
    (x, y), (x_test, y_test) = data.train, data.test
    if setting.broken:
        generator = setting.generator(1)
        y = torch.randint(_CLASSES, y.shape, generator=generator)
        y_test = torch.randint(_CLASSES, y_test.shape, generator=generator)
    small, small_test = (3 * nn.functional.avg_pool2d(images, 4).flatten(1) for images in (x, x_test))
    return small, y, small_test, y_test


def _train(
    model: nn.Module, x: torch.Tensor, y: torch.Tensor, steps: int, centre: torch.Tensor | None, setting: Setting
) -> torch.Tensor:
    """Lower the mean loss of N(θ, s²I), plus KL/n to a prior at `centre` if there is one; return θ."""
    params, generator = list(model.parameters()), setting.generator(2)
    mean = nn.utils.parameters_to_vector(params).detach().clone().requires_grad_()
    optimizer = torch.optim.Adam([mean], lr=0.02)
    shapes = [p.shape for p in params]
    names = [name for name, _ in model.named_parameters()]
    for _ in range(steps):
        drawn = mean + _STD * torch.randn(mean.shape, generator=generator)
        parts = [part.view(shape) for part, shape in zip(drawn.split([s.numel() for s in shapes]), shapes, strict=True)]
        logits = torch.func.functional_call(model, dict(zip(names, parts, strict=True)), (x,))
        loss = nn.functional.cross_entropy(logits, y)
        if centre is not None:
            loss = loss + (mean - centre).square().sum() / (2 * _STD**2 * len(x))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return mean.detach()


@torch.no_grad()
def _errors(
    model: nn.Module, mean: torch.Tensor, x: torch.Tensor, y: torch.Tensor, draws: int, setting: Setting
) -> torch.Tensor:
    """Return the share of networks drawn from N(θ, s²I) that err on each sample."""
    model, generator = copy.deepcopy(model), setting.generator(3)
    wrong = torch.zeros(len(x), dtype=torch.float64)
    for _ in range(draws):
        drawn = mean + _STD * torch.randn(mean.shape, generator=generator)
        nn.utils.vector_to_parameters(drawn, model.parameters())
        wrong += model(x).argmax(1) != y
    return wrong / draws


def _run(setting: Setting) -> Result:
    x, y, x_test, y_test = _digits(setting)
    before, after = slice(None, _PRIOR_ROWS), slice(_PRIOR_ROWS, None)
    n, draws = len(x) - _PRIOR_ROWS, setting.size(400, 4000)
    with torch.random.fork_rng():
        torch.manual_seed(setting.seed)
        model = MLP(x.shape[1], [30], _CLASSES)
    prior = _train(model, x[before], y[before], setting.size(150, 400), None, setting)
    nn.utils.vector_to_parameters(prior.clone(), model.parameters())
    posterior = _train(model, x[after], y[after], setting.size(100, 300), prior, setting)
    std = torch.full_like(posterior, _STD)
    bounds, held_out, names = [], [], ("prior", "posterior")
    for mean in (prior, posterior):
        empirical = sampled_risk(_errors(model, mean, x[after], y[after], draws, setting).mean().item(), draws,
                                 _DELTA_DRAWS)  # fmt: skip
        bounds.append(pac_bayes(empirical.value, gaussian_kl(mean, std, prior, std), n, _DELTA))
        held_out.append(mean_of(_errors(model, mean, x_test, y_test, setting.size(100, 400), setting)))
    bound, kl = bounds[1], gaussian_kl(posterior, std, prior, std)
    places = (0.0, 1.0)
    return Result(
        checks=(
            at_most("held-out error of the posterior's networks: at most the bound", bound.value, held_out[1]),
            at_most("the bound: below the 0.9 of guessing", _GUESSING, bound.value),
            at_most("held-out error of the prior's networks: at most its bound, of KL 0", bounds[0].value, held_out[0]),
        ),
        figures=(
            Plot("Error of random networks on digits", "0 prior, 1 posterior", "error",
                 (Curve("predicted: PAC-Bayes bound", places, tuple(b.value for b in bounds)),
                  Curve("measured on held-out digits", places, tuple(h.value for h in held_out),
                        tuple(h.stderr for h in held_out)))),
        ),
        notes=(
            f"{posterior.numel()} weights, n = {n}, KL = {kl:.0f} nats, δ = {_DELTA} + {_DELTA_DRAWS}; the "
            f"{names[1]}'s bound is {bound.value:.3f}, {bound.value / held_out[1].value:.1f} times its held-out error.",
            f"Assumed: {'; '.join(bound.assumptions)}. The prior was trained on {_PRIOR_ROWS} other digits; s = {_STD} "
            "was set beforehand.",
            "In the control the bound is that of no information: it exceeds 0.9, as the error does.",
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="pac-bayes-of-a-network",
    claim="For a prior N(w₀, s²I) trained on other digits and a posterior N(w, s²I), the PAC-Bayes bound with KL = "
    "‖w − w₀‖²/2s² of a real network on 2,000 digits is below guessing, and above the error on held-out ones.",
    source="Dziugaite and Roy (2017), section 3; Dziugaite et al. (2021), On the role of data in PAC-Bayes bounds.",
    textbook=("B46",),
    control="labels by chance, on which no bound below 0.9 may be given",
    run=_run,
    formulas=("rhobar.theory.learning.pac_bayes", "rhobar.theory.learning.gaussian_kl",
              "rhobar.theory.learning.sampled_risk"),
    findings=("memorized-noise", "overfitting"),
)  # fmt: skip
