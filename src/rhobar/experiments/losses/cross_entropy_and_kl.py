"""Cross-entropy and KL divergence differ by the entropy of the target, so that a fixed target gives one gradient."""

import torch
from torch import Tensor

from rhobar.experiments.checks import at_least, at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.losses import cross_entropy, entropy, kl_divergence
from rhobar.probes.estimate import mean_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_CLASSES = 5


def _gradients(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return the gradients in the logits of H(p, q) and of D(p‖q), with q = softmax(logits)."""
    q = torch.softmax(logits, -1)
    (of_cross,) = torch.autograd.grad(cross_entropy(target, q).sum(), logits, retain_graph=True)
    (of_kl,) = torch.autograd.grad(kl_divergence(target, q).sum(), logits)
    return of_cross, of_kl


def _run(setting: Setting) -> Result:
    generator = setting.generator()
    logits = torch.randn(200, _CLASSES, generator=generator, dtype=torch.float64, requires_grad=True)
    p = torch.softmax(torch.randn(200, _CLASSES, generator=generator, dtype=torch.float64), -1)
    # In the control the target is no constant but a softer copy of the prediction.
    target = torch.softmax(0.5 * logits, -1) if setting.broken else p
    of_cross, of_kl = _gradients(logits, target)
    q = torch.softmax(logits.detach(), -1)
    left, right = cross_entropy(p, q), entropy(p) + kl_divergence(p, q)
    drawn = torch.multinomial(p[0], setting.size(20_000, 1_000_000), replacement=True, generator=generator)
    share = torch.linspace(0.01, 0.99, 99, dtype=torch.float64)
    two = torch.stack([share, 1 - share], -1)
    half = torch.tensor([0.8, 0.2], dtype=torch.float64).expand_as(two)
    places = tuple(share.tolist())
    return Result(
        checks=(
            at_most("difference of the two gradients: none", 1e-12, float((of_cross - of_kl).abs().max())),
            at_most("|H(p, q) − H(p) − D(p‖q)|: rounding", 1e-12, float((left - right).abs().max())),
            at_least("least D(p‖q) of 200 pairs: 0 or more (Gibbs)", 0.0, float(kl_divergence(p, q).min())),
            at_least(
                "largest |D(p‖q) − D(q‖p)|: it is not symmetric",
                1e-3,
                float((kl_divergence(p, q) - kl_divergence(q, p)).abs().max()),
            ),
            equal("mean of −ln q(x) over draws from p: H(p, q), nats", float(left[0]), mean_of(-q[0].log()[drawn])),
        ),
        figures=(
            Plot(
                "A target of 0.8 and 0.2 against a prediction q",
                "q of the first class",
                "nats",
                (
                    Curve("H(p, q)", places, tuple(cross_entropy(half, two).tolist())),
                    Curve("D(p‖q) + H(p)", places, tuple((kl_divergence(half, two) + entropy(half)).tolist())),
                    Curve("D(p‖q)", places, tuple(kl_divergence(half, two).tolist())),
                ),
            ),
        ),
        notes=("Where p moves, too (VAE, distillation with a moving teacher), only the full divergence is right.",),
    )


EXPERIMENT = Experiment(
    name="cross-entropy-and-kl",
    claim="H(p, q) = H(p) + D(p‖q) with D ≥ 0; for a p that is fixed both have the same gradient in q.",
    source="Kullback and Leibler (1951), On information and sufficiency; Cover and Thomas (2006), theorem 2.6.3.",
    textbook=("A40", "A44", "A45", "A46", "B11", "B14"),
    control="the target depends on the parameters, too",
    run=_run,
    formulas=("rhobar.nn.losses.cross_entropy", "rhobar.nn.losses.kl_divergence", "rhobar.nn.losses.entropy"),
)
